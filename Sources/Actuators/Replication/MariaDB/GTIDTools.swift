import Runbook

/// MariaDB's own programs, on a copy's host.
struct GTIDTools: Sendable {
  let copy: DatabaseCopy
  let `operator`: any Operator

  func installation() throws -> DatabaseServer.Installation { try server(of: copy).installation }

  /// The file is nobody else's to read: it holds the accounts. The programs run as the account that enters the host, as
  /// another one couldn't open their input.
  func writeDump(of primary: DatabaseCopy, to path: String) async throws {
    let installation = try installation()
    try await run(["install", "-m", "0600", "--", "/dev/null", path], doing: "make \(path)")
    try await run(
      [
        installation.program("mariadb-dump"), "--defaults-file=/dev/stdin", "--all-databases",
        "--single-transaction", "--master-data=2", "--gtid", "--routines", "--events", "--triggers",
        "--hex-blob", "--flush-privileges", "--default-character-set=utf8mb4",
        "--result-file=\(path)",
      ], input: try login(to: primary),
      doing: "dump \(primary.subject) to \(path)")
  }

  /// Not logged: a copy's history is the primary's.
  func load(_ path: String) async throws {
    let installation = try installation()
    try await run(
      [
        installation.program("mariadb"), "--defaults-file=/dev/stdin", "--batch",
        "--default-character-set=utf8mb4", "--init-command=SET SESSION sql_log_bin=0",
        "--execute=source \(path)",
      ], input: try login(to: copy), doing: "load \(path)")
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
  private func authority(of server: DatabaseServer) -> String {
    let options = copy.database.replication?.options ?? [:]
    return options.first { $0.key.uppercased() == "MASTER_SSL_CA" }?.value
      ?? server.tls.authority ?? ""
  }

  /// An option file for the programs, which they read as input: a password in an argument could be seen by anybody there.
  private func login(to copy: DatabaseCopy) throws -> CommandInput {
    let server = try server(of: copy)
    let login = server.operator
    let encryption =
      switch server.tls.mode {
      case .disable: "skip-ssl"
      case .require: "ssl"
      case .verifyFull: "ssl-verify-server-cert\nssl-ca=\(authority(of: server))"
      }
    let head =
      "[client]\nhost=\(server.address)\nport=\(server.port)\nprotocol=tcp\n\(encryption)\n"
    guard let password = login.password else { return "\(head)user=\(login.user)\n" }
    return
      "\(head)user=\(login.user)\npassword=\"\(secret: password, as: .optionFileValue)\"\n"
  }

  private func server(of copy: DatabaseCopy) throws -> DatabaseServer {
    guard let server = copy.server else {
      throw ActionError("database.no_session", "\(copy.subject) is a file: it has no server")
    }
    return server
  }
}
