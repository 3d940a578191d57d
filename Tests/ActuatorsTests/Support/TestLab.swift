import Engine
import Foundation
import GRDB
import Runbook
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import Actuators

/// A real lab for one test: two sites, their hosts, services, databases and replicators.
struct TestLab: Sendable {
  let directory: String
  let inventory: Inventory

  /// Quick: a test waits for shipments and jobs, not for the usual pace.
  private static let pace = [
    "--job-interval", "100ms", "--ship-interval", "50ms", "--heartbeat-interval", "200ms",
  ]

  /// It stands beside the tests, in the build's products.
  static let program: String = {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().appendingPathComponent("lab-scheduler").path
  }()

  static func with(
    _ options: [String] = [], _ body: (TestLab) async throws -> Void
  ) async throws {
    try await withDirectory { parent in
      let directory = "\(parent)/lab"
      do {
        try await command(["lab", "up", directory] + pace + options)
        let source = try SourceText(contentsOf: "\(directory)/sites.yaml")
        try await body(
          TestLab(directory: directory, inventory: try Inventory(reading: source)))
      } catch {
        // The first error is the one to show.
        do { try await command(["lab", "down", directory]) } catch { Issue.record(error) }
        throw error
      }
      try await command(["lab", "down", directory])
    }
  }

  private static func command(_ arguments: [String]) async throws {
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Subprocess.Arguments(arguments), input: .none,
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    try #require(
      result.terminationStatus.isSuccess,
      "lab-scheduler \(arguments.joined(separator: " ")): \(result.standardError)")
  }

  func lab(_ verb: String, _ more: String...) async throws {
    try await Self.command(["lab", verb, directory] + more)
  }

  func strikeProduction() async throws { try await lab("disaster", "production", "--kill") }

  // MARK: - Actions

  private func host(_ id: String) throws -> Host { try #require(inventory.host(id)) }

  private func database() throws -> Runbook.Database {
    try #require(inventory.database("scheduler"))
  }

  /// An action on a host, as `dr.scheduler`; on the database, as `scheduler`; or on a copy, as `scheduler@dr`.
  func make<A: Action>(
    _ type: A.Type, on target: String? = nil, _ values: [String: Value] = [:]
  ) throws -> A {
    try A(Arguments(values, on: try target.map(self.target), in: inventory))
  }

  private func target(_ text: String) throws -> Target {
    let parts = text.split(separator: "@").map(String.init)
    if parts.count == 2 { return .databaseAtSite(try database(), site: parts[1]) }
    return text.contains(".") ? .host(try host(text)) : .database(try database())
  }

  func look(_ action: some Action) async throws -> (observation: Observation, verdict: Verdict) {
    let observation = try await action.probe(world.makeObserver())
    return (observation, action.judge(observation))
  }

  /// As the engine does it: looks, holds the guards, acts, and looks until it is so.
  @discardableResult
  func perform(_ action: some ActingAction) async throws -> Evidence {
    let sight = try await look(action)
    guard !sight.verdict.isSatisfied else { return Evidence() }
    for each in action.guards {
      try #require(each.check(sight.observation) == .holds, "\(each.id)")
    }
    let evidence = try await action.act(
      world.makeOperator(token: "test"), given: sight.observation)
    try await eventually("the effect of \(type(of: action).schema.name)") {
      try await look(action).verdict.isSatisfied
    }
    return evidence
  }

  func stop(_ site: String) async throws {
    try await perform(try make(ServiceStop.self, on: "\(site).scheduler"))
  }

  func reverse(to site: String, mode: String = "graceful") async throws {
    try await perform(
      try make(
        ReplicationReverse.self, on: "scheduler", ["to": .string(site), "mode": .string(mode)]))
  }

  // MARK: - What is on the disk

  func databaseFile(_ site: String) -> String {
    "\(directory)/\(site)/database/scheduler.sqlite"
  }

  func guid(_ site: String) async throws -> String {
    let own = OwnGUIDs(of: site, in: inventory)
    let facts = try await own.observe(world.makeObserver())
    return try #require(facts.first?.reading.value?.string)
  }

  func execute(_ site: String, _ sql: String) throws {
    try queue(site).write { try $0.execute(sql: sql) }
  }

  func strings(_ site: String, _ sql: String) throws -> [String] {
    try queue(site).read { try String.fetchAll($0, sql: sql) }
  }

  private func queue(_ site: String) throws -> DatabaseQueue {
    var configuration = GRDB.Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: databaseFile(site), configuration: configuration)
  }

  func role(_ site: String) throws -> String? {
    try strings(site, "SELECT role FROM replication_state").first
  }

  /// Everything that an action can change and nothing that moves by itself: roles, the primary's epoch and whose GUID is
  /// in its Failover table, and the services' states and start types. A replica follows when it gets to it.
  func standing() async throws -> [String] {
    var lines: [String] = []
    for site in inventory.sites.map(\.name) {
      lines += try strings(
        site,
        """
        SELECT role || CASE role WHEN 'replica' THEN '' ELSE ' ' || epoch END FROM replication_state
        UNION ALL
        SELECT guid || ' ' || acquired_at FROM Failover
        WHERE (SELECT role FROM replication_state) <> 'replica'
        """)
    }
    let services = SchedulerServices(hosts: inventory.schedulerHosts())
    lines += try await services.observe(world.makeObserver()).map { "\($0.key) \($0.reading)" }
    return lines
  }
}
