import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// How a PostgreSQL copy that fell out comes back.
@Suite(.serialized, .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
struct PostgreSQLRejoinTests {
  @Test(
    "a primary that was stopped in good order just follows: nobody is asked, nothing is thrown away"
  )
  func follows() async throws {
    try await PostgreSQLPair.with { pair in
      try await pair.perform(try pair.make(DatabaseFence.self, at: "production"))
      try await pair.perform(try pair.reverse("ungraceful"))
      let action = try pair.rejoin("production")
      let sight = try await pair.look(action)
      #expect(action.consent(for: sight.observation) == nil)
      #expect(sight.observation["scheduler@production", "diverged"] == false)
      let state = "\(pair.directory)/production-scheduler/state"
      try "running".write(toFile: state, atomically: true, encoding: .utf8)
      guard case .violated = try await pair.finding("own-scheduler-stopped", of: action) else {
        Issue.record("a scheduler would lose its database while it runs")
        return
      }
      try "stopped".write(toFile: state, atomically: true, encoding: .utf8)
      let evidence = try await pair.perform(action)
      #expect(evidence.details["way"] == "followed")
      #expect(try await pair.roles() == "replica 2, primary 2")
      try await pair.sql("dr", "INSERT INTO rows VALUES (1)")
      try await pair.caughtUp("dr", "production")
    }
  }

  private enum End: String, CaseIterable { case closed, killed, running }

  @Test(
    "one that went its own way is rewound, with a person's consent and its own settings",
    arguments: End.allCases)
  private func rewinds(end: End) async throws {
    try await PostgreSQLPair.with { pair in
      try await pair.asServer(
        "sh", "-c",
        "echo 'work_mem = 5MB' >> \(pair.data("production"))/postgresql.conf; echo secret > \(pair.data("production"))/server.key"
      )
      try await pair.sql("production", "ALTER SYSTEM SET maintenance_work_mem = '77MB'")
      try await pair.diverge("production", from: "dr")
      switch end {
      case .closed: try await pair.perform(try pair.reverse("ungraceful"))
      case .killed:
        try await pair.kill("production")
        try await pair.perform(try pair.reverse("ungraceful"))
      case .running: try await pair.sql("dr", "SELECT pg_promote()")
      }
      try await pair.sql("dr", "INSERT INTO rows VALUES (1)")
      let action = try pair.rejoin("production")
      let sight = try await pair.look(action)
      #expect(sight.observation["scheduler@production", "diverged"] == true)
      let question = try #require(action.consent(for: sight.observation))
      #expect(end == .running || question.prompt.contains(#/throws away \d{4,} bytes of log/#))
      #expect(action.consent(for: try await pair.look(action).observation) == question)
      let evidence = try await pair.perform(action)
      #expect(evidence.details["way"] == "rewound")
      #expect(try await pair.roles() == "replica 2, primary 2")
      try await pair.caughtUp("dr", "production")
      #expect(try await pair.sql("production", "SELECT id FROM rows") == "1")
      #expect(try await pair.sql("production", "SHOW work_mem") == "5MB")
      #expect(try await pair.sql("production", "SHOW maintenance_work_mem") == "77MB")
      #expect(
        try String(contentsOfFile: "\(pair.data("production"))/server.key", encoding: .utf8)
          == "secret\n")
      #expect(!FileManager.default.fileExists(atPath: "\(pair.data("production")).lifeboat/rewind"))
      try await pair.perform(try pair.reverse(to: "production"))
      #expect(try await pair.writable() == ["production"])
    }
  }

  /// Breaks off in the middle once.
  private func breakingRewind(in directory: String) -> String {
    """
    #!/bin/sh
    case " $* " in *" --dry-run "*) exec \(PostgreSQLPair.programs)/pg_rewind "$@" ;; esac
    if [ ! -e \(directory)/broken ]; then
      touch \(directory)/broken
      for word; do case $word in --target-pgdata=*) data=${word#*=} ;; esac; done
      rm -f "$data"/pg_wal/0* "$data"/postgresql.conf "$data"/standby.signal
      exit 1
    fi
    exec \(PostgreSQLPair.programs)/pg_rewind "$@"
    """
  }

  @Test("a rewind that broke off leaves a copy that counts as lost, and is done again")
  func brokenOff() async throws {
    try await PostgreSQLPair.withPrograms("pg_rewind", breakingRewind) { programs in
      try await PostgreSQLPair.with(programs: programs) { pair in
        try await pair.sql("production", "ALTER SYSTEM SET wal_keep_size = '256MB'")
        try await pair.sql("production", "SELECT pg_reload_conf()")
        let old = try await pair.sql("production", "SELECT pg_walfile_name(pg_current_wal_lsn())")
        for _ in 1...3 { try await pair.sql("production", "SELECT pg_switch_wal(); CHECKPOINT") }
        let kept = "\(pair.data("production"))/pg_wal/\(old)"
        #expect(FileManager.default.fileExists(atPath: kept))
        try await pair.diverge("production", from: "dr")
        try await pair.perform(try pair.reverse("ungraceful"))
        let action = try pair.rejoin("production")
        await #expect(throws: ActionError.self) { _ = try await pair.perform(action) }
        #expect(try await pair.roles() == "lost 0, primary 2")
        let log = try FileManager.default
          .contentsOfDirectory(atPath: "\(pair.data("production")).lifeboat/rewind/pg_wal")
        #expect(!log.isEmpty && !log.contains(old), "more than is needed is kept")
        let back = try await pair.look(try pair.reverse(to: "production", "ungraceful")).verdict
        #expect(back.name == "blocked")
        let sight = try await pair.look(action)
        #expect(sight.verdict.name == "needed")
        #expect(action.consent(for: sight.observation) == nil)
        try await pair.perform(action)
        #expect(try await pair.roles() == "replica 2, primary 2")
        try await pair.caughtUp("dr", "production")
      }
    }
  }

  @Test("wherever the runner dies while a copy is rewound, doing it again completes it")
  func deathAtEachCall() async throws {
    try await PostgreSQLPair.with { pair in
      var (primary, standby) = ("production", "dr")
      for call in 1... {
        try await pair.diverge(primary, from: standby)
        try await pair.perform(try pair.reverse(to: standby, "ungraceful"))
        let action = try pair.rejoin(primary)
        let dying = DyingOperator(world.makeOperator(token: "t"), beforeCall: call)
        var died = true
        do {
          _ = try await action.act(dying, given: try await pair.look(action).observation)
          died = false
        } catch is DyingOperator.Death {}
        #expect(try await pair.writable() == [standby], "call \(call)")
        try await pair.perform(action)
        try await pair.caughtUp(standby, primary)
        #expect(try await pair.sql(primary, "SELECT count(*) FROM rows") == "0", "call \(call)")
        if !died { break }
        (primary, standby) = (standby, primary)
      }
    }
  }

  @Test("a fence closes what runs and what is stopped, and needs somebody who can take over")
  func fence() async throws {
    try await PostgreSQLPair.with { pair in
      let fence = try pair.make(DatabaseFence.self, at: "production")
      #expect(try await pair.finding("has-successor", of: fence) == .holds)
      try await pair.stop("dr")
      #expect(
        try await pair.finding("has-successor", of: fence) == .violated("scheduler@dr is stopped"))
      try await pair.start("dr")
      try await pair.kill("production")
      #expect(try await pair.look(fence).verdict.name == "needed")
      try await pair.perform(fence)
      #expect(try await pair.look(fence).verdict.isSatisfied)
      let replica = try pair.make(DatabaseFence.self, at: "dr")
      #expect(try await pair.look(replica).verdict.isSatisfied)
    }
  }
}
