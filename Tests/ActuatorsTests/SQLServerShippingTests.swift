import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Reversing log shipping, with the double of SQL Server, whose jobs and files are real.
@Suite("SQL Server's log shipping (a double)", .serialized)
struct SQLServerShippingTests {
  static let watching = ["VIEW ANY DEFINITION", "DB_DATAREADER OF MSDB"]

  private func with(
    permissions: [String]? = watching, _ body: (SQLServerPair) async throws -> Void
  ) async throws {
    try await SQLServerPair.with(.logShipping, permissions: permissions, body)
  }

  @Test("a switchover and what follows it, action by action, and back again")
  func switchover() async throws {
    try await with { pair in
      try pair.insert("production", "last")
      try await expectConforms(try pair.reverse()) { try await pair.shippingStanding() }
      #expect(try await pair.roles() == "replica 0, primary 0")
      #expect(try pair.hosts("dr") == ["last", "p1 'ö' 😀"])
      #expect(try pair.enabledJobs("production").map { $0.prefix(6) } == ["LSCopy", "LSRest"])
      #expect(try pair.enabledJobs("dr") == ["LSBackup_JAMS"])
      let truncate = try pair.make(FailoverTruncate.self, at: "dr")
      try await expectConforms(truncate) { [try await pair.roles(), "\(try pair.rows("dr"))"] }
      for action in [
        try pair.make(DatabaseWritable.self, at: "dr"),
        try pair.make(ReplicationStatus.self, ["primary": "dr"]),
        try pair.make(ReplicationLag.self, ["maximum": "5m"]),
        try pair.make(FailoverNoForeignGUID.self, at: "dr"),
      ] as [any Action] {
        let verdict = try await pair.look(action).verdict
        #expect(verdict.isSatisfied, "\(type(of: action).schema.name): \(verdict)")
        try await expectConforms(action) { try await pair.shippingStanding() }
      }
      try pair.insert("dr", "written at dr")
      try await expectConforms(try pair.reverse(to: "production")) {
        try await pair.shippingStanding()
      }
      #expect(try await pair.roles() == "primary 0, replica 0")
      #expect(try pair.hosts("production") == ["written at dr"])
      #expect(try pair.enabledJobs("production") == ["LSBackup_JAMS"])
    }
  }

  @Test("jobs that are made for the other direction get a schedule, by the inventory's interval")
  func schedules() async throws {
    try await with { pair in
      try await pair.perform(try pair.reverse())
      for site in SQLServerPair.sites {
        let bare = try pair.sql(
          site,
          "SELECT COUNT(*) FROM msdb.dbo.sysjobs j LEFT JOIN msdb.dbo.sysjobschedules s ON s.job_id = j.job_id WHERE s.schedule_id IS NULL",
          database: "msdb")
        #expect(bare == "0", "\(site)")
      }
      let state = try pair.double.ask(["do": "state"])
      #expect("\(state)".contains("\"freq_subday_interval\" = 5") || "\(state)".contains("5"))
    }
  }

  @Test("production is lost: what was copied is restored, what wasn't is lost, and both are told")
  func failover() async throws {
    try await with { pair in
      try pair.insert("production", "copied")
      try pair.run("production", "LSBackup_JAMS")
      try pair.run("dr", "LSCopy_production_JAMS")
      try pair.insert("production", "never copied")
      try await pair.control("stop", "production")
      let evidence = try await pair.perform(try pair.reverse("ungraceful"))
      #expect(try pair.hosts("dr") == ["copied", "p1 'ö' 😀"])
      #expect(evidence.details["not_copied"]?.string?.contains("LSCopy") == true)
      #expect(evidence.details["as_of"]?.string?.hasSuffix("Z") == true)
      #expect(evidence.details["last_log"]?.string?.hasSuffix(".trn") == true)
      #expect(try pair.enabledJobs("dr") == [])
    }
  }

  @Test("a fence takes the tail, which a failover then brings along: nothing is lost")
  func fence() async throws {
    try await with { pair in
      try pair.insert("production", "before the fence")
      try await expectConforms(try pair.make(DatabaseFence.self, at: "production")) {
        try await pair.shippingStanding()
      }
      #expect(try await pair.roles() == "draining 0, replica 0")
      try await pair.perform(try pair.reverse("ungraceful"))
      #expect(try pair.hosts("dr") == ["before the fence", "p1 'ö' 😀"])
      try await expectConforms(try pair.rejoin("production")) { try await pair.shippingStanding() }
      #expect(try await pair.roles() == "replica 0, primary 0")
    }
  }

  @Test("a primary that answers is closed before the target is recovered")
  func rivals() async throws {
    try await with { pair in
      let evidence = try await pair.perform(try pair.reverse("ungraceful"))
      #expect(evidence.details["fenced"] == ["scheduler@production"])
      #expect(try await pair.roles() == "draining 0, primary 0")
      #expect(try await pair.writable() == ["dr"])
    }
  }

  @Test(
    "wherever the runner dies, running the step again completes it",
    arguments: [
      ("graceful", 1), ("graceful", 3), ("graceful", 4), ("graceful", 5), ("graceful", 7),
      ("graceful", 9), ("graceful", 11), ("graceful", 13), ("ungraceful", 1), ("ungraceful", 3),
      ("ungraceful", 5),
    ])
  func dying(mode: String, after calls: Int) async throws {
    try await with { pair in
      try pair.insert("production", "last")
      let action = try pair.reverse(to: "dr", mode)
      let mortal = MortalOperator(world.makeOperator(token: "t"), after: calls)
      let seen = try await pair.look(action).observation
      do { _ = try await action.act(mortal, given: seen) } catch is MortalOperator.Died {}
      #expect(try await pair.writable().count <= 1)
      try await pair.perform(action)
      #expect(try await pair.look(action).verdict.isSatisfied)
      #expect(try pair.hosts("dr") == ["last", "p1 'ö' 😀"])
    }
  }

  @Test(
    "a connection that is cut at a statement: the next run completes it",
    arguments: [
      ("BACKUP LOG", "production"), ("RESTORE LOG", "dr"), ("WITH RECOVERY", "dr"),
      ("sp_start_job", "dr"), ("sp_add_log_shipping_primary_database", "dr"),
    ], ["cut_before", "cut_after"])
  func cut(_ statement: (text: String, site: String), _ action: String) async throws {
    try await with { pair in
      try pair.insert("production", "last")
      try pair.double.ask([
        "do": "fault", "match": statement.text, "action": action, "instance": statement.site,
      ])
      let reversal = try pair.reverse()
      let error = await #expect(throws: ActionError.self) { try await pair.perform(reversal) }
      #expect(error?.kind == .inDoubt, "\(String(describing: error))")
      try await pair.perform(reversal)
      #expect(try pair.hosts("dr") == ["last", "p1 'ö' 😀"])
      #expect(try await pair.roles() == "replica 0, primary 0")
    }
  }

  @Test("after the tail was taken, the way back opens the old primary again")
  func takenBack() async throws {
    try await with { pair in
      try await pair.perform(try pair.make(DatabaseFence.self, at: "production"))
      try await pair.perform(try pair.reverse(to: "production"))
      #expect(try await pair.roles() == "primary 0, replica 0")
      try pair.insert("production", "goes on")
      try await pair.perform(try pair.reverse())
      #expect(try pair.hosts("dr") == ["goes on", "p1 'ö' 😀"])
    }
  }

  @Test("production comes back open: a person agrees, its tail is kept, and it is made anew")
  func divergence() async throws {
    try await with { pair in
      try await pair.control("stop", "production")
      try await pair.perform(try pair.reverse("ungraceful"))
      try pair.insert("dr", "new")
      let rejoin = try pair.rejoin("production")
      let stopped = try await pair.look(rejoin).observation
      #expect(rejoin.consent(for: stopped)?.prompt.contains("that can't be told") == true)
      try await pair.control("set-start-type", "production", "automatic")
      try await pair.control("start", "production")
      try pair.insert("production", "went its own way")
      let seen = try await pair.look(rejoin).observation
      let question = try #require(rejoin.consent(for: seen))
      #expect(question.prompt.contains("what was committed there beyond LSN"), "\(question.prompt)")
      let evidence = try await pair.perform(rejoin)
      #expect(evidence.details["kept"]?.string?.contains("_lifeboat_tail_") == true)
      #expect(evidence.details["made_anew_from"]?.string?.hasSuffix(".bak") == true)
      #expect(try await pair.roles() == "replica 0, primary 0")
      try await pair.perform(try pair.reverse(to: "production"))
      #expect(try pair.hosts("production") == ["new", "p1 'ö' 😀"])
    }
  }
}
