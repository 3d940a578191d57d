import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Role reversal of two real servers by GTID.
@Suite(.serialized, .enabled(if: MariaDBPair.canRun, "the servers need root"))
struct
  MariaDBReversalTests
{
  private func act(_ action: ReplicationReverse) async throws -> Evidence {
    let observation = try await action.probe(world.makeObserver())
    for each in action.guards where each.id != "old-primarys-scheduler-stopped" {
      try #require(each.check(observation) == .holds, "\(each.id)")
    }
    return try await action.act(world.makeOperator(token: "t"), given: observation)
  }

  private func verdict(_ action: some Action) async throws -> Verdict {
    action.judge(try await action.probe(world.makeObserver()))
  }

  private func settles(_ action: some Action) async throws {
    try await eventually("the action is satisfied") { try await verdict(action).isSatisfied }
  }

  @Test("graceful: the roles change, and change back")
  func graceful() async throws {
    try await MariaDBPair.with { pair in
      try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
      let action = try pair.reverse()
      #expect(try await verdict(action).name == "needed")
      let evidence = try await act(action)
      try await settles(action)
      #expect(try await pair.roles() == ["replica", "primary"])
      #expect(evidence.details["position"] == "0-1-1")
      try await pair.sql("dr", "INSERT INTO jobs VALUES (2, 'b')")
      try await eventually("the old primary follows") {
        try await pair.sql("production", "SELECT count(*) FROM jobs") == "2"
      }
      let back = try pair.reverse(to: "production")
      _ = try await act(back)
      try await settles(back)
      #expect(try await pair.roles() == ["primary", "replica"])
      #expect(try await pair.sql("dr", "SELECT count(*) FROM jobs") == "2")
    }
  }
}
