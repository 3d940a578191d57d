import Runbook

/// Opens databases for observers and operators, once their hosts have shown that they serve them.
struct DatabaseAccess: Sendable {
  /// Runs a reading command on the copy's host.
  let look: @Sendable (ReadOnlyCommand, Host) async throws -> CommandResult

  func read<Result: Sendable>(
    _ copy: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    try await checkHeader(of: copy, isWriting: false)
    return try await SQLiteFile(copy: copy).read(body)
  }

  func transaction<Result: Sendable>(
    _ copy: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try await checkHeader(of: copy, isWriting: true)
    return try await SQLiteFile(copy: copy).transaction(body)
  }

  /// Reads the file's header by a command on the host, for three reasons: a dead host's database must not be readable only
  /// because its disk is; opening a missing file may create it; and opening a database in WAL mode creates files beside it.
  private func checkHeader(of copy: DatabaseCopy, isWriting: Bool) async throws {
    let errors = SQLiteErrors(copy: copy, isWriting: isWriting)
    let result = try await look(.readFile(copy.placement.file, limit: Header.length), copy.host)
    guard result.exitCode == 0 else {
      let words = result.standardError
      if words.contains("No such file") || words.contains("Not a directory") {
        throw errors.missing()
      }
      throw ActionError(
        "database.unreadable",
        "\(copy.subject): \(copy.placement.file) can't be read on \(copy.host.id): \(words)",
        advice: "see the file's permissions")
    }
    try await requireSameFile(copy)
    guard let header = Header(result.standardOutput) else {
      throw errors.corrupt("it does not begin as one")
    }
    guard !header.usesWriteAheadLog else {
      throw ActionError(
        "database.wal",
        "\(copy.subject) (\(copy.placement.file)) is in WAL mode: even reading it would write files",
        advice: "set it back with PRAGMA journal_mode = DELETE")
    }
  }

  /// SQLite opens the file on this machine. Under the same path another host may have another file: that must never be
  /// taken for its database.
  private func requireSameFile(_ copy: DatabaseCopy) async throws {
    let result = try await look(.status(ofFile: copy.placement.file), copy.host)
    let there = result.standardOutput.split(separator: "|").suffix(2).map {
      String($0.filter { !$0.isWhitespace })
    }
    let here = SQLiteFile(copy: copy).identityHere()
    guard result.exitCode == 0, there.count == 2, there == here else {
      throw ActionError(
        "database.not_here",
        "\(copy.subject): \(copy.placement.file) on \(copy.host.id) is not the file that this machine has under "
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
