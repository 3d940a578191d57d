import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Reversing PostgreSQL's roles, with real servers.
@Suite(.serialized, .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
struct PostgreSQLReversalTests {
  private func numbers(_ pair: PostgreSQLPair, _ site: String) async throws -> Set<Int> {
    Set(
      try await pair.sql(site, "SELECT id FROM rows").split(separator: "\n").compactMap { Int($0) })
  }

  @Test(
    "there and back under a writing client: every acknowledged row is there, and never do two take changes"
  )
  func gracefulThereAndBack() async throws {
    try await PostgreSQLPair.with { pair in
      let client = try WritingClient(pair)
      try await eventually("rows are written") { try client.count("production") > 20 }
      let evidence = try await pair.perform(try pair.reverse())
      #expect(try await pair.roles() == "replica 2, primary 2")
      #expect(evidence.details["followed"] == ["scheduler@production"])
      try await eventually("rows are written at dr") { try client.count("dr") > 20 }
      let status = try await pair.look(try pair.make(ReplicationStatus.self, ["primary": "dr"]))
      #expect(status.verdict.isSatisfied, "\(status.verdict)")
      let first = try client.count("production")
      try await pair.perform(try pair.reverse(to: "production"))
      #expect(try await pair.roles() == "primary 3, replica 3")
      try await eventually("rows are written again") { try client.count("production") > first + 20 }
      let rows = try client.end()
      let here = try await numbers(pair, "production")
      #expect(rows.filter { !here.contains($0.number) } == [])
      let turns = rows.map(\.port).reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } }
      #expect(turns == ["production", "dr", "production"].map(pair.port))
      let back = try await pair.look(try pair.make(ReplicationStatus.self)).verdict
      #expect(back.isSatisfied, "\(back)")
    }
  }

  @Test("the primary is killed under a writing client: all that was committed until as_of is there")
  func ungracefulAfterDeath() async throws {
    try await PostgreSQLPair.with { pair in
      let client = try WritingClient(pair)
      try await eventually("rows are written") { try client.count("production") > 20 }
      try await pair.kill("production")
      let action = try pair.reverse("ungraceful")
      let evidence = try await pair.perform(action)
      #expect(try await pair.roles() == "stopped 1, primary 2")
      #expect(evidence.details["fenced"] == ["scheduler@production"])
      let asOf = try #require(evidence.details["as_of"]?.string)
      #expect(evidence.details["received_lsn"]?.string != nil)
      try await eventually("rows are written at dr") { try client.count("dr") > 5 }
      let acknowledged = try client.end().filter { $0.port == pair.port("production") }
      let here = try await numbers(pair, "dr")
      let lost = acknowledged.map(\.number).filter { !here.contains($0) }
      // Numbers rise, and so do commits: what is lost is the end.
      let last = try #require(here.intersection(acknowledged.map(\.number)).max())
      #expect(lost.allSatisfy { $0 > last })
      let lastAt = try await pair.sql(
        "dr",
        "SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM rows WHERE id = \(last)"
      )
      #expect(lastAt <= asOf)
      try await pair.perform(try pair.rejoin("production"))
      #expect(try await pair.roles() == "replica 2, primary 2")
    }
  }

  @Test("an old primary that answers is closed before the promotion; nothing starts it again")
  func ungracefulWhileItAnswers() async throws {
    try await PostgreSQLPair.with { pair in
      let evidence = try await pair.perform(try pair.reverse("ungraceful"))
      #expect(evidence.details["fenced"] == ["scheduler@production"])
      #expect(try await pair.roles() == "stopped 1, primary 2")
      let startType = "\(pair.directory)/production/start_type"
      #expect(try String(contentsOfFile: startType, encoding: .utf8) == "disabled\n")
      // Whoever starts it all the same gets a standby.
      try await pair.control("set-start-type", "production", "automatic")
      try await pair.start("production")
      #expect(try await pair.writable() == ["dr"])
    }
  }

  @Test("while the old primary can't be stopped nobody is promoted")
  func unstoppable() async throws {
    try await PostgreSQLPair.with { pair in
      try await pair.asServer("touch", "\(pair.directory)/production/unstoppable")
      for mode in ["ungraceful", "graceful"] {
        let error = await #expect(throws: ActionError.self) {
          _ = try await pair.perform(try pair.reverse(mode))
        }
        #expect(error?.code == "service.timed_out", "\(mode)")
        #expect(try await pair.writable() == ["production"], "\(mode)")
      }
      try await pair.asServer("rm", "\(pair.directory)/production/unstoppable")
      try await pair.perform(try pair.reverse())
      #expect(try await pair.roles() == "replica 2, primary 2")
    }
  }

  @Test("a target that doesn't get all isn't promoted, and the way back is open")
  func drainTimeout() async throws {
    try await PostgreSQLPair.with { pair in
      try await pair.cutOff("dr")
      try await pair.sql("production", "INSERT INTO rows VALUES (1)")
      let action = try pair.reverse("graceful", ["drain_timeout": "300ms"])
      #expect(
        try await pair.finding("replica-streams", of: action)
          == .violated("scheduler@dr receives nothing"))
      let observation = try await pair.look(action).observation
      let error = await #expect(throws: ActionError.self) {
        _ = try await action.act(world.makeOperator(token: "t"), given: observation)
      }
      #expect(error?.code == "replication.drain_timeout")
      #expect(try await pair.roles() == "stopped 1, replica 1")
      try await pair.perform(try pair.reverse(to: "production"))
      #expect(try await pair.roles() == "primary 1, replica 1")
      #expect(try await pair.sql("production", "SELECT id FROM rows") == "1")
      let status = try await pair.look(try pair.make(ReplicationStatus.self)).verdict
      #expect(status.isSatisfied, "\(status)")
    }
  }

  @Test(
    "cut off while the primary shut down: the end of its log is shipped when the network is back, wherever the runner dies"
  )
  func endNotShipped() async throws {
    try await PostgreSQLPair.with { pair in
      var (from, to) = ("production", "dr")
      for call in 1... {
        let link = try await pair.sql(to, "SHOW primary_conninfo")
        try await pair.cutOff(to)
        try await pair.sql(from, "INSERT INTO rows VALUES (\(call))")
        let action = try pair.reverse(to: to, "graceful", ["drain_timeout": "300ms"])
        let cut = try await pair.look(action).observation
        await #expect(throws: ActionError.self) {
          _ = try await action.act(world.makeOperator(token: "t"), given: cut)
        }
        #expect(try await pair.writable() == [])
        try await pair.reconnect(to, by: link)

        let again = try pair.reverse(to: to)
        let dying = DyingOperator(world.makeOperator(token: "t"), beforeCall: call)
        var died = true
        do {
          _ = try await again.act(dying, given: try await pair.look(again).observation)
          died = false
        } catch is DyingOperator.Death {}
        #expect(try await pair.writable().allSatisfy { $0 == to }, "call \(call)")
        try await eventually("whoever was started has what there is, call \(call)") {
          try await pair.finding("source-reachable", of: again) == .holds
        }
        try await pair.perform(again)
        #expect(try await pair.writable() == [to], "call \(call)")
        #expect(try await pair.sql(to, "SELECT max(id) FROM rows") == "\(call)")
        if !died { break }
        (from, to) = (to, from)
      }
    }
  }

  @Test(
    "wherever the runner dies in a reversal, never do two take changes, and doing it again completes it",
    arguments: ["graceful", "ungraceful"])
  func deathAtEachCall(mode: String) async throws {
    try await PostgreSQLPair.with { pair in
      var (from, to) = ("production", "dr")
      for call in 1... {
        let action = try pair.reverse(to: to, mode)
        let dying = DyingOperator(world.makeOperator(token: "t"), beforeCall: call)
        var died = true
        do {
          _ = try await action.act(dying, given: try await pair.look(action).observation)
          died = false
        } catch is DyingOperator.Death {}
        let writable = try await pair.writable()
        #expect(writable.count <= 1, "call \(call): \(writable)")
        if writable == [to], try await pair.roles().contains("stopped") {
          // Its host is started, and brings the server up with it.
          try await pair.control("set-start-type", from, "automatic")
          try await pair.start(from)
          #expect(try await pair.writable() == [to], "call \(call), after a start")
        }
        try await pair.perform(action)
        #expect(try await pair.writable() == [to], "call \(call)")
        if mode == "ungraceful" { try await pair.perform(try pair.rejoin(from)) }
        let status = try pair.make(ReplicationStatus.self, ["primary": .string(to)])
        try await eventually("status after call \(call)") {
          try await pair.look(status).verdict.isSatisfied
        }
        if !died { break }
        (from, to) = (to, from)
      }
    }
  }

  @Test("a log that doesn't end with the shutdown forbids the promotion")
  func logGoesOn() async throws {
    let twoRecords = { (_: String) in
      "#!/bin/sh\necho 'desc: CHECKPOINT_SHUTDOWN redo 0/0'\necho 'desc: INSERT'\n"
    }
    try await PostgreSQLPair.withPrograms("pg_waldump", twoRecords) { programs in
      try await PostgreSQLPair.with(programs: programs) { pair in
        let error = await #expect(throws: ActionError.self) {
          _ = try await pair.perform(try pair.reverse())
        }
        #expect(error?.code == "postgresql.log_end")
        #expect(try await pair.roles() == "stopped 1, replica 1")
        try await pair.perform(try pair.reverse(to: "production"))
        #expect(try await pair.roles() == "primary 1, replica 1")
      }
    }
  }

  @Test("replay that was paused goes on, and one that is delayed doesn't wait")
  func pausedAndDelayed() async throws {
    try await PostgreSQLPair.with { pair in
      try await pair.sql("dr", "ALTER SYSTEM SET recovery_min_apply_delay = '1h'")
      try await pair.sql("dr", "SELECT pg_reload_conf()")
      try await pair.sql("dr", "SELECT pg_wal_replay_pause()")
      try await pair.sql("production", "INSERT INTO rows VALUES (1)")
      let evidence = try await pair.perform(try pair.reverse())
      #expect(evidence.details["replay_resumed"] == true)
      #expect(try await pair.sql("dr", "SELECT id FROM rows") == "1")
      try await pair.sql("dr", "SELECT pg_reload_conf()")
      #expect(try await pair.sql("dr", "SHOW recovery_min_apply_delay") == "1h")
    }
  }

  @Test(
    "commits that would wait for nobody forbid a promotion, unless that is suspended; rejoining restores it"
  )
  func synchronous() async throws {
    try await PostgreSQLPair.with { pair in
      func demand(_ names: String) async throws {
        try await pair.sql("dr", "ALTER SYSTEM SET synchronous_standby_names = '\(names)'")
        try await pair.sql("dr", "SELECT pg_reload_conf()")
        try await eventually("the setting") {
          try await pair.sql("dr", "SHOW synchronous_standby_names") == names
        }
      }
      try await demand("production")
      #expect(try await pair.finding("commits-wont-hang", of: try pair.reverse()) == .holds)
      let ungraceful = try pair.reverse("ungraceful")
      guard case .violated = try await pair.finding("commits-wont-hang", of: ungraceful) else {
        Issue.record("every commit would wait")
        return
      }
      try await demand("elsewhere")
      guard case .violated = try await pair.finding("commits-wont-hang", of: try pair.reverse())
      else {
        Issue.record("every commit would wait, as nobody is called elsewhere")
        return
      }
      try await demand("production")
      try await pair.perform(try pair.reverse("ungraceful", ["synchronous": "suspend"]))
      try await pair.sql("dr", "INSERT INTO rows VALUES (1)")
      let evidence = try await pair.perform(try pair.rejoin("production"))
      #expect(evidence.details["synchronous_restored"] == "production")
      try await eventually("the setting is back") {
        try await pair.sql("dr", "SHOW synchronous_standby_names") == "production"
      }
      try await pair.sql("dr", "INSERT INTO rows VALUES (2)")
    }
  }

  @Test("copies of different clusters are never reversed, nor made to follow")
  func strangers() async throws {
    try await PostgreSQLPair.with { pair in
      try await pair.replaceByStranger("dr")
      let finding = try await pair.finding("same-lineage", of: try pair.reverse(to: "production"))
      guard case .violated = finding else {
        Issue.record("\(finding)")
        return
      }
      guard
        case .violated = try await pair.finding(
          "same-lineage-as-primary", of: try pair.rejoin("dr"))
      else {
        Issue.record("a stranger would be overwritten")
        return
      }
      let status = try await pair.look(try pair.make(ReplicationStatus.self)).verdict
      #expect(status.name == "needed")
    }
  }
}
