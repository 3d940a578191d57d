import Foundation
import GRDB
import TestSupport
import Testing

@testable import LabScheduler

@Suite("Who may run jobs", .serialized)
struct ControlTests {
  @Test func jobsRunUnderTheServersGuid() async throws {
    try await TestLab.with { lab in
      try await eventually("runs of three jobs") {
        try lab.strings(.production, "SELECT DISTINCT job_id FROM job_history").count >= 3
      }
      let guids = try lab.strings(.production, "SELECT DISTINCT guid FROM job_history")
      #expect(guids == [try lab.guid(.production)])
      let statuses = try lab.strings(.production, "SELECT DISTINCT exit_status FROM job_history")
      #expect(statuses == ["0"])
      let logs = try lab.strings(.production, "SELECT log_path FROM job_history")
      #expect(logs.allSatisfy { File.exists($0) && $0.hasPrefix(lab.layout.sharedLogDirectory) })
    }
  }

  @Test func aReplicasServerTakesNoControl() async throws {
    try await TestLab.with { lab in
      try await eventually("the copy has production's GUID") {
        try lab.strings(.dr, "SELECT guid FROM Failover") == [lab.guid(.production)]
      }
      try await lab.startServices(.dr)
      try await eventually("it says why") {
        lab.log(.server, .dr).contains("not in control: the database is a replica")
      }
      #expect(try await lab.status().schedulersInControl == 1)
    }
  }

  @Test func aForeignGuidKeepsControlAway() async throws {
    try await TestLab.with { lab in
      try await eventually("the copy has production's GUID") {
        try lab.count(.dr, "Failover") == 1
      }
      try await lab.run("disaster", ["production"])
      try lab.promote(.dr)
      try await lab.startServices(.dr)
      let production = try lab.guid(.production)
      let runs = try lab.count(.dr, "job_history")
      try await eventually("it says why") {
        lab.log(.server, .dr).contains("not in control: Failover holds \(production)")
      }
      try await eventually("the row is long stale, which excuses nothing here") {
        let beat = try lab.strings(.dr, "SELECT heartbeat_at FROM Failover")[0]
        return Clock.now.milliseconds(since: try #require(Timestamp(beat))) > 3000
      }
      #expect(try lab.strings(.dr, "SELECT guid FROM Failover") == [production])
      #expect(try lab.count(.dr, "job_history") == runs)
      try lab.execute(.dr, "DELETE FROM Failover")
      let standby = try lab.guid(.dr)
      try await eventually("the DR server runs jobs") {
        try lab.strings(.dr, "SELECT DISTINCT guid FROM job_history").contains(standby)
      }
      #expect(try lab.strings(.dr, "SELECT guid FROM Failover") == [standby])
    }
  }

  @Test func twoSchedulersInControlAreSeen() async throws {
    try await TestLab.with { lab in
      try await eventually("the copy has production's GUID") {
        try lab.count(.dr, "Failover") == 1
      }
      // What a runner must prevent: production still runs, and knows nothing of the promotion.
      try await lab.service("kill", .production, ["replicator"])
      try lab.promote(.dr)
      try lab.execute(.dr, "DELETE FROM Failover")
      try await lab.startServices(.dr)
      try await eventually("two in control") { try await lab.status().schedulersInControl == 2 }
      #expect(try await lab.run("status").contains("2 SCHEDULERS IN CONTROL."))
      for site in SiteName.allCases {
        let guid = try lab.guid(site)
        try await eventually("\(site) runs jobs under its own GUID") {
          try await lab.status().sites.first { $0.name == site }?.database.lastRuns.first?.guid
            == guid
        }
      }
    }
  }

  @Test func jobsEndTheMomentAnotherGuidAppears() async throws {
    try await TestLab.with { lab in
      try await eventually("runs") { try lab.count(.production, "job_history") > 3 }
      let runs = try lab.transaction(.production) { db in
        try db.execute(
          sql: "INSERT INTO Failover VALUES ('foreign', 'elsewhere', ?, ?)",
          arguments: [Clock.now, Clock.now])
        return try Int.fetchOne(db, sql: "SELECT count(*) FROM job_history")
      }
      try await eventually("jobs are overdue and the server says why") {
        let nextRun = try lab.strings(.production, "SELECT min(next_run_at) FROM jobs")[0]
        let overdue = Clock.now.milliseconds(since: try #require(Timestamp(nextRun)))
        return overdue > 500 && lab.log(.server, .production).contains("Failover holds foreign")
      }
      #expect(try lab.count(.production, "job_history") == runs)
    }
  }

  @Test(arguments: ["replica", "draining"])
  func onlyAPrimaryTakesWrites(role: String) async throws {
    try await TestLab.with { lab in
      let site = role == "replica" ? SiteName.dr : .production
      try await eventually("rows to change") { try lab.count(site, "Failover") == 1 }
      try await eventually("rows to change") { try lab.count(site, "job_history") > 0 }
      if role == "draining" {
        try lab.execute(site, "UPDATE replication_state SET role = 'draining'")
      }
      for statement in [
        "INSERT INTO jobs (name, kind, interval_ms, next_run_at) VALUES ('x', 'y', 1, 'z')",
        "UPDATE jobs SET interval_ms = 1", "DELETE FROM jobs",
        "INSERT INTO job_queue (job_id, queued_at) VALUES (1, 'now')",
        "INSERT INTO job_history VALUES (NULL, 1, 'a', 'b', 'c', 'd', 'e', 0, 'f')",
        "UPDATE job_history SET exit_status = 1", "DELETE FROM job_history",
        "INSERT INTO Failover VALUES ('a', 'b', 'c', 'd')",
        "UPDATE Failover SET heartbeat_at = 'never'", "DELETE FROM Failover",
      ] {
        let error = #expect(throws: DatabaseError.self, "\(statement)") {
          try lab.execute(site, statement)
        }
        #expect(error?.message == "this database is \(role == "replica" ? "a replica" : role)")
      }
    }
  }

  @Test func rolesChangeOnlyInSoundWays() async throws {
    try await TestLab.with { lab in
      for (site, change) in [
        (SiteName.dr, "role = 'primary'"), (.dr, "role = 'draining'"),
        (.production, "epoch = 0"), (.production, "role = 'nonsense'"),
      ] {
        #expect(throws: DatabaseError.self, "\(change)") {
          try lab.execute(site, "UPDATE replication_state SET \(change)")
        }
      }
      #expect(throws: DatabaseError.self) {
        try lab.execute(.production, "DELETE FROM replication_state")
      }
    }
  }
}
