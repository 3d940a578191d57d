import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Two real servers a test, one test after the other.
@Suite(.serialized, .enabled(if: MariaDBPair.canRun, "the servers need root"))
struct MariaDBTests {}

/// Role reversal of two real servers by GTID.
extension MariaDBTests {
  @Suite struct ReversalTests {
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

    @Test("the reversal conforms to the contract of actions")
    func conforms() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
        try await eventually("the replica has it") {
          try await pair.sql("dr", "SELECT count(*) FROM jobs") == "1"
        }
        try await expectConforms(try pair.reverse()) { try await pair.snapshot() }
      }
    }

    @Test("graceful under a writing client: every acknowledged row is there, on both")
    func gracefulUnderLoad() async throws {
      try await MariaDBPair.with { pair in
        let client = try MariaDBWritingClient(pair)
        try await client.during {
          try await eventually("the client writes") { client.count(at: "production") > 50 }
          _ = try await act(try pair.reverse())
          try await eventually("the client writes there") { client.count(at: "dr") > 50 }
        }
        #expect(client.longestGap < .seconds(2), "the client waited \(client.longestGap)")
        for site in MariaDBPair.sites {
          try await eventually("every acknowledged row is at \(site)") {
            let rows = Set(
              try await pair.sql(site, "SELECT id FROM jobs").split(separator: "\n").compactMap {
                Int($0)
              })
            return rows.isSuperset(of: client.acknowledged)
          }
        }
      }
    }

    @Test("wherever the process dies in a graceful reversal, acting again completes it")
    func crashes() async throws {
      try await MariaDBPair.with { pair in
        var to = "dr"
        for calls in 0... {
          let action = try pair.reverse(to: to)
          let dying = MortalOperator(world.makeOperator(token: "t"), after: calls)
          let observation = try await action.probe(world.makeObserver())
          do { _ = try await action.act(dying, given: observation) } catch is MortalOperator.Died {}
          let roles = try await pair.roles()
          #expect(roles.count { $0 == "primary" } <= 1, "after \(calls) calls: \(roles)")
          if try await !verdict(action).isSatisfied { _ = try await act(action) }
          try await settles(action)
          #expect(try await pair.roles().sorted() == ["primary", "replica"])
          guard dying.isDead else {
            #expect(calls > 10)
            return
          }
          try await pair.sql(to, "INSERT INTO jobs VALUES (\(calls), 'a')")
          to = to == "dr" ? "production" : "dr"
        }
      }
    }

    @Test(
      "ungraceful after the primary was killed: what was received is there, and the loss is bounded"
    )
    func ungraceful() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
        try await eventually("the replica has it") {
          try await pair.sql("dr", "SELECT count(*) FROM jobs") == "1"
        }
        try await pair.sql("dr", "STOP SLAVE SQL_THREAD")
        try await pair.sql("production", "INSERT INTO jobs VALUES (2, 'b')")
        try await eventually("the replica received it") {
          try await pair.server("dr").source?.received.description == "0-1-2"
        }
        try pair.kill("production")
        let action = try pair.reverse(to: "dr", "ungraceful")
        // What was received must not be thrown away: neither by promoting, nor by stopping the receiver.
        let error = await #expect(throws: ActionError.self) { _ = try await act(action) }
        #expect(error?.code == "replication.unapplied")
        try await pair.sql("dr", "START SLAVE SQL_THREAD")
        let evidence = try await act(action)
        #expect(evidence.details["received"] == "0-1-2")
        #expect(evidence.details["applied"] == "0-1-2")
        #expect(evidence.details["closed"] == ["scheduler@production"])
        #expect(try await verdict(action).isSatisfied)
        #expect(try await pair.roles() == ["stopped", "primary"])
        #expect(try await pair.sql("dr", "SELECT max(id) FROM jobs") == "2")
        // It was fenced while it was down.
        try await pair.start("production")
        #expect(try await pair.roles() == ["draining", "primary"])
        #expect(try await verdict(action).isSatisfied)
        // Where that wasn't possible it takes changes: nothing says by itself who is right, so nobody is.
        try await pair.sql("production", "SET GLOBAL read_only=0")
        #expect(try await verdict(action).name == "blocked")
        #expect(try await verdict(try pair.reverse(to: "production")).name == "blocked")
      }
    }

    @Test(
      "ungraceful: what the replica never received is lost, and the evidence says from where on")
    func boundary() async throws {
      try await MariaDBPair.with { pair in
        let before = Date.now
        try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
        let after = Date.now
        try await eventually("the replica has it") { try await pair.state("dr").position == 1 }
        // The last transaction isn't in the present file of the log.
        try await pair.sql("dr", "FLUSH BINARY LOGS")
        try await pair.sql("dr", "STOP SLAVE IO_THREAD")
        try await pair.sql("production", "INSERT INTO jobs VALUES (2, 'lost')")
        try pair.kill("production")
        let evidence = try await act(try pair.reverse(to: "dr", "ungraceful"))
        #expect(evidence.details["received"] == "0-1-1")
        // To the second.
        let asOf = try #require(evidence.details["as_of"]?.string.flatMap(Timestamp.date))
        #expect(asOf > before - 1 && asOf <= after)
      }
    }

    @Test("ungraceful with an old primary that answers: it is closed first")
    func ungracefulAnswering() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
        let action = try pair.reverse(to: "dr", "ungraceful")
        _ = try await act(action)
        try await settles(action)
        #expect(try await pair.roles() == ["draining", "primary"])
        #expect(try await pair.sql("dr", "SELECT count(*) FROM jobs") == "1")
      }
    }

    @Test("a replica that can't apply what it received isn't promoted")
    func applierStopped() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql("dr", "SET sql_log_bin=0; INSERT INTO jobs VALUES (1, 'in the way')")
        try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
        try await eventually("the applier stops") {
          try await pair.server("dr").source?.applies == false
        }
        for mode in ["graceful", "ungraceful"] {
          let error = await #expect(throws: ActionError.self) {
            _ = try await act(try pair.reverse(to: "dr", mode))
          }
          #expect(error?.message.contains("its applier stands still") == true, "\(mode)")
          #expect(try await pair.state("dr").role == .replica, "\(mode)")
        }
      }
    }

    @Test("when the hand-over fails the old primary takes changes again")
    func reopened() async throws {
      try await MariaDBPair.with { pair in
        // Stopped, the replica never gets the last transaction.
        try await pair.sql("dr", "STOP SLAVE IO_THREAD")
        try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
        let error = await #expect(throws: ActionError.self) {
          _ = try await act(try pair.reverse(drain: "1s"))
        }
        #expect(error?.code == "replication.drain_timeout")
        #expect(error?.message.contains("takes changes again") == true)
        #expect(try await pair.roles() == ["primary", "replica"])
        // One that was found closed stays so.
        try await pair.sql("production", "SET GLOBAL read_only=1")
        let second = await #expect(throws: ActionError.self) {
          _ = try await act(try pair.reverse(drain: "1s"))
        }
        #expect(second?.message.contains("stays read-only, as it was found") == true)
        #expect(try await pair.roles() == ["draining", "replica"])
        // The way back: it has all that the replica has.
        let back = try pair.reverse(to: "production")
        _ = try await act(back)
        try await settles(back)
        #expect(try await pair.roles() == ["primary", "replica"])
      }
    }

    @Test("a target with transactions of its own isn't promoted gracefully; nothing is changed")
    func errantTarget() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql("dr", "INSERT INTO jobs VALUES (7, 'errant')")
        let action = try pair.reverse()
        let observation = try await action.probe(world.makeObserver())
        let guarding = try #require(action.guards.first { $0.id == "nothing-of-its-own" })
        guard case .violated(let why) = guarding.check(observation) else {
          Issue.record("the guard holds")
          return
        }
        #expect(why.contains("0-2-1"))
        // The act itself looks again: the guards saw an earlier moment.
        let error = await #expect(throws: ActionError.self) {
          _ = try await action.act(world.makeOperator(token: "t"), given: observation)
        }
        #expect(error?.code == "replication.diverged")
        #expect(try await pair.roles() == ["primary", "replica"])
      }
    }
  }
}
