import Foundation
import Glibc
import ODBC
import TestSupport
import Testing

@testable import LabScheduler

/// A database server with the scheduler's tables in it, as a site has one.
struct SchedulerServer: Sendable {
  let kind: DatabaseKind
  let server: any DatabaseServer
  let admin: ODBCConnection
  /// Of the user `scheduler`, who may do no more than a scheduler has to.
  let password = "scheduler's \"pass\" €"

  static func with(
    _ kind: DatabaseKind, tables: Bool = true, _ body: (SchedulerServer) async throws -> Void
  ) async throws {
    let server: any DatabaseServer =
      switch kind {
      case .postgresql: try await TestSupport.PostgreSQLServer.create(["wal_level": "replica"])
      case .mariadb: try await TestSupport.MariaDBServer.create()
      }
    let result: Result<Void, any Error>
    do {
      let made = SchedulerServer(
        kind: kind, server: server,
        admin: try await ODBCConnection.open(adminSettings(kind, server)))
      try await made.prepare()
      if tables { try await made.createTables() }
      result = .success(try await body(made))
    } catch { result = .failure(error) }
    try await server.destroy()
    try result.get()
  }

  static func adminSettings(_ kind: DatabaseKind, _ server: any DatabaseServer) -> ODBCSettings {
    let password = server.password
    return ODBCSettings(
      server: kind == .mariadb ? .mariaDB : .postgreSQL, host: server.host, port: server.port,
      database: server.database, user: server.user, password: ODBCPassword { password },
      mode: .readWrite)
  }

  private func prepare() async throws {
    let literal = "'\(password.replacing("'", with: "''"))'"
    let statements =
      kind == .mariadb
      ? [
        "CREATE USER scheduler IDENTIFIED BY \(literal)",
        "GRANT ALL ON \(server.database).* TO scheduler",
      ]
      : [
        "CREATE ROLE scheduler LOGIN PASSWORD \(literal)",
        "GRANT CREATE ON SCHEMA public TO scheduler",
      ]
    for statement in statements { try await admin.execute(statement) }
  }

  private func createTables() async throws {
    try await TemporaryDirectory.with { directory in
      let file = try writeConfiguration(in: directory, copies: [server])
      let result = try await Program.run(["schema", "--config", file, "--job-interval", "200ms"])
      try #require(result.status == 0, "\(result.errors)")
    }
  }

  /// A connection that outlives no server: one for each question.
  func query(_ sql: String) async throws -> [ODBCRow] {
    let connection = try await ODBCConnection.open(Self.adminSettings(kind, server))
    defer { connection.close() }
    return try await connection.query(sql)
  }

  func execute(_ sql: String) async throws { _ = try await query(sql) }

  func strings(_ sql: String) async throws -> [String] {
    try await query(sql).map { row in
      switch row.values[0] {
      case .string(let text): text
      case .integer(let number): "\(number)"
      default: "?"
      }
    }
  }

  var failover: String { kind == .mariadb ? "Failover" : "\"Failover\"" }

  func guids() async throws -> [String] {
    try await strings("SELECT guid FROM \(failover) ORDER BY guid")
  }

  func runs() async throws -> Int {
    Int(try await strings("SELECT count(*) FROM job_history")[0]) ?? -1
  }

  /// A file as `/etc/lab-scheduler/host.json`, with the password in one beside it.
  @discardableResult
  func writeConfiguration(
    in directory: String, copies: [any DatabaseServer], password: String? = nil,
    guid: String = "unused"
  ) throws -> String {
    func write(_ text: String, _ name: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
    }
    try write((password ?? self.password) + "\n", "password")
    try write(
      String(decoding: ServerConfig(installedGuid: guid).xml, as: UTF8.self), "Server.config")
    let copies = copies.map { "{\"host\": \"\($0.host)\", \"port\": \($0.port)}" }
    try write(
      """
      {"site": "production", "name": "scheduler", "address": "127.0.0.1",
       "guid_file": "\(directory)/Server.config", "shared_log_directory": "\(directory)",
       "heartbeat_interval": 200,
       "database": {"kind": "\(kind.rawValue)", "copies": [\(copies.joined(separator: ", "))],
         "name": "\(server.database)", "user": "scheduler", "password_file": "\(directory)/password"}}
      """, "host.json")
    return "\(directory)/host.json"
  }
}

/// The three services of one scheduler on a real machine, as its service manager runs them.
final class NetworkedScheduler {
  let guid = UUID().uuidString
  let directory: String
  private(set) var services: [String: ServerProcess] = [:]

  init(_ directory: String, on server: SchedulerServer) throws {
    self.directory = "\(directory)/\(guid)"
    try FileManager.default.createDirectory(
      atPath: self.directory, withIntermediateDirectories: false)
    try server.writeConfiguration(in: self.directory, copies: [server.server], guid: guid)
  }

  func start(_ names: [String] = ["server", "executor", "scheduler"]) throws {
    for name in names {
      services[name] = try ServerProcess(
        [Program.executable, name, "--config", "\(directory)/host.json"],
        log: "\(directory)/\(name).log")
    }
  }

  /// By SIGTERM, in the reverse order.
  func stop() async throws {
    for name in ["scheduler", "executor", "server"] {
      guard let service = services.removeValue(forKey: name) else { continue }
      service.signal(SIGTERM)
      try await eventually("\(name) has stopped") { !service.isRunning }
      service.release()
    }
  }

  func log(_ name: String) -> String {
    String(
      decoding: FileManager.default.contents(atPath: "\(directory)/\(name).log") ?? Data(),
      as: UTF8.self)
  }
}
