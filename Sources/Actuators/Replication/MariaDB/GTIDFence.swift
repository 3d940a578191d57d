import Runbook

/// Keeps a copy closed to changes by ordinary accounts: now, by the server's setting, and when it is started again, by a file
/// of the server's configuration. A primary has no such file; every other copy has one.
struct GTIDFence: Sendable {
  static let fileName = "99-lifeboat-read-only.cnf"
  /// What the evidence says of a server that runs and is closed.
  static let readOnly: Value = "read-only"
  private static let contents = """
    # Written by Lifeboat: this copy is not the primary. It goes when the copy is promoted.
    [mariadbd]
    read_only=1

    """

  let copy: DatabaseCopy
  let `operator`: any Operator

  static func path(of copy: DatabaseCopy) throws -> String {
    "\(try directory(of: copy))/\(fileName)"
  }

  /// Where files of the server's configuration are.
  static func directory(of copy: DatabaseCopy) throws -> String {
    guard let directory = copy.server?.installation.configurationDirectory else {
      throw ActionError(
        "inventory.no_configuration_directory",
        "\(copy.subject): the inventory doesn't say where its server's configuration is",
        advice: "add configuration_directory to the database's 'server'")
    }
    return directory
  }

  /// Whether the file is there and says what it should.
  static func isKeptClosed(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    let path = try path(of: copy)
    let result = try await observer.run(.readFile(path), on: copy.host)
    return result.exitCode == 0 && result.standardOutput == contents
  }

  static func close(_ writer: any SQLWriter, within timeout: Duration) throws {
    for statement in closing(within: timeout) { try writer.execute(statement) }
  }

  static func closing(within timeout: Duration) -> [SQLStatement] {
    [
      "SET SESSION lock_wait_timeout=\(number: timeout.wholeSeconds)",
      "SET GLOBAL read_only=1", "SET SESSION lock_wait_timeout=DEFAULT",
    ]
  }

  /// Closes the server as it runs now.
  func closeServer() async throws {
    try await `operator`.session(copy) {
      try Self.close($0, within: GTIDFollowing.closingTimeout)
    }
  }

  /// Closes the server at its next start. The file is complete or not there at all.
  func keepClosed() async throws {
    guard try await !Self.isKeptClosed(copy, `operator`.observer) else { return }
    for (command, what) in try Self.keepingClosed(copy) {
      try await tools.run(command, doing: what)
    }
  }

  /// The commands that do, each with what it does.
  static func keepingClosed(_ copy: DatabaseCopy) throws -> [(command: Command, what: String)] {
    let path = try path(of: copy)
    return [
      (
        Command(
          ["dd", "of=\(path).new", "conv=fsync", "status=none"],
          standardInput: CommandInput(contents)), "write \(path).new"
      ),
      (Command(["mv", "-f", "--", "\(path).new", path]), "put \(path) in place"),
      (Command(["sync", "--", path]), "make \(path) durable"),
    ]
  }

  /// Lets the server be open at its next start.
  func lift() async throws {
    try await tools.run(try Self.lifting(copy), doing: "remove \(try Self.path(of: copy))")
  }

  static func lifting(_ copy: DatabaseCopy) throws -> Command {
    Command(["rm", "-f", "--", try path(of: copy)])
  }

  private var tools: GTIDTools { GTIDTools(copy: copy, operator: `operator`) }
}
