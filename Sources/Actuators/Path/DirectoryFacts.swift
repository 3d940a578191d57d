import Runbook

/// What reading shows of a directory on a host.
struct DirectoryFacts: Sendable {
  /// `directory`, `missing`, or what else stands there.
  static let kind = "kind"
  static let mode = "mode"
  static let owner = "owner"
  static let group = "group"
  static let writable = "writable"
  static let fileSystem = "file_system"
  static let freeBytes = "free_bytes"
  static let properties = [kind, mode, owner, group, writable, fileSystem, freeBytes]

  static let notes: [ActionSchema.Note] = [
    .init(kind, "directory, missing, or what else stands there"),
    .init(mode, "octal, as 750; Windows has none"),
    .init(owner, "the owner's name"),
    .init(group, "the group's name; Windows has none"),
    .init(
      writable,
      "whether the account that runs commands on the host may write there; on Windows by the directory's own access list, beside which a share may have one"
    ),
    .init(fileSystem, "its source and type: a hint whether two hosts share it, and no proof"),
    .init(freeBytes, "what is free there, or where the directory would be made", motion: .moves),
  ]

  static let directory = "directory"
  static let missing = "missing"

  let subject: String
  let path: String
  let host: Host

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      if host.isWindows { return try await onWindows(observer) }
      guard let status = try await status(observer) else { return try await absence(observer) }
      return try await status + [writable(observer)] + fileSystem(of: path, observer)
    } catch {
      let gap = try Reading(gapFrom: error)
      return Self.properties.map { Fact(subject, $0, gap) }
    }
  }

  /// Nil when there is nothing.
  private func status(_ observer: any Observer) async throws -> [Fact]? {
    let result = try await observer.run(.status(ofFile: path), on: host)
    if result.exitCode == 1, result.standardError.contains("No such file or directory") {
      return nil
    }
    let fields = result.standardOutput.split(separator: "\n").first?
      .split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    guard result.exitCode == 0, let fields, fields.count == 7 else {
      throw unreadable(result)
    }
    return [
      Fact(subject, Self.kind, .string(fields[0])), Fact(subject, Self.mode, .string(fields[1])),
      Fact(subject, Self.owner, .string(fields[2])), Fact(subject, Self.group, .string(fields[3])),
    ]
  }

  /// The file system is that of the nearest directory that is there: where this one would be made.
  private func absence(_ observer: any Observer) async throws -> [Fact] {
    let unknown = Reading.unknown("\(path) does not exist on \(host.id)")
    let absent = [
      Fact(subject, Self.kind, .string(Self.missing)),
      Fact(subject, Self.mode, unknown), Fact(subject, Self.owner, unknown),
      Fact(subject, Self.group, unknown), Fact(subject, Self.writable, unknown),
    ]
    var above = Self.parent(of: path)
    while above != "/", try await !isThere(above, observer) { above = Self.parent(of: above) }
    return absent + (try await fileSystem(of: above, observer))
  }

  private static func parent(of path: String) -> String {
    let parts = path.split(separator: "/").dropLast()
    return "/" + parts.joined(separator: "/")
  }

  private func isThere(_ path: String, _ observer: any Observer) async throws -> Bool {
    try await observer.run(.status(ofFile: path), on: host).exitCode == 0
  }

  private func writable(_ observer: any Observer) async throws -> Fact {
    let result = try await observer.run(.isWritable(path), on: host)
    return Fact(subject, Self.writable, .boolean(result.exitCode == 0))
  }

  private func fileSystem(of path: String, _ observer: any Observer) async throws -> [Fact] {
    let result = try await observer.run(.fileSystem(of: path), on: host)
    let fields = result.standardOutput.split(separator: "\n").last?
      .split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    // The source may contain blanks; type and size don't.
    guard result.exitCode == 0, let fields, fields.count >= 3,
      let free = Int(fields[fields.count - 1])
    else { throw unreadable(result) }
    return [
      Fact(subject, Self.fileSystem, .string(fields.dropLast().joined(separator: " "))),
      Fact(subject, Self.freeBytes, .integer(free)),
    ]
  }

  func unreadable(_ result: CommandResult) -> ActionError {
    ActionError(
      "path.unreadable", "\(path) on \(host.id) can't be examined: \(result.standardError)",
      advice: host.isWindows
        ? "see the drive or the share, and whether the account may look there: by ssh keys or NTLM a session has no account on a third machine"
        : "see the permissions of the directories above it")
  }
}
