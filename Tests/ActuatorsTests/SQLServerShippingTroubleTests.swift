import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Where log shipping refuses, and what it leaves then.
@Suite("SQL Server's log shipping in trouble (a double)", .serialized)
struct SQLServerShippingTroubleTests {
  private func with(
    permissions: [String]? = SQLServerShippingTests.watching,
    _ body: (SQLServerPair) async throws -> Void
  ) async throws {
    try await SQLServerPair.with(.logShipping, permissions: permissions, body)
  }

  @Test(
    "a log that is missing in the sequence is found out while production is open; then the copy is made anew"
  )
  func gap() async throws {
    try await with { pair in
      try pair.insert("production", "one")
      // By hand, to where no copy job looks.
      try pair.sql(
        "production", "BACKUP LOG JAMS TO DISK = N'/tmp/\(UUID().uuidString)'", database: "master")
      try pair.insert("production", "two")
      let error = await #expect(throws: ActionError.self) {
        try await pair.perform(try pair.reverse())
      }
      #expect(error?.code == "replication.job_failed")
      #expect(error?.message.contains("too recent") == true, "\(String(describing: error))")
      #expect(try await pair.writable() == ["production"])
      #expect(try pair.enabledJobs("production") == ["LSBackup_JAMS"])
      let evidence = try await pair.perform(try pair.rejoin("dr"))
      #expect(evidence.details["made_anew_from"] != nil)
      try await pair.perform(try pair.reverse())
      #expect(try pair.hosts("dr") == ["one", "p1 'ö' 😀", "two"])
    }
  }

  @Test("a tail that can't be restored leaves the target closed, and the way back open")
  func tailNotRestored() async throws {
    try await with { pair in
      try pair.double.ask([
        "do": "fault", "match": "RESTORE LOG", "action": "error", "number": 4330, "instance": "dr",
        "times": 1,
      ])
      let error = await #expect(throws: ActionError.self) {
        try await pair.perform(try pair.reverse())
      }
      #expect(
        error?.message.contains("another recovery path") == true, "\(String(describing: error))")
      #expect(try await pair.roles() == "draining 0, replica 0")
      #expect(try await pair.writable() == [])
      try await pair.perform(try pair.reverse(to: "production"))
      #expect(try await pair.writable() == ["production"])
    }
  }

  @Test("a server that takes the tail for restored already isn't believed: the target stays closed")
  func tailNotThere() async throws {
    try await with { pair in
      try pair.insert("production", "only in the tail")
      try await pair.perform(try pair.make(DatabaseFence.self, at: "production"))
      try pair.double.ask([
        "do": "fault", "match": "RESTORE LOG", "action": "error", "number": 4326, "instance": "dr",
        "times": 1,
      ])
      let error = await #expect(throws: ActionError.self) {
        try await pair.perform(try pair.reverse())
      }
      #expect(error?.code == "replication.incomplete", "\(String(describing: error))")
      #expect(try await pair.roles() == "draining 0, replica 0")
      try await pair.perform(try pair.reverse())
      #expect(try pair.hosts("dr") == ["only in the tail", "p1 'ö' 😀"])
    }
  }

  @Test("a primary that was closed isn't opened again once somebody has promoted the other")
  func promotedMeanwhile() async throws {
    try await with { pair in
      try await pair.perform(try pair.make(DatabaseFence.self, at: "production"))
      let back = try pair.reverse(to: "production")
      let seen = try await pair.look(back).observation
      try pair.sql("dr", "RESTORE DATABASE JAMS WITH RECOVERY", database: "master")
      let error = await #expect(throws: ActionError.self) {
        _ = try await back.act(world.makeOperator(token: "t"), given: seen)
      }
      #expect(error?.code == "replication.moved", "\(String(describing: error))")
      #expect(try await pair.writable() == ["dr"])
    }
  }

  @Test("a tail that can't be taken leaves production as it was")
  func noTail() async throws {
    try await with { pair in
      try pair.double.ask([
        "do": "fault", "match": "WITH NORECOVERY", "action": "error", "number": 3201,
        "arguments": [#"D:\out"#, "112(There is not enough space on the disk.)"],
        "instance": "production", "times": 1,
      ])
      let error = await #expect(throws: ActionError.self) {
        try await pair.perform(try pair.reverse())
      }
      #expect(error?.message.contains("backup file") == true)
      #expect(try await pair.roles() == "primary 0, replica 0")
      #expect(try pair.enabledJobs("production") == ["LSBackup_JAMS"])
      try pair.insert("production", "works on")
      try await pair.perform(try pair.reverse())
      #expect(try pair.hosts("dr") == ["p1 'ö' 😀", "works on"])
    }
  }

  @Test("a restore job that stays behind on purpose is brought up before the target is recovered")
  func delayed() async throws {
    try await with { pair in
      try pair.sql(
        "dr",
        "EXEC master.dbo.sp_change_log_shipping_secondary_database @secondary_database = N'JAMS', @restore_delay = 600",
        database: "master")
      try pair.insert("production", "young")
      try pair.run("production", "LSBackup_JAMS")
      try pair.run("dr", "LSCopy_production_JAMS")
      try pair.run("dr", "LSRestore_production_JAMS")
      try await pair.control("stop", "production")
      let evidence = try await pair.perform(try pair.reverse("ungraceful"))
      #expect(evidence.details["restore_delay_was"] == "600m")
      #expect(try pair.hosts("dr") == ["p1 'ö' 😀", "young"])
    }
  }

  @Test("how old a replica is, it says by the last log that it restored")
  func asOf() async throws {
    try await with { pair in
      let lag = try pair.make(ReplicationLag.self, ["maximum": "5m"])
      try pair.insert("production", "one")
      for job in ["LSBackup_JAMS"] { try pair.run("production", job) }
      for job in ["LSCopy_production_JAMS", "LSRestore_production_JAMS"] { try pair.run("dr", job) }
      let (observation, verdict) = try await pair.look(lag)
      #expect(verdict.isSatisfied, "\(verdict)")
      #expect(observation["scheduler@dr", "as_of"]?.string?.hasSuffix("Z") == true)
      #expect(
        observation["scheduler@dr", "log_last_backup"]?.string?.hasPrefix(#"D:\log's ]"ö\in"#)
          == true)
    }
  }

  @Test("jobs that are switched off are told: the log is sent to nobody, or nobody receives it")
  func jobsOff() async throws {
    try await with { pair in
      let status = try pair.make(ReplicationStatus.self, ["primary": "production"])
      #expect(try await pair.look(status).verdict.isSatisfied)
      for (site, job, word) in [
        ("production", "LSBackup_JAMS", "sends its log to nobody"),
        ("dr", "LSRestore_production_JAMS", "receives nothing"),
      ] {
        try pair.enable(site, job, false)
        let verdict = try await pair.look(status).verdict
        #expect("\(verdict)".contains(word), "\(verdict)")
        // What is needed then is done by reversing to where the primary is.
        try await pair.perform(try pair.reverse(to: "production"))
        #expect(try await pair.look(status).verdict.isSatisfied)
      }
    }
  }

  @Test("without the permission to read msdb, log shipping is not taken for absent")
  func permissions() async throws {
    try await with(permissions: ["VIEW ANY DEFINITION"]) { pair in
      let observation = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      for site in SQLServerPair.sites {
        let gap = observation.gap("scheduler@\(site)", "role")
        #expect(gap?.contains("may not read msdb") == true, "\(gap ?? "")")
      }
    }
    try await with { pair in
      try pair.sql(
        "dr",
        "EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'JAMS'",
        database: "master")
      let observation = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      #expect(
        observation.gap("scheduler@dr", "role")?.contains("is shipped neither from nor to") == true)
    }
  }

  @Test("every action keeps its word when its target can't be asked")
  func unreachable() async throws {
    try await with { pair in
      let dark = try await pair.darkened("production")
      try await dark.expectConformance()
    }
  }
}

extension SQLServerPair {
  func insert(_ site: String, _ host: String) throws {
    try sql(site, "INSERT INTO dbo.Failover VALUES (NEWID(), N'\(host)', NULL)")
  }

  /// Whose rows are stored there, sorted.
  func hosts(_ site: String) throws -> [String] {
    let answer = try double.ask([
      "do": "sql", "instance": site, "database": "JAMS", "text": "SELECT Host FROM dbo.Failover",
    ])
    return ((answer["rows"] as? [[Any]]) ?? []).map { "\($0[0])" }.sorted()
  }

  func run(_ site: String, _ job: String) throws {
    try sql(site, "EXEC msdb.dbo.sp_start_job @job_name = N'\(job)'", database: "msdb")
    try double.ask(["do": "look", "times": 4])
  }

  func enable(_ site: String, _ job: String, _ on: Bool) throws {
    try sql(
      site, "EXEC msdb.dbo.sp_update_job @job_name = N'\(job)', @enabled = \(on ? 1 : 0)",
      database: "msdb")
  }

  func enabledJobs(_ site: String) throws -> [String] {
    try sql(
      site, "SELECT name FROM msdb.dbo.sysjobs WHERE enabled = 1 ORDER BY name", database: "msdb"
    ).split(separator: "|").map(String.init)
  }

  /// As `standing`, with the jobs.
  func shippingStanding() async throws -> [String] {
    var lines = try await standing()
    for site in Self.sites {
      guard lines[0].contains("dark") == false else { continue }
      lines.append(
        try sql(
          site, "SELECT name, enabled FROM msdb.dbo.sysjobs ORDER BY name", database: "msdb"))
    }
    return lines
  }
}
