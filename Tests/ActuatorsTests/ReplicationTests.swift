import Engine
import Foundation
import Runbook
import Testing

@testable import Actuators

/// Replication without a replicator: every intermediate state is made by hand and stays as it is.
@Suite struct ReplicationTests {
  private func withDatabase(_ body: (TestDatabase) async throws -> Void) async throws {
    try await withDirectory { try await body(try TestDatabase(in: $0)) }
  }

  private func reverse(
    _ database: TestDatabase, to site: String = "dr", _ mode: String = "graceful"
  ) throws -> ReplicationReverse {
    try database.make(
      ReplicationReverse.self,
      ["to": .string(site), "mode": .string(mode), "drain_timeout": "200ms"])
  }

  private func act(_ action: ReplicationReverse) async throws -> Evidence {
    let observation = try await action.probe(world.makeObserver())
    return try await action.act(world.makeOperator(token: "t"), given: observation)
  }

  private func verdict(_ action: some Action) async throws -> Verdict {
    action.judge(try await action.probe(world.makeObserver()))
  }

  private func roles(_ database: TestDatabase) throws -> [String] {
    try ["production", "dr"].flatMap {
      try database.strings($0, "SELECT role || ' ' || epoch FROM replication_state")
    }
  }

  private let drained = "role = 'draining', drained_position = position"

  @Test("wherever a graceful reversal was cut off, acting again completes it")
  func gracefulResumed() async throws {
    let places: [(String, (TestDatabase) throws -> Void)] = [
      ("drained", { try $0.state("production", drained) }),
      (
        "promoted",
        {
          try $0.state("production", drained)
          try $0.state("dr", "role = 'primary', epoch = 2")
        }
      ),
    ]
    for (place, bring) in places {
      try await withDatabase { database in
        try bring(database)
        let action = try reverse(database)
        #expect(try await verdict(action).name == "needed", "\(place)")
        _ = try await act(action)
        #expect(try roles(database) == ["replica 1", "primary 2"], "\(place)")
        #expect(try await verdict(action).isSatisfied, "\(place)")
        _ = try await act(action)
        #expect(try roles(database) == ["replica 1", "primary 2"], "\(place) twice")
      }
    }
  }

  @Test("the target isn't promoted before it has everything, and nobody is primary meanwhile")
  func drainTimeout() async throws {
    for behind in ["position = 9", "epoch = 0"] {
      try await withDatabase { database in
        try database.state("production", drained)
        try database.state("dr", behind)
        let error = await #expect(throws: ActionError.self) {
          _ = try await act(try reverse(database))
        }
        #expect(error?.code == "replication.drain_timeout")
        #expect(try database.strings("dr", "SELECT role FROM replication_state") == ["replica"])
      }
    }
    // The source is made read-only, and that its last changes are shipped is waited for.
    try await withDatabase { database in
      await #expect(throws: ActionError.self) { _ = try await act(try reverse(database)) }
      #expect(try roles(database) == ["draining 1", "replica 1"])
      // The way back: nobody was promoted, so its epoch goes on.
      let back = try reverse(database, to: "production")
      #expect(try await verdict(back).name == "needed")
      _ = try await act(back)
      #expect(try roles(database) == ["primary 1", "replica 1"])
      #expect(try await verdict(back).isSatisfied)
    }
  }

  @Test("the way back is barred once the other site was promoted")
  func noWayBack() async throws {
    try await withDatabase { database in
      try database.state("production", drained)
      try database.state("dr", "role = 'primary', epoch = 2")
      let back = try reverse(database, to: "production")
      #expect(try await verdict(back).name == "blocked")
      await #expect(throws: ActionError.self) { _ = try await act(back) }
      #expect(try roles(database) == ["draining 1", "primary 2"])
    }
  }

  @Test("an ungraceful reversal demotes whoever answers first, and says what the boundary is")
  func ungraceful() async throws {
    try await withDatabase { database in
      try database.state("dr", "position = 7")
      let action = try reverse(database, "ungraceful")
      let evidence = try await act(action)
      #expect(try roles(database) == ["replica 1", "primary 2"])
      #expect(evidence.details["position"] == 7)
      #expect(evidence.details["as_of"] == "2026-01-02T03:04:05.678Z")
      #expect(evidence.details["demoted"] == ["scheduler@production"])
      #expect(evidence.details["epoch"] == 2)
      #expect(try await verdict(action).isSatisfied)
    }
    // Cut off between demotion and promotion: nobody is the primary.
    try await withDatabase { database in
      try database.state("production", "role = 'replica'")
      let action = try reverse(database, "ungraceful")
      #expect(try await verdict(action).name == "needed")
      _ = try await act(action)
      #expect(try roles(database) == ["replica 1", "primary 2"])
    }
  }

  @Test("a new epoch is above every epoch that is known")
  func epochs() async throws {
    try await withDatabase { database in
      try database.state("production", "epoch = 5")
      let action = try reverse(database, "ungraceful")
      let predicted = try #require(
        action.predict(try await action.probe(world.makeObserver())))
      #expect(predicted["scheduler@dr", "epoch"] == 6)
      _ = try await act(action)
      #expect(try roles(database) == ["replica 5", "primary 6"])
    }
  }

  @Test("what is lost can be given up, but not what is merely busy")
  func lostSource() async throws {
    try await withDatabase { database in
      try FileManager.default.removeItem(atPath: database.file("production"))
      let graceful = try reverse(database)
      let observation = try await graceful.probe(world.makeObserver())
      let source = try #require(graceful.guards.first { $0.id == "source-reachable" })
      #expect(source.check(observation) == .violated("scheduler@production is lost"))
      let ungraceful = try reverse(database, "ungraceful")
      let evidence = try await act(ungraceful)
      #expect(evidence.details["given_up"]?.list?.count == 1)
      #expect(try await verdict(ungraceful).isSatisfied)
    }
    try await withDatabase { database in
      try database.execute("production", "DROP TABLE replication_state")
      let ungraceful = try reverse(database, "ungraceful")
      let error = await #expect(throws: ActionError.self) { _ = try await act(ungraceful) }
      #expect(error?.code == "database.statement")
      #expect(try database.strings("dr", "SELECT role FROM replication_state") == ["replica"])
    }
  }

  // MARK: - Lag

  private func lag(_ database: TestDatabase, _ maximum: String, to site: String? = nil) async throws
    -> Verdict
  {
    var values: [String: Value] = ["maximum": .string(maximum)]
    if let site { values["to"] = .string(site) }
    return try await verdict(try database.make(ReplicationLag.self, values))
  }

  private func asOf(_ database: TestDatabase, secondsAgo: Double) throws {
    let text = Timestamp.text(SystemTime().now().addingTimeInterval(-secondsAgo))
    try database.state("dr", "as_of = '\(text)'")
  }

  @Test("a copy that is no replica of the primary that there is isn't current, whatever its age")
  func formerPrimary() async throws {
    try await withDatabase { database in
      try asOf(database, secondsAgo: 1)
      #expect(try await lag(database, "1h", to: "dr").isSatisfied)
      try database.state("dr", "role = 'draining'")
      let verdict = try await lag(database, "1h", to: "dr")
      #expect(verdict.name == "needed")
      #expect(verdict.explanation.contains("doesn't follow scheduler@production"))
    }
  }

  @Test("exposure is now minus as_of, whether or not the primary can be asked")
  func exposure() async throws {
    try await withDatabase { database in
      try asOf(database, secondsAgo: 3000)
      #expect(try await lag(database, "1h").isSatisfied)
      #expect(try await lag(database, "40m").name == "needed")
      #expect(try await lag(database, "40m", to: "dr").name == "needed")
      try FileManager.default.removeItem(atPath: database.file("production"))
      #expect(try await lag(database, "1h", to: "dr").isSatisfied)
      let unsure = try await lag(database, "40m", to: "dr")
      #expect(unsure.name == "unknown")
      #expect(unsure.explanation.contains("at most the last 50m"))
    }
  }

  @Test("a copy that has become the primary lacks nothing, however old it was then")
  func becamePrimary() async throws {
    try await withDatabase { database in
      try asOf(database, secondsAgo: 86_400)
      try database.state("production", "role = 'replica'")
      #expect(try await lag(database, "5m", to: "dr").name == "unknown")
      try database.state("dr", "role = 'primary', epoch = epoch + 1")
      #expect(try await lag(database, "5m", to: "dr").isSatisfied)
      // Another that can't be read could be a later primary.
      try database.execute("production", "DROP TABLE replication_state")
      #expect(try await lag(database, "5m", to: "dr").name == "unknown")
    }
  }

  @Test("a drained primary's copy is complete whatever the clocks say; a working one's is not")
  func drainedIsComplete() async throws {
    try await withDatabase { database in
      #expect(try await lag(database, "1s").name == "needed")
      try database.state("production", drained)
      #expect(try await lag(database, "1s").isSatisfied)
      try database.state("dr", "position = 9")
      #expect(try await lag(database, "1s").name == "needed")
    }
  }

  @Test("clocks that differ, and times that are none, are told and not used")
  func clocks() async throws {
    try await withDatabase { database in
      try asOf(database, secondsAgo: -3600)
      #expect(try await lag(database, "1h").name == "unknown")
      try database.state("dr", "as_of = 'noon'")
      #expect(try await lag(database, "1h").name == "unknown")
    }
  }
}
