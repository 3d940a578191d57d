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

  private func path() throws -> String { try Self.path(of: copy) }

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
    try writer.execute("SET SESSION lock_wait_timeout=\(number: timeout.wholeSeconds)")
    try writer.execute("SET GLOBAL read_only=1")
    try writer.execute("SET SESSION lock_wait_timeout=DEFAULT")
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
    let path = try path()
    try await tools.run(
      ["dd", "of=\(path).new", "conv=fsync", "status=none"], input: CommandInput(Self.contents),
      doing: "write \(path).new")
    try await tools.run(["mv", "-f", "--", "\(path).new", path], doing: "put \(path) in place")
    try await tools.run(["sync", "--", path], doing: "make \(path) durable")
  }

  /// Lets the server be open at its next start.
  func lift() async throws {
    let path = try path()
    try await tools.run(["rm", "-f", "--", path], doing: "remove \(path)")
  }

  private var tools: GTIDTools { GTIDTools(copy: copy, operator: `operator`) }
}
