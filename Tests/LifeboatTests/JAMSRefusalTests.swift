import Foundation
import TestSupport
import Testing

extension JAMSSuites {
  /// Each precondition of the JAMS runbooks broken in turn: refused, with the right words, and nothing is changed. Doubles stand
  /// for Windows, SQL Server and JAMS.
  @Suite("The JAMS runbooks, refused (doubles)")
  struct JAMSRefusalTests {
    typealias Fault = JAMSReadinessTests.Fault

    /// What is asked of whichever scheduler takes over.
    static let ofTakingOver = [
      Fault("guid-known", "has no readable element 'InstalledGUID'") {
        try $0.changeFiles("dr.scheduler", [JAMSHost.serverConfig: "<ServerConfig/>"])
      },
      Fault("guid-known", "dr.scheduler has the GUID of production.scheduler") {
        let guid = JAMSHost.named("production.scheduler").guid
        try $0.changeFiles(
          "dr.scheduler",
          [JAMSHost.serverConfig: "<C><InstalledGUID>\(guid)</InstalledGUID></C>"])
      },
      Fault("default-log-path", JAMSHost.defaultLogs) {
        try $0.setWindows("dr.scheduler", ["directories": [#"C:\ProgramData"#: [String: String]()]])
      },
      Fault("common-config", "from 'sql-1.example' to 'sql-2.example'") {
        try $0.changeFiles(
          "dr.scheduler", [JAMSHost.commonConfig: JAMSHost.common(server: "sql-1.example")])
      },
      Fault("common-config", "has no configuration/appSettings/add[@key='Server']/@value") {
        try $0.changeFiles(
          "dr.scheduler",
          [JAMSHost.commonConfig: "<configuration><appSettings/></configuration>"])
      },
      Fault("knows-itself", "set jams.example, which is missing, to 198.51.100.11") {
        try $0.changeFiles("dr.scheduler", [JAMSHost.hostsFile: "127.0.0.1 localhost\r\n"])
      },
      Fault("guid-known", "dr.scheduler") { try $0.power(["dr.scheduler"], on: false) },
      Fault("replica-current", "scheduler@dr") { try $0.power(["dr.database"], on: false) },
    ]

    static let ofMirrors = [
      Fault("replica-current", "scheduler@dr") {
        try $0.setSQLServer(["mirroring": "JAMS"], ["suspended": true])
      },
      Fault("replica-current", "scheduler@dr") {
        try $0.setSQLServer(["mirroring": "JAMS"], ["lagging": true])
      },
      Fault("replica-current", "VIEW SERVER STATE") {
        try $0.setSQLServer(
          ["instance": "dr", "login": "lifeboat_observe"], ["sysadmin": false, "permissions": []])
      },
    ]

    static let ofGroups = [
      Fault("replica-current", "scheduler@dr") {
        try $0.setSQLServer(
          ["instance": "dr", "login": "lifeboat_observe"], ["permissions": ["VIEW ANY DEFINITION"]])
      },
      Fault("replica-current", "VIEW ANY DEFINITION") {
        try $0.setSQLServer(
          ["instance": "dr", "login": "lifeboat_observe"], ["permissions": ["VIEW SERVER STATE"]])
      },
      Fault("replica-current", "scheduler@dr") {
        try $0.setSQLServer(
          ["instance": "dr", "login": "lifeboat_observe"], ["password": "another"])
      },
    ]

    @Test("switchover: the site that takes over isn't ready")
    func takingOver() async throws {
      try await expectRefused("jams-dr-switchover", Self.ofTakingOver, .availabilityGroup)
    }

    @Test("failover: production is lost, and the site that takes over isn't ready")
    func takingOverForTheLost() async throws {
      // The one may be put right afterwards; the other is seen only while production can be asked.
      let faults = Self.ofTakingOver.filter {
        $0.check != "knows-itself" && !$0.words.contains("has the GUID of")
      }
      try await expectRefused(
        "jams-dr-failover", faults, .availabilityGroup,
        answers: JAMSRunbookTests.attestations()
      ) { try $0.power(JAMSHost.production, on: false) }
    }

    @Test("switchover: the mirror isn't current, or nothing may be seen of it")
    func mirrors() async throws {
      try await expectRefused("jams-dr-switchover", Self.ofMirrors, .mirroring)
    }

    @Test("switchover: nothing may be seen of the secondary replica")
    func groups() async throws {
      try await expectRefused("jams-dr-switchover", Self.ofGroups, .availabilityGroup)
    }

    @Test("failback, agents, reprotection and the pair: control isn't where it should be")
    func control() async throws {
      let writesNothing = Fault("active-writable", "scheduler@dr") {
        try $0.setSQLServer(["instance": "dr", "database": "JAMS"], ["is_read_only": true])
      }
      let isForeign = "99999999-0000-4000-8000-000000000000"
      let foreign = Fault("primary-in-control", "its Failover table holds \(isForeign)") {
        try $0.sql("production", "UPDATE dbo.Failover SET GUID = '\(isForeign)'")
      }
      let disagreeing = Fault("pair-agreed", "Interval is 60 on production.scheduler, 30 on") {
        try $0.changeFiles(
          JAMSHost.partner, [JAMSHost.failoverConfig: JAMSHost.failover(interval: 30)])
      }
      try await JAMSSites.with(.availabilityGroup) { sites in
        try await expectRefused(
          "jams-repoint-agents", Fault("in-control", "scheduler@dr") { _ in }, at: sites)
        for (runbook, fault, values) in [
          ("jams-ha-install", foreign, []), ("jams-ha-upgrade", disagreeing, JAMSPairTests.version),
        ] {
          try sites.reset(.availabilityGroup)
          try fault.strike(sites)
          try await expectRefused(runbook, fault, at: sites, values)
        }
        try sites.reset(.availabilityGroup)
        try sites.moveByHand(.availabilityGroup)
        let suspended = Fault("replica-follows", "scheduler@production receives nothing") {
          try $0.setSQLServer(["group": "jams", "replica": "production"], ["suspended": ["JAMS"]])
        }
        try suspended.strike(sites)
        try await expectRefused("jams-dr-failback", suspended, at: sites)
        try writesNothing.strike(sites)
        try await expectRefused("jams-dr-reprotect", writesNothing, at: sites)
      }
    }

    private func expectRefused(
      _ runbook: String, _ faults: [Fault], _ replication: JAMSReplication,
      answers: [String] = [], begin: @Sendable (JAMSSites) throws -> Void = { _ in }
    ) async throws {
      try await JAMSSites.with(replication) { sites in
        for fault in faults {
          try sites.reset(replication)
          try begin(sites)
          try fault.strike(sites)
          try await expectRefused(runbook, fault, at: sites, [], answers)
        }
      }
    }

    /// Before anything was changed.
    private func expectRefused(
      _ runbook: String, _ fault: Fault, at sites: JAMSSites, _ values: [String] = [],
      _ answers: [String] = []
    ) async throws {
      let before = try sites.everything()
      let ran = try await sites.carryOut("execute", runbook, values, answers)
      #expect(ran.code == 2, "\(runbook), \(fault.check): \(ran)")
      #expect(
        ran.output.contains(fault.words) && ran.output.contains(fault.check),
        "\(runbook), \(fault.check): \(ran)")
      #expect(try sites.everything() == before, "\(runbook), \(fault.check)")
    }
  }
}
