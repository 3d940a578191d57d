import Runbook

/// Looks at the beginning of a database file, through its host, before the file is opened here.
struct SQLiteHeader: Sendable {
  let copy: DatabaseCopy
  let path: String
  /// Runs a reading command on the copy's host.
  let look: @Sendable (ReadOnlyCommand, Host) async throws -> CommandResult

  /// Reads the file's header by a command on the host, for three reasons: a dead host's database must not be readable only
  /// because its disk is; opening a missing file may create it; and opening a database in WAL mode creates files beside it.
  func check(isWriting: Bool) async throws {
    let errors = SQLiteErrors(copy: copy, path: path, isWriting: isWriting)
    let result = try await look(.readFile(path, limit: Header.length), copy.host)
    guard result.exitCode == 0 else {
      let words = result.standardError
      if words.contains("No such file") || words.contains("Not a directory") {
        throw errors.missing()
      }
      throw ActionError(
        "database.unreadable",
        "\(copy.subject): \(path) can't be read on \(copy.host.id): \(words)",
        advice: "see the file's permissions")
    }
    try await requireSameFile()
    guard let header = Header(result.standardOutput) else {
      throw errors.corrupt("it does not begin as one")
    }
    guard !header.usesWriteAheadLog else {
      throw ActionError(
        "database.wal",
        "\(copy.subject) (\(path)) is in WAL mode: even reading it would write files",
        advice: "set it back with PRAGMA journal_mode = DELETE")
    }
  }

  /// SQLite opens the file on this machine. Under the same path another host may have another file: that must never be
  /// taken for its database.
  private func requireSameFile() async throws {
    let result = try await look(.status(ofFile: path), copy.host)
    let there = result.standardOutput.split(separator: "|").suffix(2).map {
      String($0.filter { !$0.isWhitespace })
    }
    let here = SQLiteFile(copy: copy, path: path).identityHere()
    guard result.exitCode == 0, there.count == 2, there == here else {
      throw ActionError(
        "database.not_here",
        "\(copy.subject): \(path) on \(copy.host.id) is not the file that this machine has under "
          + "that path",
        advice: "an SQLite database is reached only where its file system is this machine's own")
    }
  }

  /// The first bytes of a database file: https://www.sqlite.org/fileformat2.html#the_database_header
  private struct Header {
    static let length = 20
    private static let magic = "SQLite format 3\0"
    private static let writeVersionOffset = 18
    private static let writeAheadLogVersion: UInt32 = 2

    let usesWriteAheadLog: Bool

    /// Bytes that are not UTF-8 came as one U+FFFD each: the two before the version are a page size, no text.
    init?(_ text: String) {
      let scalars = Array(text.unicodeScalars)
      guard text.hasPrefix(Self.magic), scalars.count >= Self.length else { return nil }
      usesWriteAheadLog = scalars[Self.writeVersionOffset].value == Self.writeAheadLogVersion
    }
  }
}
