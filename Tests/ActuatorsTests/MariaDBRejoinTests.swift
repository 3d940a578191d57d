import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// What becomes of a former primary: fencing it, and letting it follow.
extension MariaDBTests {
  @Suite struct RejoinTests {
    private let family = GTIDReplication()

    private func observation(_ pair: MariaDBPair) async throws -> Observation {
      try await pair.rejoin("production").probe(world.makeObserver())
    }

    private func rejoin(
      _ pair: MariaDBPair, given observation: Observation? = nil,
      by operator: any Operator = world.makeOperator(token: "t")
    ) async throws -> Evidence {
      let seen = if let observation { observation } else { try await self.observation(pair) }
      let rejoin = Rejoin(
        copy: try pair.copy("production"), primary: try pair.copy("dr"), timeout: .seconds(30),
        observation: seen)
      let recorder = RecordingOperator(`operator`)
      let evidence = try await family.rejoin(rejoin, by: recorder)
      let (told, done) = (family.operations(of: rejoin), recorder.performed)
      #expect(
        told.allow(done[...], isCutOff: false),
        "told \(told.map(\.spoken)), and did \(done.map(\.spoken))")
      return evidence
    }

    /// Production dies, dr is promoted; what production had written without dr is as it says.
    private func failOver(_ pair: MariaDBPair, losing rows: Int) async throws {
      try await pair.sql("production", "INSERT INTO jobs VALUES (1, 'a')")
      try await eventually("the replica has it") { try await pair.state("dr").position == 1 }
      if rows > 0 {
        try await pair.sql("dr", "STOP SLAVE IO_THREAD")
        for row in 0..<rows {
          try await pair.sql("production", "INSERT INTO jobs VALUES (\(100 + row), 'lost')")
        }
        try await pair.sql("production", "CREATE DATABASE lost_too")
      }
      try pair.kill("production")
      let reversal = try pair.reverse(to: "dr", "ungraceful")
      let seen = try await reversal.probe(world.makeObserver())
      _ = try await reversal.act(world.makeOperator(token: "t"), given: seen)
      try await pair.sql("dr", "INSERT INTO jobs VALUES (50, 'new')")
    }

    private func followsDR(_ pair: MariaDBPair) async throws {
      try await pair.sql("dr", "INSERT INTO jobs VALUES (51, 'newer')")
      try await eventually("production follows") {
        try await pair.sql("production", "SELECT group_concat(id ORDER BY id) FROM jobs")
          == "1,50,51"
      }
      #expect(try await pair.roles() == ["replica", "primary"])
      #expect(try await pair.state("production").isStreaming == true)
    }

    @Test("a former primary that lost nothing follows, also from being stopped")
    func clean() async throws {
      try await MariaDBPair.with { pair in
        try await failOver(pair, losing: 0)
        let evidence = try await rejoin(pair)
        #expect(evidence.details["given_up"] == nil)
        try await followsDR(pair)
        // Again changes nothing.
        let before = try await pair.snapshot()
        let second = try await rejoin(pair)
        #expect(second.details["attached"] == false)
        #expect(try await pair.snapshot() == before)
      }
    }

    @Test(
      "one with transactions of its own is rebuilt once somebody knows of them; its logs are kept")
    func diverged() async throws {
      try await MariaDBPair.with { pair in
        try await failOver(pair, losing: 2)
        try await pair.start("production")
        // What wasn't there when somebody was asked isn't thrown away.
        let earlier = try await observation(pair)
        try await pair.sql("production", "INSERT INTO jobs VALUES (102, 'later')")
        let refused = await #expect(throws: ActionError.self) {
          _ = try await rejoin(pair, given: earlier)
        }
        #expect(refused?.code == "replication.diverged")
        #expect(try await pair.sql("production", "SELECT max(id) FROM jobs") == "102")
        let seen = try await observation(pair)
        let divergence = try await family.divergence(
          of: try pair.copy("production"), from: try pair.copy("dr"), given: seen,
          world.makeObserver())
        #expect(divergence == .some("4 transactions, up to 0-1-5"))
        let evidence = try await rejoin(pair, given: seen)
        try await followsDR(pair)
        #expect(try await pair.sql("production", "SHOW DATABASES LIKE 'lost_too'") == "")
        let kept = try #require(evidence.details["kept_logs"]?.string)
        let logs = try FileManager.default.contentsOfDirectory(atPath: kept)
          .filter { $0.hasPrefix("binlog.0") }.map { "\(kept)/\($0)" }
        let texts = try await shell("mariadb-binlog", "--no-defaults", "--verbose", logs[0])
        #expect(texts.contains("lost"))
        #expect(evidence.details["given_up"] == "4 transactions, up to 0-1-5")
        // The way home is open: the new history counts as the primary's.
        let back = try pair.reverse(to: "production")
        let looked = try await back.probe(world.makeObserver())
        let own = try #require(back.guards.first { $0.id == "nothing-of-its-own" })
        #expect(own.check(looked) == .holds)
        _ = try await back.act(world.makeOperator(token: "t"), given: looked)
        #expect(try await pair.roles() == ["primary", "replica"])
      }
    }

    @Test("wherever the process dies in a rebuild, rejoining again completes it")
    func crashes() async throws {
      try await MariaDBPair.with { pair in
        try await failOver(pair, losing: 2)
        try await pair.start("production")
        for calls in 0... {
          let seen = try await observation(pair)
          let dying = MortalOperator(world.makeOperator(token: "t"), after: calls)
          do { _ = try await rejoin(pair, given: seen, by: dying) } catch is MortalOperator.Died {}
          guard dying.isDead else {
            #expect(calls > 12)
            break
          }
        }
        try await followsDR(pair)
      }
    }

    @Test("what is being rebuilt is not promoted")
    func halfBuilt() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql("production", "SET GLOBAL read_only=1")
        try "rebuilding\n".write(
          toFile: "\(pair.directory)/production/conf.d/lifeboat-rebuilding", atomically: true,
          encoding: .utf8)
        let back = try pair.reverse(to: "production")
        let seen = try await back.probe(world.makeObserver())
        let error = await #expect(throws: ActionError.self) {
          _ = try await back.act(world.makeOperator(token: "t"), given: seen)
        }
        #expect(error?.code == "replication.half_built")
      }
    }

    @Test("a fenced copy takes no changes, also after a restart, and until it is promoted")
    func fence() async throws {
      try await MariaDBPair.with { pair in
        let copy = try pair.copy("production")
        #expect(try await !family.isFenced(copy, world.makeObserver()))
        _ = try await family.fence(copy, by: world.makeOperator(token: "t"))
        #expect(try await family.isFenced(copy, world.makeObserver()))
        try await pair.stop("production")
        #expect(try await family.isFenced(copy, world.makeObserver()))
        try await pair.start("production")
        #expect(try await pair.roles() == ["draining", "replica"])
        let application = try pair.copy("production", as: "application")
        await #expect(throws: ActionError.self) {
          _ = try await world.makeOperator(token: "t").session(application) {
            try $0.execute("INSERT INTO jobs VALUES (1, 'a')")
          }
        }
        let back = try pair.reverse(to: "production")
        let seen = try await back.probe(world.makeObserver())
        _ = try await back.act(world.makeOperator(token: "t"), given: seen)
        #expect(try await !family.isFenced(copy, world.makeObserver()))
        try await pair.stop("production")
        try await pair.start("production")
        #expect(try await pair.roles() == ["primary", "replica"])
      }
    }

    @Test(
      "a server that is down is fenced before it comes back; a replica stays one after a restart")
    func fencedWhileDown() async throws {
      try await MariaDBPair.with { pair in
        try pair.kill("production")
        let copy = try pair.copy("production")
        _ = try await family.fence(copy, by: world.makeOperator(token: "t"))
        #expect(try await family.isFenced(copy, world.makeObserver()))
        try await pair.start("production")
        try await pair.stop("dr")
        try await pair.start("dr")
        #expect(try await pair.roles() == ["draining", "replica"])
      }
    }

    @Test("semi-synchronous replication is on at the primary alone, before and after")
    func semiSync() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql(
          "dr", "SET GLOBAL rpl_semi_sync_slave_enabled=1; STOP SLAVE; START SLAVE")
        try await pair.sql(
          "production",
          "SET GLOBAL rpl_semi_sync_master_timeout=20000; SET GLOBAL rpl_semi_sync_master_enabled=1"
        )
        for (from, to) in [("production", "dr"), ("dr", "production")] {
          let action = try pair.reverse(to: to)
          let seen = try await action.probe(world.makeObserver())
          _ = try await action.act(world.makeOperator(token: "t"), given: seen)
          #expect(try await pair.server(to).isSemiSyncSource)
          #expect(try await !pair.server(from).isSemiSyncSource)
          try await pair.sql(to, "SET GLOBAL rpl_semi_sync_master_timeout=20000")
          try await pair.sql(to, "INSERT INTO jobs VALUES (ascii('\(to)'), 'a')")
          try await eventually("\(from) acknowledges") {
            try await pair.sql(to, "SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'").hasSuffix("1")
          }
        }
      }
    }

    @Test("the Failover table and SQL steps work on MariaDB")
    func failoverTable() async throws {
      try await MariaDBPair.with { pair in
        try await pair.sql("production", "INSERT INTO Failover VALUES ('{OTHER}', 'p1', 1.5)")
        let truncate = try pair.make(FailoverTruncate.self, at: "production")
        let seen = try await truncate.probe(world.makeObserver())
        #expect(truncate.judge(seen).name == "needed")
        for each in truncate.guards { #expect(each.check(seen) == .holds, "\(each.id)") }
        _ = try await truncate.act(world.makeOperator(token: "t"), given: seen)
        #expect(try await pair.sql("production", "SELECT count(*) FROM Failover") == "0")
        let insert = try pair.make(
          SQLRun.self,
          [
            "statement": "INSERT INTO jobs VALUES (1, 'it''s \\ \"quoted\"')",
            "unless": "SELECT count(*) FROM jobs WHERE id = 1",
          ], at: "production")
        _ = try await insert.act(
          world.makeOperator(token: "t"), given: try await insert.probe(world.makeObserver()))
        #expect(
          try await pair.sql("production", "SELECT hex(name) FROM jobs")
            == "6974277320_5C_202271756F74656422".replacing("_", with: ""))
        // A second primary bars the way: nothing says which one is right.
        try await pair.sql("dr", "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=0")
        let own = try #require(truncate.guards.first { $0.id == "is-target-sites-own" })
        let two = try await truncate.probe(world.makeObserver())
        #expect(own.check(two) != .holds)
      }
    }
  }
}
