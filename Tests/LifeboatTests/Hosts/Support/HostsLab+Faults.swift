import TestSupport
import Testing

extension HostsLab {
  private static let impatientRunbooks = "/etc/lifeboat/runbooks"

  /// The shipped runbooks, with the patience of a test.
  static func impatientRunbook(_ name: String) -> String { "\(impatientRunbooks)/\(name).yaml" }

  /// The operator's machine gives up sooner than an operator would want: on hosts that don't answer, and on steps.
  func prepareForFaults() async throws {
    let sites =
      "s/(kind: ssh, to: [^,]+, config: [^ ,]+) }/\\1, connect_timeout: 3s, silence_timeout: 3s }/"
    let patience = "s/timeout: [0-9]+m/timeout: 20s/; s/interval: 5s/interval: 1s/"
    for command in [
      ["sed", "-i", "-E", sites, "/etc/lifeboat/sites.yaml"],
      ["rm", "-rf", Self.impatientRunbooks],
      ["cp", "-r", "/opt/lifeboat-runbooks", Self.impatientRunbooks],
      ["sed", "-i", "-E", patience]
        + ["scheduler-failover", "scheduler-switchover"].map(Self.impatientRunbook),
    ] {
      let ran = try await at("operator", command)
      try #require(ran.code == 0, "\(command): \(ran)")
    }
  }

  /// `lab disaster` and `lab heal`, which must succeed.
  func require(_ verb: String, _ arguments: [String]) async throws {
    let ran = try await lab(verb, arguments)
    try #require(ran.code == 0, "lab \(verb) \(arguments): \(ran)")
  }

  /// Lets an agent's machine log in at the operator's, as a colleague's would.
  func admitColleague() async throws {
    let copied = try await at(
      "operator",
      [
        "scp", "-q", "-F", "/etc/lifeboat/ssh_config", "/etc/lifeboat/id_ed25519",
        "root@agent-1:/root/.ssh/id_ed25519",
      ])
    try #require(copied.code == 0, "\(copied)")
  }

  /// Lifeboat at the operator's machine, typed at another machine's terminal.
  func lifeboatFromAfar(_ arguments: [String], crashAt: String? = nil) async throws -> Ran {
    try await at(
      "agent-1",
      ["ssh", "-o", "BatchMode=yes", "root@operator"] + Self.terminal(crashAt)
        + ["/usr/local/bin/lifeboat"] + arguments)
  }

  /// Whither control can move from where it is.
  func direction() async throws -> Direction {
    try await isWritable("production") ? .toDR : .toProduction
  }

  var databaseUnit: String { database == "postgresql" ? "postgresql@15-main" : "mariadb" }

  func expectNeverDouble(_ moment: String) async throws {
    if try await isWritable("production") {
      #expect(try await !isWritable("dr"), "two databases take changes \(moment)")
    }
    if try await unit("lab-server", at: "production") == "active" {
      #expect(try await unit("lab-server", at: "dr") != "active", "two servers run \(moment)")
    }
  }
}
