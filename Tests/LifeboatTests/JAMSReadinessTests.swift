import Foundation
import TestSupport
import Testing

extension JAMSSuites {
  /// `jams-ha-check`, by the binary: ready, and each of its checks broken in turn. Doubles stand for Windows, SQL Server and JAMS.
  @Suite("The JAMS runbook that checks readiness (doubles)")
  struct JAMSReadinessTests {
    @Test("a healthy pair is ready, and again", arguments: JAMSReplication.chosen)
    func ready(_ replication: JAMSReplication) async throws {
      try await JAMSSites.with(replication) { sites in
        let before = try sites.everything()
        let rehearsed = try await sites.carryOut("rehearse", "jams-ha-check")
        // That services see one directory is shown by an exchange alone.
        #expect(rehearsed.code == 0, "\(rehearsed)")
        #expect(try sites.everything() == before)
        let checked = try await sites.carryOut("execute", "jams-ha-check")
        #expect(checked.code == 0, "\(checked)")
        try sites.expectInControl("production.scheduler")
        let proved = try sites.everything()
        let again = try await sites.carryOut("execute", "jams-ha-check")
        #expect(again.code == 0, "\(again)")
        let outcomes = try await sites.outcomes()
        #expect(outcomes.count >= 13 && outcomes.values.allSatisfy { $0 == "ok" }, "\(outcomes)")
        #expect(try sites.everything() == proved)
        #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
      }
    }

    /// One thing that is not as it should be, and how that is told.
    struct Fault: Sendable {
      let check: String
      let words: String
      let strike: @Sendable (JAMSSites) throws -> Void

      init(
        _ check: String, _ words: String, _ strike: @escaping @Sendable (JAMSSites) throws -> Void
      ) {
        self.check = check
        self.words = words
        self.strike = strike
      }
    }

    static let ofHosts = [
      Fault("pair-running@production.partner", "JAMSScheduler is stopped") {
        try $0.changeServices(JAMSHost.partner, ["state": "Stopped"], of: ["JAMSScheduler"])
      },
      Fault("pair-running@production.scheduler", "JAMSServer is automatic") {
        try $0.changeServices(
          "production.scheduler", ["start_type": "automatic"], of: ["JAMSServer"])
      },
      Fault("standby-stopped", "JAMSServer is running") {
        try $0.changeServices("dr.scheduler", ["state": "Running"], of: ["JAMSServer"])
      },
      Fault("standby-stopped", "JAMSExecutor is manual") {
        try $0.changeServices("dr.scheduler", ["start_type": "manual"], of: ["JAMSExecutor"])
      },
      Fault("standby-guid", "has no readable element 'InstalledGUID'") {
        try $0.changeFiles("dr.scheduler", [JAMSHost.serverConfig: "<ServerConfig/>"])
      },
      Fault("standby-guid", "dr.scheduler has the GUID of production.scheduler") {
        let guid = JAMSHost.named("production.scheduler").guid
        try $0.changeFiles(
          "dr.scheduler",
          [JAMSHost.serverConfig: "<C><InstalledGUID>\(guid)</InstalledGUID></C>"])
      },
      Fault("pair-agrees", "Interval is 60 on production.scheduler, 30 on production.partner") {
        try $0.changeFiles(
          JAMSHost.partner, [JAMSHost.failoverConfig: JAMSHost.failover(interval: 30)])
      },
      Fault("pair-agrees", "production.partner has no C:") {
        try $0.changeFiles(JAMSHost.partner, [JAMSHost.failoverConfig: nil])
      },
      Fault("pair-agrees", "JAMS-2 has no address on production.scheduler") {
        try $0.setWindows("production.scheduler", ["names": ["JAMS-1": ["192.0.2.11"]]])
      },
      Fault("pair-agrees", "production.scheduler can't reach JAMS-2:4773") {
        try $0.setWindows("production.scheduler", ["ports": [String: String]()])
      },
      Fault("partner-default-logs", #"C:\Program Files\MVPSI\JAMS\Scheduler\Log"#) {
        try $0.setWindows(
          JAMSHost.partner, ["directories": [#"C:\ProgramData"#: [String: String]()]])
      },
      Fault("standby-default-logs", #"C:\Program Files\MVPSI\JAMS\Scheduler\Log"#) {
        try $0.setWindows("dr.scheduler", ["directories": [#"C:\ProgramData"#: [String: String]()]])
      },
      Fault("shared-log-path", "dr.scheduler") {
        try FileManager.default.createDirectory(
          atPath: $0.directory + "/other", withIntermediateDirectories: true)
        try $0.setWindows(
          "dr.scheduler", ["shares": [JAMSHost.share: ["directory": $0.directory + "/other"]]])
      },
      Fault("shared-log-path", "production.partner") {
        // Lifeboat's own account may, and the service's may not.
        let share: [String: Any] = ["directory": $0.directory + "/logs", "closed_to": ["S-1-5-18"]]
        try $0.setWindows(JAMSHost.partner, ["shares": [JAMSHost.share: share]])
      },
      Fault("standby-common-config", "from 'sql-1.example' to 'sql-2.example'") {
        try $0.changeFiles(
          "dr.scheduler", [JAMSHost.commonConfig: JAMSHost.common(server: "sql-1.example")])
      },
      Fault("standby-knows-itself", "set jams.example, which is 192.0.2.11, to 198.51.100.11") {
        try $0.changeFiles("dr.scheduler", [JAMSHost.hostsFile: "192.0.2.11 jams.example\r\n"])
      },
      Fault("primary-hears-secondary", #"let EXAMPLE\JAMS-2$ send to jamsrequests"#) {
        try $0.setQueues("production.scheduler", [])
      },
      Fault("secondary-hears-primary", #"EXAMPLE\JAMS-1$ is denied to send to jamsrequests"#) {
        try $0.setQueues(
          JAMSHost.partner, [["account": #"EXAMPLE\JAMS-1$"#, "access": "Deny", "rights": 4]])
      },
    ]

    static let ofJAMS = [
      Fault("active-in-control", "its Failover table holds 99999999-0000-4000-8000-000000000000") {
        try $0.sql(
          "production",
          "UPDATE dbo.Failover SET GUID = '99999999-0000-4000-8000-000000000000'")
      },
      Fault("healthy", "its scheduler is not active") {
        try $0.faultREST(
          "production.scheduler",
          [
            "match": "GET .*scheduler/active", "action": "answer", "text": "false",
            "times": NSNull(),
          ])
      },
      Fault("healthy", "production.scheduler") {
        try $0.faultREST(
          "production.scheduler",
          ["match": "GET .*serverStatus", "action": "status", "status": 503, "times": NSNull()])
      },
      Fault("agents", "the agent AGENT-1 is not online") {
        try $0.changeServices("dr.agent-1", ["state": "Stopped"], of: ["JAMSAgent"])
      },
      Fault("agents", "these jobs would end with it: backup") {
        try $0.setREST(
          "production.scheduler", ["jobs": [["jobName": "backup", "agentName": "JAMS-1"]]])
      },
    ]

    static let ofMirroring = [
      Fault("replicated", "scheduler@dr receives nothing") {
        try $0.setSQLServer(["mirroring": "JAMS"], ["suspended": true])
      },
      Fault("replica-current", "scheduler@dr") {
        try $0.setSQLServer(["mirroring": "JAMS"], ["lagging": true])
      },
    ]

    static let ofGroups = [
      Fault("replicated", "scheduler@dr receives nothing") {
        try $0.setSQLServer(["group": "jams", "replica": "dr"], ["suspended": ["JAMS"]])
      }
    ]

    static let ofShipping = [
      Fault("replicated", "sends its log to nobody") {
        try $0.switchOff("LSBackup_JAMS", at: "production")
      },
      Fault("replicated", "scheduler@dr receives nothing") {
        try $0.switchOff("LSRestore_production_JAMS", at: "dr")
      },
    ]

    @Test("of hosts: each check that is broken is found, with its own message")
    func hosts() async throws { try await expectFound(Self.ofHosts, .availabilityGroup) }

    @Test("of JAMS: each check that is broken is found, with its own message")
    func scheduler() async throws { try await expectFound(Self.ofJAMS, .mirroring) }

    @Test("of mirroring: each check that is broken is found, with its own message")
    func mirroring() async throws { try await expectFound(Self.ofMirroring, .mirroring) }

    @Test("of availability groups: each check that is broken is found, with its own message")
    func groups() async throws { try await expectFound(Self.ofGroups, .availabilityGroup) }

    @Test("of log shipping: each check that is broken is found, with its own message")
    func shipping() async throws { try await expectFound(Self.ofShipping, .logShipping) }

    private func expectFound(_ faults: [Fault], _ replication: JAMSReplication) async throws {
      try await JAMSSites.with(replication) { sites in
        let runbook = try sites.impatient("jams-ha-check")
        for fault in faults {
          try sites.reset(replication)
          try fault.strike(sites)
          let checked = try await sites.lifeboat(["execute", runbook])
          // A step says no, or a precheck does.
          #expect([1, 2].contains(checked.code), "\(fault.check): \(checked)")
          #expect(
            checked.output.split(separator: "\n").contains {
              $0.contains(fault.words)
            }, "\(fault.check): \(checked)")
          #expect(checked.output.contains(fault.check), "\(fault.check): \(checked)")
        }
      }
    }
  }
}

extension JAMSSites {
  fileprivate func switchOff(_ job: String, at site: String) throws {
    try sql(site, "EXEC msdb.dbo.sp_update_job @job_name = N'\(job)', @enabled = 0", in: "msdb")
  }
}
