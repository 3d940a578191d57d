import Foundation
import TestSupport
import Testing

extension JAMSSuites {
  /// `jams-ha-install` and `jams-ha-upgrade`, by the binary, with their gates. Doubles stand for Windows, SQL Server and JAMS.
  @Suite("The JAMS runbooks of a pair (doubles)")
  struct JAMSPairTests {
    static let account = JAMSHost.named(JAMSHost.partner).account ?? ""

    static func approving(_ gates: [String]) -> [String] {
      gates.flatMap { ["--approve", "\($0)=done, says the test"] }
    }

    // MARK: - Installation

    static let installing = approving(["licence", "installed", "primary-restarted", "local-agent"])

    /// The secondary is installed, and nothing else is done for it.
    static func withoutPartner(_ sites: JAMSSites) throws {
      try sites.changeServices(JAMSHost.partner, ["state": "Stopped"])
      try sites.changeFiles("production.scheduler", [JAMSHost.failoverConfig: nil])
      try sites.changeFiles(
        JAMSHost.partner,
        [
          JAMSHost.failoverConfig: nil,
          JAMSHost.commonConfig: JAMSHost.common(server: "localhost"),
        ])
      try sites.setQueues("production.scheduler", [])
      try sites.setWindows(JAMSHost.partner, ["queues": [String: String]()])
      for host in ["production.scheduler", JAMSHost.partner] {
        try sites.setWindows(host, ["directories": [#"C:\ProgramData"#: [String: String]()]])
      }
      try sites.sql("production", "DROP USER [\(account)]")
      for site in ["production", "dr"] {
        try sites.sql(site, "DROP LOGIN [\(account)]", in: "master")
      }
    }

    @Test(
      "a secondary is set up from nothing; executed again everything is so",
      arguments: JAMSReplication.chosen)
    func install(_ replication: JAMSReplication) async throws {
      try await JAMSSites.with(replication) { sites in
        try Self.withoutPartner(sites)
        let before = try sites.everything()
        let rehearsed = try await sites.carryOut("rehearse", "jams-ha-install")
        // Neither its queues nor what a REST server says before the secondary is started can be foreseen.
        #expect(rehearsed.code == 7, "\(rehearsed)")
        #expect(rehearsed.output.contains("has no private queue jamsrequests"), "\(rehearsed)")
        let waiting = try await sites.carryOut("execute", "jams-ha-install")
        #expect(waiting.code == 4 && waiting.output.contains("licence"), "\(waiting)")
        #expect(try sites.everything() == before)

        let installed = try await sites.lifeboat(["resume"] + Self.installing)
        #expect(installed.code == 0, "\(installed)")
        try expectInstalled(sites)
        let after = try sites.everything()
        let again = try await sites.carryOut("execute", "jams-ha-install", [], Self.installing)
        #expect(again.code == 0, "\(again)")
        let outcomes = try await sites.outcomes()
        #expect(outcomes.count == 20 && outcomes.values.allSatisfy { $0 == "ok" }, "\(outcomes)")
        #expect(try sites.everything() == after)
        // What was set up is what the nightly check asks for.
        let checked = try await sites.carryOut("execute", "jams-ha-check")
        #expect(checked.code == 0, "\(checked)")
        #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
      }
    }

    private func expectInstalled(_ sites: JAMSSites) throws {
      try sites.expectInControl("production.scheduler")
      #expect(try sites.running() == [JAMSHost.partner, "production.scheduler"])
      for (host, other) in [("production.scheduler", "JAMS-2"), (JAMSHost.partner, "JAMS-1")] {
        let dump = try sites.dump(host)
        let files = dump["files"] as? [String: String] ?? [:]
        #expect(files[JAMSHost.failoverConfig] == JAMSHost.failover())
        #expect(files[JAMSHost.commonConfig]?.contains("value=\"sql-1.example\"") == true)
        #expect((dump["directories"] as? [String: Any])?[JAMSHost.defaultLogs] != nil)
        let queues = dump["queues"] as? [String: [[String: Any]]] ?? [:]
        for queue in JAMSHost.queues {
          let accounts = queues[queue]?.compactMap { $0["account"] as? String }
          #expect(accounts == [#"EXAMPLE\\#(other)$"#], "\(host): \(queue)")
        }
      }
      for site in ["production", "dr"] {
        #expect(
          try sites.sql(
            site, "SELECT name FROM sys.server_principals WHERE name = N'\(Self.account)'",
            in: "master")
            == [[Self.account]])
      }
      let members = try sites.sql(
        "production",
        """
        SELECT m.name FROM sys.database_role_members r \
        JOIN sys.database_principals m ON m.principal_id = r.member_principal_id \
        JOIN sys.database_principals p ON p.principal_id = r.role_principal_id \
        WHERE p.name = 'JAMSApp' AND m.name = N'\(Self.account)'
        """)
      #expect(members == [[Self.account]])
    }

    // MARK: - Upgrade

    static let version = ["version=7.7.0"]

    /// What the upgrade of a machine does to it.
    static func upgrade(_ host: String, _ sites: JAMSSites) throws {
      try sites.setREST(host, ["version": ["version": "7.7.0"]])
      try sites.changeFiles(
        host, [JAMSHost.failoverConfig: JAMSHost.failover(secondary: "none", interval: 30)])
    }

    @Test("a pair is upgraded; executed again it asks first", arguments: JAMSReplication.chosen)
    func upgrade(_ replication: JAMSReplication) async throws {
      try await JAMSSites.with(replication) { sites in
        let before = try sites.everything()
        let rehearsed = try await sites.carryOut("rehearse", "jams-ha-upgrade", Self.version)
        // What a REST server says before the upgrade can't be foreseen.
        #expect(rehearsed.code == 7, "\(rehearsed)")
        #expect(try sites.everything() == before)
        let stopped = try await sites.carryOut(
          "execute", "jams-ha-upgrade", Self.version, Self.approving(["go-ahead", "quiet"]))
        #expect(stopped.code == 4 && stopped.output.contains("upgrade-primary"), "\(stopped)")
        #expect(try sites.running() == [])
        #expect(try quantity(sites) == 0)
        // Neither took over from the other meanwhile.
        #expect(try sites.history() == ["production"])

        try Self.upgrade("production.scheduler", sites)
        let half = try await sites.lifeboat(["resume"] + Self.approving(["upgrade-primary"]))
        #expect(half.code == 4 && half.output.contains("upgrade-secondary"), "\(half)")
        try Self.upgrade(JAMSHost.partner, sites)
        // The upgrade has started the services, and nobody has stopped them.
        try sites.changeServices(JAMSHost.partner, ["state": "Running", "start_type": "manual"])
        let upgraded = try await sites.lifeboat(["resume"] + Self.approving(["upgrade-secondary"]))
        #expect(upgraded.code == 0, "\(upgraded)")
        try expectUpgraded(sites)

        let after = try sites.everything()
        let again = try await sites.carryOut("execute", "jams-ha-upgrade", Self.version)
        #expect(again.code == 4 && again.output.contains("go-ahead"), "\(again)")
        #expect(try sites.everything() == after)
        #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
      }
    }

    private func expectUpgraded(_ sites: JAMSSites) throws {
      try sites.expectInControl("production.scheduler")
      #expect(try sites.running() == [JAMSHost.partner, "production.scheduler"])
      #expect(try quantity(sites) == JAMSHost.usualQuantity)
      for host in ["production.scheduler", JAMSHost.partner] {
        let files = try sites.dump(host)["files"] as? [String: String] ?? [:]
        #expect(files[JAMSHost.failoverConfig] == JAMSHost.failover(), "\(host)")
      }
    }

    private func quantity(_ sites: JAMSSites) throws -> Int? {
      let resources = try sites.settled()["resources"] as? [[String: Any]]
      return resources?.first?["quantityAvailable"] as? Int
    }
  }
}
