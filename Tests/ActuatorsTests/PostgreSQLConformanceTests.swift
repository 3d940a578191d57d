import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Every action on PostgreSQL, each in a world that needs it.
@Suite(.serialized, .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
struct PostgreSQLConformanceTests {
  @Test("a switchover and what follows it, action by action")
  func switchover() async throws {
    try await PostgreSQLPair.with { pair in
      try await expectConforms(try pair.reverse()) { try await pair.standing() }
      let truncate = try pair.make(FailoverTruncate.self, at: "dr")
      try await expectConforms(truncate) {
        try await pair.standing() + [try await pair.sql("dr", "SELECT * FROM \"Failover\"")]
      }
      let insert = try pair.make(
        SQLRun.self,
        ["statement": "INSERT INTO rows VALUES (7)", "unless": "SELECT 1 FROM rows WHERE id = 7"],
        at: "dr")
      try await expectConforms(insert) { [try await pair.sql("dr", "SELECT id FROM rows")] }
      for action in [
        try pair.make(DatabaseWritable.self, at: "dr"),
        try pair.make(ReplicationStatus.self, ["primary": "dr", "maximum_bytes": "1MiB"]),
        try pair.make(ReplicationLag.self, ["maximum": "1h", "maximum_bytes": "16MiB"]),
        try pair.make(FailoverNoForeignGUID.self, at: "dr"),
      ] as [any Action] {
        #expect(try await pair.look(action).verdict.isSatisfied, "\(type(of: action).schema.name)")
        try await expectConforms(action) { try await pair.standing() }
      }
    }
  }

  @Test("a failover and the way back, action by action")
  func failover() async throws {
    try await PostgreSQLPair.with { pair in
      try await expectConforms(try pair.make(DatabaseFence.self, at: "production")) {
        try await pair.standing()
      }
      try await expectConforms(try pair.reverse("ungraceful")) { try await pair.standing() }
      try await expectConforms(try pair.rejoin("production")) { try await pair.standing() }
    }
  }

  @Test("every action keeps its word when its target can't be asked")
  func unreachable() async throws {
    try await PostgreSQLPair.with { pair in
      let dark = try await pair.darkened("production")
      try await dark.expectConformance()
      let fence = try dark.make(DatabaseFence.self, at: "production")
      let observation = try await fence.probe(world.makeObserver())
      let predicted = try #require(fence.predict(observation))
      // What a person vouches for, where the host is dark.
      #expect(predicted["scheduler@production", "role"] == "stopped")
      #expect(fence.judge(observation.filled(with: predicted.facts)).isSatisfied)
      let forced = try dark.make(ReplicationReverse.self, ["to": "dr", "mode": "ungraceful"])
      let evidence = try await pair.perform(forced)
      #expect(evidence.details["given_up"]?.list?.count == 1)
      #expect(try await pair.sql("dr", "SELECT pg_is_in_recovery()") == "f")
      #expect(try await pair.sql("dr", "SELECT count(*) FROM pg_replication_slots") == "0")
    }
  }
}
