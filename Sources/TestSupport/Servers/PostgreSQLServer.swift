import Foundation
import Glibc

/// A PostgreSQL 15 server of a test's own.
public final class PostgreSQLServer: DatabaseServer {
  public static let programs = "/usr/lib/postgresql/15/bin"

  public let directory: String
  public let port: Int
  public let user = "postgres"
  public let password: String
  public let database = "postgres"
  /// As in `postgresql.conf`, given on the command line: what the data directory says is left alone.
  public let configuration: [String: String]
  private let slot = ServerSlot()

  public var process: ServerProcess? { slot.process }
  public var dataDirectory: String { "\(directory)/data" }
  public var log: String { "\(directory)/server.log" }

  private init(directory: String, port: Int, password: String, configuration: [String: String]) {
    self.directory = directory
    self.port = port
    self.password = password
    self.configuration = configuration
  }

  /// Makes and starts a server.
  public static func create(_ configuration: [String: String] = [:]) async throws
    -> PostgreSQLServer
  {
    try await create(password: UUID().uuidString, configuration) { server in
      let passwordFile = "\(server.directory)/password"
      try Data("\(server.password)\n".utf8).write(to: URL(fileURLWithPath: passwordFile))
      try ServerTools.give(passwordFile, to: server.user)
      try await server.run(
        "initdb",
        [
          "--no-sync", "--pgdata", server.dataDirectory, "--username", server.user, "--pwfile",
          passwordFile, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
        ])
      try server.append("host all,replication all 127.0.0.1/32 scram-sha-256", to: "pg_hba.conf")
    }
  }

  /// Makes and starts a hot standby of `primary`, with a slot of that name if one is given.
  public static func createStandby(
    of primary: PostgreSQLServer, slot: String? = nil, _ configuration: [String: String] = [:]
  ) async throws -> PostgreSQLServer {
    try await create(password: primary.password, configuration) { server in
      let slotArguments = slot.map { ["--create-slot", "--slot", $0] } ?? []
      try await server.run(
        "pg_basebackup",
        [
          "--pgdata", server.dataDirectory, "--host", primary.host, "--port", "\(primary.port)",
          "--username", primary.user, "--write-recovery-conf", "--checkpoint", "fast", "--no-sync",
        ] + slotArguments, environment: ["PGPASSWORD": primary.password])
    }
  }

  private static func create(
    password: String, _ configuration: [String: String],
    _ fill: (PostgreSQLServer) async throws -> Void
  ) async throws -> PostgreSQLServer {
    let server = PostgreSQLServer(
      directory: try ServerTools.makeDirectory("postgresql", user: "postgres"),
      port: try FreePort.find(), password: password, configuration: configuration)
    do {
      try await fill(server)
      try await server.start()
    } catch {
      try await server.destroy()
      throw error
    }
    return server
  }

  public func start() async throws {
    let settings = [
      "listen_addresses": host, "port": "\(port)", "unix_socket_directories": "", "fsync": "off",
      "max_connections": "40", "shared_buffers": "16MB",
      // Goes with the directory when the server is killed.
      "dynamic_shared_memory_type": "mmap",
    ].merging(configuration) { $1 }
    let options = settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    slot.process = try await ServerTools.start(
      ServerTools.asUser(user) + ["\(Self.programs)/postgres", "-D", dataDirectory] + options,
      log: log, directory: directory, ready: "database system is ready to accept")
  }

  /// By `fast`: SIGINT, https://www.postgresql.org/docs/15/server-shutdown.html
  public func stop() async throws { try await slot.end(by: SIGINT) }

  /// Runs one of PostgreSQL's programs as the server's user.
  public func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:]
  ) async throws {
    try await ServerTools.run(
      ServerTools.asUser(user) + ["\(Self.programs)/\(program)"] + arguments,
      environment: environment)
  }

  /// Appends a line to a file of the data directory.
  public func append(_ line: String, to file: String) throws {
    let path = "\(dataDirectory)/\(file)"
    guard let handle = FileHandle(forWritingAtPath: path) else {
      throw ServerFailure("\(path) can't be written")
    }
    defer { handle.closeFile() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("\(line)\n".utf8))
  }
}
