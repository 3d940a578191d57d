internal import Foundation

/// A directory of checkpoints: the journal's own, or a witness's copies. Each log has a directory in it, named by its
/// origin, and in it a file for each checkpoint, named by its size. What is there is never written over.
public struct CheckpointFolder: Sendable, Hashable {
  private static let suffix = ".checkpoint"

  public let directory: String
  /// Whether the directory may be made: a share that isn't mounted must not be replaced by what lies under it.
  private let isMade: Bool
  /// Whether a group signs, and not one account.
  private let isShared: Bool

  /// The journal's own, in its state directory.
  public static func own(home: String) -> CheckpointFolder {
    CheckpointFolder(
      directory: home + "/checkpoints", isMade: true, isShared: JournalDirectory(home).isShared)
  }

  /// A witness's, which must exist.
  public init(witness directory: String) {
    self.init(directory: directory, isMade: false, isShared: false)
  }

  private init(directory: String, isMade: Bool, isShared: Bool) {
    self.directory = directory
    self.isMade = isMade
    self.isShared = isShared
  }

  /// Keeps a checkpoint. Throws `JournalError`, of code `rewritten` when another one of the same size is there.
  public func keep(_ checkpoint: SignedCheckpoint) throws {
    let folder = folder(of: checkpoint.checkpoint.origin)
    let mode: mode_t = isShared ? 0o775 : 0o755
    if isMade { try DurableFile.makeDirectory(directory, mode: mode) }
    try DurableFile.makeDirectory(folder, mode: mode)
    let size = String(checkpoint.head.size)
    let name = String(repeating: "0", count: max(0, 12 - size.count)) + size + Self.suffix
    let file = DurableFile(path: "\(folder)/\(name)")
    // Evidence is for others to read; the journal itself isn't.
    guard try !file.create(Data(checkpoint.text.utf8), mode: 0o644) else { return }
    let kept = try file.read().flatMap { SignedCheckpoint(String(decoding: $0, as: UTF8.self)) }
    guard kept?.checkpoint == checkpoint.checkpoint else {
      throw JournalError(
        code: .rewritten,
        message: "another checkpoint of \(size) entries was kept before, which has another root",
        advice: "Keep both: one journal can't have two roots. Run: lifeboat audit verify",
        path: file.path)
    }
  }

  /// The checkpoints of one log of more than `size` entries, the smallest first. Files that are none are left out of it, and
  /// told.
  public func checkpoints(
    of origin: String, above size: Int = 0
  ) throws -> (checkpoints: [SignedCheckpoint], unreadable: [String]) {
    try Self.read(paths(of: origin).filter { Self.size(named: $0) > size })
  }

  /// The largest of one log that can be read; nil when there is none.
  public func last(of origin: String) throws -> SignedCheckpoint? {
    for path in try paths(of: origin).reversed() {
      if let checkpoint = try Self.read([path]).checkpoints.first { return checkpoint }
    }
    return nil
  }

  /// What a file's name says, so that of many only those that are needed are opened; one that says nothing is looked into.
  private static func size(named path: String) -> Int {
    Int(((path as NSString).lastPathComponent as NSString).deletingPathExtension) ?? .max
  }

  /// By size.
  private func paths(of origin: String) throws -> [String] {
    let folder = folder(of: origin)
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    return try names(in: folder).map { "\(folder)/\($0)" }
  }

  /// The checkpoints in a file, or in a directory and those below it, of whatever logs.
  public static func found(
    at path: String
  ) throws -> (checkpoints: [SignedCheckpoint], unreadable: [String]) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw JournalError.storageFailed("\(path) isn't there", path: path)
    }
    guard isDirectory.boolValue else { return try read([path]) }
    guard let names = FileManager.default.subpaths(atPath: path) else {
      throw JournalError.storageFailed("\(path) can't be read", path: path)
    }
    return try read(names.filter { $0.hasSuffix(suffix) }.sorted().map { "\(path)/\($0)" })
  }

  private static func read(
    _ paths: [String]
  ) throws -> (checkpoints: [SignedCheckpoint], unreadable: [String]) {
    var checkpoints: [SignedCheckpoint] = []
    var unreadable: [String] = []
    for path in paths {
      let text = try DurableFile(path: path).read().map { String(decoding: $0, as: UTF8.self) }
      if let checkpoint = text.flatMap(SignedCheckpoint.init) {
        checkpoints.append(checkpoint)
      } else {
        unreadable.append(path)
      }
    }
    return (checkpoints.sorted { $0.head.size < $1.head.size }, unreadable)
  }

  private func names(in folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(Self.suffix) }.sorted()
    } catch {
      throw JournalError.storageFailed("\(folder) can't be read", path: folder)
    }
  }

  /// An origin may hold what a file's name can't.
  private func folder(of origin: String) -> String {
    let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_"))
    let dotted = CharacterSet(charactersIn: ".")
    let name = origin.addingPercentEncoding(withAllowedCharacters: allowed.union(dotted)) ?? ""
    // Neither the directory itself nor its parent.
    return "\(directory)/\(name.hasPrefix(".") ? "%2E" + name.dropFirst() : name)"
  }
}
