import Runbook

/// MariaDB's own programs, on a copy's host.
struct GTIDTools: Sendable {
  let copy: DatabaseCopy
  let `operator`: any Operator

  static func installation(of copy: DatabaseCopy) throws -> DatabaseServer.Installation {
    try server(of: copy).installation
  }

  /// The file is nobody else's to read: it holds the accounts. The programs run as the account that enters the host, as
  /// another one couldn't open their input.
  static func dumping(
    _ primary: DatabaseCopy, at copy: DatabaseCopy, to path: String
  ) throws -> [(command: Command, what: String)] {
    let program = try installation(of: copy).program("mariadb-dump")
    return [
      (Command(["install", "-m", "0600", "--", "/dev/null", path]), "make \(path)"),
      (
        Command(
          [
            program, "--defaults-file=/dev/stdin", "--all-databases",
            "--single-transaction", "--master-data=2", "--gtid", "--routines", "--events",
            "--triggers", "--hex-blob", "--flush-privileges", "--default-character-set=utf8mb4",
            "--result-file=\(path)",
          ], standardInput: try login(to: primary, from: copy)),
        "dump \(primary.subject) to \(path)"
      ),
    ]
  }

  /// Not logged: a copy's history is the primary's.
  static func loading(_ path: String, into copy: DatabaseCopy) throws -> Command {
    Command(
      [
        try installation(of: copy).program("mariadb"), "--defaults-file=/dev/stdin", "--batch",
        "--default-character-set=utf8mb4", "--init-command=SET SESSION sql_log_bin=0",
        "--execute=source \(path)",
      ], standardInput: try login(to: copy, from: copy))
  }

  func run(
    _ arguments: [String], input: CommandInput? = nil, doing what: String
  ) async throws {
    try await run(Command(arguments, standardInput: input), doing: what)
  }

  func run(_ command: Command, doing what: String) async throws {
    let result = try await `operator`.run(command, on: copy.host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "replication.host_command", "\(copy.host.id) can't \(what): \(result.standardError)",
        advice: "see the free space and permissions there; then run the step again")
    }
  }

  /// A file on the copy's host, which replication names too: the one in `tls` is on the machine that Lifeboat runs on.
  private static func authority(
    of server: DatabaseServer, for copy: DatabaseCopy
  ) -> String {
    let options = copy.database.replication?.options ?? [:]
    return options.first { $0.key.uppercased() == "MASTER_SSL_CA" }?.value
      ?? server.tls.authority ?? ""
  }

  /// An option file for the programs, which they read as input: a password in an argument could be seen by anybody there.
  private static func login(
    to target: DatabaseCopy, from copy: DatabaseCopy
  ) throws -> CommandInput {
    let server = try server(of: target)
    let login = server.operator
    let encryption =
      switch server.tls.mode {
      case .disable: "skip-ssl"
      case .require: "ssl"
      case .verifyFull: "ssl-verify-server-cert\nssl-ca=\(authority(of: server, for: copy))"
      }
    let head =
      "[client]\nhost=\(server.address)\nport=\(server.port)\nprotocol=tcp\n\(encryption)\n"
    guard let password = login.password else { return "\(head)user=\(login.user)\n" }
    return
      "\(head)user=\(login.user)\npassword=\"\(secret: password, as: .optionFileValue)\"\n"
  }

  private static func server(of copy: DatabaseCopy) throws -> DatabaseServer {
    guard let server = copy.server else {
      throw ActionError("database.no_session", "\(copy.subject) is a file: it has no server")
    }
    return server
  }
}
