import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

extension PostgreSQLPair {
  /// All that an action can change, and nothing that moves by itself.
  func standing() async throws -> [String] {
    var lines = [try await roles()]
    for site in Self.sites {
      lines.append(
        try await shell("sh", "\(directory)/control", "show", "\(directory)/\(site)", "p"))
      let files = try FileManager.default.contentsOfDirectory(atPath: data(site))
      lines.append(files.filter { $0.hasSuffix(".signal") }.joined(separator: " "))
    }
    return lines
  }

  /// The standby receives nothing any more, whatever it is told by its start.
  func cutOff(_ standby: String) async throws {
    try await sql(standby, "ALTER SYSTEM SET primary_conninfo = ''")
    try await sql(standby, "SELECT pg_reload_conf()")
    try await eventually("\(standby) receives nothing") {
      try await sql(standby, "SELECT count(*) FROM pg_stat_wal_receiver") == "0"
    }
  }

  /// Ends `cutOff`.
  func reconnect(_ standby: String, by link: String) async throws {
    let quoted = link.replacing("'", with: "''")
    try await sql(standby, "ALTER SYSTEM SET primary_conninfo = '\(quoted)'")
    try await sql(standby, "SELECT pg_reload_conf()")
  }

  /// The primary commits what the standby never gets.
  func diverge(_ primary: String, from standby: String) async throws {
    try await caughtUp(primary, standby)
    try await cutOff(standby)
    try await sql(primary, "INSERT INTO rows SELECT -generate_series(1, 500)")
  }
}

/// Stands for a runner that dies: from its n-th call on nothing reaches the world any more.
final class DyingOperator: Operator {
  struct Death: Error {}

  private let base: any Operator
  private let lastCall: Int
  private let calls = Counter()

  init(_ base: any Operator, beforeCall number: Int) {
    self.base = base
    lastCall = number - 1
  }

  var observer: any Observer { base.observer }
  var token: String { base.token }

  private func live() throws { guard calls.add() <= lastCall else { throw Death() } }

  func run(_ command: Command, on host: Host) async throws -> CommandResult {
    try live()
    return try await base.run(command, on: host)
  }

  func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try live()
    return try await base.transaction(database, body)
  }

  func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try live()
    return try await base.session(database, body)
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try live()
    return try await base.send(request)
  }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    try live()
    try await base.writeProbeFile(name, contents: contents, in: directory, on: host)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    try live()
    try await base.removeProbeFile(name, in: directory, on: host)
  }
}

extension PostgreSQLPair {
  /// A cluster of its own in place of the site's copy.
  func replaceByStranger(_ site: String) async throws {
    let settings = try String(contentsOfFile: "\(data(site))/postgresql.conf", encoding: .utf8)
    try await stop(site)
    try await asServer("rm", "-rf", data(site))
    try await asServer(
      "\(Self.programs)/initdb", "--no-sync", "-D", data(site), "-U", "postgres", "--auth=trust",
      "--locale=C.UTF-8")
    try settings.write(toFile: "\(data(site))/postgresql.conf", atomically: false, encoding: .utf8)
    try await start(site)
    for statement in [
      "CREATE ROLE observer LOGIN IN ROLE pg_monitor", "CREATE DATABASE scheduler",
    ] { try await sql(site, statement, database: "postgres") }
  }

  /// Stops a site's server, as when its host can't be reached.
  func darkened(_ site: String) async throws -> DarkSite {
    try await stop(site)
    return try DarkSite(site, of: inventory, in: directory)
  }
}

extension PostgreSQLPair {
  /// PostgreSQL's programs, with a script in place of one of them, for as long as `body` runs.
  static func withPrograms(
    _ replaced: String, _ script: (String) -> String, _ body: (String) async throws -> Void
  ) async throws {
    let directory = "/tmp/lifeboat-programs-\(UUID().uuidString.prefix(8))"
    try await shell("install", "-d", "-o", "postgres", directory)
    for program in try FileManager.default.contentsOfDirectory(atPath: programs)
    where program != replaced {
      try await shell("ln", "-s", "\(programs)/\(program)", "\(directory)/\(program)")
    }
    let path = "\(directory)/\(replaced)"
    try script(directory).write(toFile: path, atomically: true, encoding: .utf8)
    try await shell("chmod", "755", path)
    let result: Result<Void, any Error>
    do { result = .success(try await body(directory)) } catch { result = .failure(error) }
    try FileManager.default.removeItem(atPath: directory)
    try result.get()
  }
}
