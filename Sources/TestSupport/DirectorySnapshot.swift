public import Foundation

/// Everything in a directory, byte for byte: kinds, modes, contents, times of change. Two are equal when nothing was
/// written in between.
public struct DirectorySnapshot: Sendable, Equatable, CustomStringConvertible {
  /// By path from the directory.
  public let entries: [String: Entry]

  public struct Entry: Sendable, Equatable {
    public let kind: String
    public let mode: Int
    public let changed: Date
    /// Of a file; the target of a link.
    public let content: Data?
  }

  /// `isLeftOut` gets each path from the directory, and leaves out what moves by itself.
  public init(
    of directory: String, without isLeftOut: (String) -> Bool = { _ in false }
  ) throws {
    let manager = FileManager.default
    var entries: [String: Entry] = [:]
    let paths = try manager.subpathsOfDirectory(atPath: directory)
    for path in paths where !isLeftOut(path) {
      let full = "\(directory)/\(path)"
      let attributes = try manager.attributesOfItem(atPath: full)
      let kind = (attributes[.type] as? FileAttributeType)?.rawValue ?? "?"
      entries[path] = Entry(
        kind: kind, mode: (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0,
        changed: attributes[.modificationDate] as? Date ?? .distantPast,
        content: try Self.content(of: full, kind: kind, manager))
    }
    self.entries = entries
  }

  private static func content(
    of path: String, kind: String, _ manager: FileManager
  ) throws -> Data? {
    switch FileAttributeType(rawValue: kind) {
    case .typeRegular: try Data(contentsOf: URL(fileURLWithPath: path))
    case .typeSymbolicLink: Data(try manager.destinationOfSymbolicLink(atPath: path).utf8)
    default: nil
    }
  }

  /// The paths: what differs shows in a test's message without the contents.
  public var description: String { entries.keys.sorted().joined(separator: "\n") }
}
