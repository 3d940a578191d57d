import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Reversing PostgreSQL's roles, with real servers.
@Suite(.serialized, .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
struct PostgreSQLReversalTests {
  @Test("there and back: nothing is lost, each follows the other, and no slot is left idle")
  func gracefulThereAndBack() async throws {
    try await PostgreSQLPair.with { pair in
      try await pair.sql("production", "INSERT INTO rows SELECT generate_series(1, 1000)")
      #expect(try await pair.roles() == "primary 1, replica 1")
      let evidence = try await pair.perform(try pair.reverse())
      #expect(try await pair.roles() == "replica 2, primary 2")
      #expect(evidence.details["followed"] == ["scheduler@production"])
      let status = try pair.make(ReplicationStatus.self, ["primary": "dr"])
      let verdict = try await pair.look(status).verdict
      #expect(verdict.isSatisfied, "\(verdict)")
      #expect(try await pair.sql("dr", "SELECT count(*) FROM rows") == "1000")
      try await pair.perform(try pair.reverse(to: "production"))
      #expect(try await pair.roles() == "primary 3, replica 3")
      let back = try await pair.look(try pair.make(ReplicationStatus.self)).verdict
      #expect(back.isSatisfied, "\(back)")
    }
  }
}
