import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The database of a test: the first of an inventory.
protocol InventoriedDatabase: Sendable {
  var inventory: Inventory { get }
}

extension InventoriedDatabase {
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
}

/// Two copies of a database, at two sites, and what is done to them as the engine does it.
protocol DatabasePair: InventoriedDatabase {
  static var sites: [String] { get }
}

extension DatabasePair {
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
