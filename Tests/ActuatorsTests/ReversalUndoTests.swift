import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Wherever a graceful reversal was left, its undo makes the old primary the primary again, with every row.
private func undoSteps(
  of action: ReplicationReverse, from before: Observation, in inventory: Inventory
) async throws -> [ReplicationReverse] {
  let now = try await action.probe(world.makeObserver())
  return try #require(action.undo(restoring: before, from: now)).map { step in
    try ReplicationReverse(Arguments(step.arguments, on: step.target, in: inventory))
  }
}

@Suite(.serialized, .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
struct PostgreSQLUndoTests {
  @Test("wherever the runner dies in a graceful reversal, its undo brings the primary back")
  func deathAtEachCall() async throws {
    try await PostgreSQLPair.with { pair in
      for call in 1... {
        try await pair.sql("production", "INSERT INTO rows VALUES (\(call))")
        let action = try pair.reverse()
        let before = try await pair.look(action).observation
        let dying = DyingOperator(world.makeOperator(token: "t"), beforeCall: call)
        var died = true
        do {
          _ = try await action.act(dying, given: before)
          died = false
        } catch is DyingOperator.Death {}
        for undo in try await undoSteps(of: action, from: before, in: pair.inventory) {
          try await pair.perform(undo)
          #expect(try await pair.writable().count == 1, "call \(call)")
        }
        #expect(try await pair.writable() == ["production"], "call \(call)")
        #expect(try await pair.sql("production", "SELECT max(id) FROM rows") == "\(call)")
        let status = try pair.make(ReplicationStatus.self)
        try await eventually("status after call \(call)") {
          try await pair.look(status).verdict.isSatisfied
        }
        if !died { break }
      }
    }
  }
}

extension MariaDBTests {
  @Suite struct UndoTests {
    @Test("wherever the process dies in a graceful reversal, its undo brings the primary back")
    func deathAtEachCall() async throws {
      try await MariaDBPair.with { pair in
        for calls in 0... {
          try await pair.sql("production", "INSERT INTO jobs VALUES (\(calls), 'a')")
          let action = try pair.reverse()
          let dying = MortalOperator(world.makeOperator(token: "t"), after: calls)
          let before = try await action.probe(world.makeObserver())
          do { _ = try await action.act(dying, given: before) } catch is MortalOperator.Died {}
          for undo in try await undoSteps(of: action, from: before, in: pair.inventory) {
            try await perform(undo)
            let roles = try await pair.roles()
            #expect(roles.count { $0 == "primary" } == 1, "after \(calls) calls: \(roles)")
          }
          #expect(try await pair.roles() == ["primary", "replica"], "after \(calls) calls")
          #expect(
            try await pair.sql("production", "SELECT count(*) FROM jobs") == "\(calls + 1)")
          guard dying.isDead else { return }
        }
      }
    }

    private func perform(_ action: ReplicationReverse) async throws {
      let observation = try await action.probe(world.makeObserver())
      if action.judge(observation).isSatisfied { return }
      for each in action.guards where each.id != "old-primarys-scheduler-stopped" {
        try #require(each.check(observation) == .holds, "\(each.id)")
      }
      _ = try await action.act(world.makeOperator(token: "t"), given: observation)
      try await eventually("the action is satisfied") {
        action.judge(try await action.probe(world.makeObserver())).isSatisfied
      }
    }
  }
}
