import Foundation
import Testing

/// The shipped runbooks on SQL Server, by the binary; a double stands for SQL Server.
@Suite("The shipped runbooks on SQL Server (a double)", .serialized)
struct SQLServerRunTests {
  static let replications = ["mirroring", "availability_group", "log_shipping"]

  @Test("switchover there and back: rehearsed, executed, executed again", arguments: replications)
  func switchover(_ replication: String) async throws {
    try await SQLServerSites.with(replication) { sites in
      try await sites.expectInControl("production")
      for (from, to) in [("production", "dr"), ("dr", "production")] {
        let values = ["from=\(from)", "to=\(to)"]
        let rehearsed = try await sites.carryOut("rehearse", "scheduler-switchover", values)
        // What is in a copy that nobody can open can't be told beforehand.
        #expect(rehearsed.code == 7, "\(rehearsed)")
        #expect(rehearsed.output.contains("→ would change: make scheduler@\(to) the primary"))
        try await sites.expectInControl(from)
        let executed = try await sites.carryOut("execute", "scheduler-switchover", values)
        #expect(executed.code == 0, "\(executed)")
        try await sites.expectInControl(to)
        let again = try await sites.carryOut(
          "execute", "scheduler-switchover", values, ["--output", "json"])
        #expect(again.code == 0, "\(again)")
        #expect(!again.output.contains("\"changed\""), "\(again)")
      }
      #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
    }
  }

  @Test("production's servers stop: failover, reprotect, and back", arguments: replications)
  func failover(_ replication: String) async throws {
    try await SQLServerSites.with(replication) { sites in
      try await sites.control("stop", "production", "scheduler")
      try await sites.control("stop", "production", "db")
      // Of a mirror that has lost its principal nobody knows how old it is, and of a server that stopped what it alone has.
      let isMirrored = replication == "mirroring"
      let accepting = isMirrored ? ["--accept", "replica-current=the test says so"] : []
      var executed = try await sites.carryOut("execute", "scheduler-failover", [], accepting)
      if isMirrored {
        #expect(executed.code == 4, "\(executed)")
        executed = try await sites.lifeboat(["resume", "--consent", "reverse-replication=so be it"])
      }
      #expect(executed.code == 0, "\(executed)")
      try await sites.expectInControl("dr")
      let again = try await sites.carryOut("execute", "scheduler-failover")
      #expect(again.code == 0, "\(again)")
      let asked = try await sites.carryOut("execute", "reprotect")
      #expect(asked.code == 4 && asked.output.contains("can't be told"), "\(asked)")
      let reprotected = try await sites.lifeboat(["resume", "--consent", "rejoin=so be it"])
      #expect(reprotected.code == 0, "\(reprotected)")
      let back = try await sites.carryOut("execute", "scheduler-failback")
      #expect(back.code == 0, "\(back)")
      try await sites.expectInControl("production")
    }
  }

  @Test(
    "killed at the reversal and resumed",
    arguments: ["intent.after", "act.call-1", "act.after"], replications)
  func resumed(_ crashPoint: String, _ replication: String) async throws {
    try await SQLServerSites.with(replication) { sites in
      let crashed = try await sites.lifeboat(
        ["execute", Programs.runbook("scheduler-switchover")],
        crashAt: "reverse-replication:\(crashPoint)")
      #expect(crashed.code > 128, "\(crashed)")
      let resumed = try await sites.lifeboat(["resume"])
      #expect(resumed.code == 0, "\(resumed)")
      try await sites.expectInControl("dr")
    }
  }
}
