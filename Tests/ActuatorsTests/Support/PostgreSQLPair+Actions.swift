import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

extension PostgreSQLPair {
  var database: Runbook.Database { inventory.databases[0] }

  func copy(_ site: String) throws -> DatabaseCopy {
    try #require(inventory.copy(of: database, at: site))
  }

  /// An action on the database, or on its copy at `site`.
  func make<A: Action>(
    _ type: A.Type, _ values: [String: Value] = [:], at site: String? = nil
  ) throws -> A {
    let target: Target = site.map { .databaseAtSite(database, site: $0) } ?? .database(database)
    return try A(Arguments(values, on: target, in: inventory))
  }

  func reverse(
    to site: String = "dr", _ mode: String = "graceful", _ more: [String: Value] = [:]
  ) throws -> ReplicationReverse {
    let values: [String: Value] = [
      "to": .string(site), "mode": .string(mode), "drain_timeout": "20s",
    ]
    return try make(ReplicationReverse.self, values.merging(more) { $1 })
  }

  func rejoin(_ site: String) throws -> ReplicationRejoin {
    try make(ReplicationRejoin.self, ["stream_timeout": "20s"], at: site)
  }

  func look(_ action: some Action) async throws -> (observation: Observation, verdict: Verdict) {
    let observation = try await action.probe(world.makeObserver())
    return (observation, action.judge(observation))
  }

  /// As the engine does it: looks, holds the guards, acts, and looks until it is so.
  @discardableResult
  func perform(
    _ action: some ActingAction, by capability: (any Operator)? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Evidence {
    let sight = try await look(action)
    guard !sight.verdict.isSatisfied else { return Evidence() }
    for each in action.guards {
      try #require(
        each.check(sight.observation) == .holds, "\(each.id)", sourceLocation: sourceLocation)
    }
    let recorder = RecordingOperator(capability ?? world.makeOperator(token: "test"))
    let evidence = try await action.act(recorder, given: sight.observation)
    let told = action.operations(given: sight.observation)
    let done = recorder.performed
    #expect(
      told.allow(done[...], isCutOff: false),
      "told \(told.map(\.spoken)), and did \(done.map(\.spoken))", sourceLocation: sourceLocation)
    try await eventually("the effect of \(type(of: action).schema.name)") {
      try await look(action).verdict.isSatisfied
    }
    return evidence
  }

  func finding(_ guardID: String, of action: some ActingAction) async throws -> Guard.Finding {
    let observation = try await action.probe(world.makeObserver())
    return try #require(action.guards.first { $0.id == guardID }).check(observation)
  }

  /// Role and timeline of each copy, `primary 2, replica 2`.
  func roles() async throws -> String {
    var words: [String] = []
    for site in Self.sites {
      let facts = Observation(
        try await CopyFacts(copy: copy(site)).observe(world.makeObserver()))
      words.append(
        "\(facts.role(of: try copy(site))?.rawValue ?? "dark") \(facts.epoch(of: try copy(site)) ?? 0)"
      )
    }
    return words.joined(separator: ", ")
  }

  /// The sites whose server takes changes now.
  func writable() async throws -> [String] {
    var sites: [String] = []
    for site in Self.sites {
      let action = try make(DatabaseWritable.self, at: site)
      if try await look(action).verdict.isSatisfied { sites.append(site) }
    }
    return sites
  }
}

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

  /// The inventory as it is when a site's database host can't be reached, and its server is gone.
  func darkened(_ site: String) async throws -> Inventory {
    try await stop(site)
    let sites = try inventory.sites.map { each in
      guard each.name == site else { return each }
      return Site(
        name: site,
        hosts: try each.hosts.map { host in
          guard host.guid == nil else { return host }
          let down = try Host.down(site, host.name, in: directory)
          return Host(
            site: site, name: host.name, connection: down.connection,
            serviceManager: host.serviceManager)
        })
    }
    return Inventory(sites: sites, databases: inventory.databases)
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
