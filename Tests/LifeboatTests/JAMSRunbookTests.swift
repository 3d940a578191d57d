import Foundation
import TestSupport
import Testing

/// One after the other: the doubles of all hosts together keep two cores busy.
@Suite("JAMS at two sites (doubles)", .serialized)
enum JAMSSuites {}

extension JAMSSuites {
  /// The shipped JAMS runbooks, by the binary, on the shipped inventories: doubles stand for Windows, SQL Server and JAMS.
  @Suite("The JAMS runbooks that move control (doubles)")
  struct JAMSRunbookTests {
    /// What a person answers when production can't be asked.
    static func attestations(_ shape: JAMSSites.Shape = .pair) -> [String] {
      (["production.scheduler"] + (shape == .pair ? [JAMSHost.partner] : [])).flatMap {
        ["--attest", "stop-production@\($0)=Power is off, seen on site"]
      }
    }

    /// Each kind of replication, and each shape of production.
    static let stories: [(JAMSReplication, JAMSSites.Shape)] =
      JAMSReplication.isComplete
      ? JAMSReplication.all.flatMap { kind in JAMSSites.Shape.allCases.map { (kind, $0) } }
      : [(.mirroring, .pair), (.logShipping, .pair), (.availabilityGroup, .single)]

    @Test(
      "planned, there and back: rehearsed, executed, executed again",
      arguments: JAMSReplication.chosen + (JAMSReplication.isComplete ? [] : [.logShipping]))
    func switchover(_ replication: JAMSReplication) async throws {
      try await JAMSSites.with(replication) { sites in
        try sites.expectInControl("production.scheduler")
        for (from, to) in [("production", "dr"), ("dr", "production")] {
          let values = ["from=\(from)", "to=\(to)"]
          // What is in a copy that nobody can open can't be told beforehand.
          try await expectRehearsed("jams-dr-switchover", values, at: sites, code: 7)
          try sites.expectInControl("\(from).scheduler")
          let executed = try await sites.carryOut("execute", "jams-dr-switchover", values)
          #expect(executed.code == 0, "\(executed)")
          try expectMoved(from, to, at: sites)
          try await expectNothingLeft("jams-dr-switchover", values, at: sites)
        }
        #expect(
          try sites.history() == ["production", "dr", "production"])
        #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
      }
    }

    @Test(
      "production is lost: failover, agents, reprotection, and the way back",
      arguments: stories)
    func story(_ replication: JAMSReplication, _ shape: JAMSSites.Shape) async throws {
      try await JAMSSites.with(replication, shape) { sites in
        try await failover(at: sites, replication)
        try await repoint(to: "dr", at: sites)
        // The hosts start what is set to start by itself: no scheduler.
        try sites.power(JAMSHost.production, on: true)
        try sites.expectInControl("dr.scheduler")
        #expect(try sites.running() == ["dr.scheduler"])
        try await reprotect(at: sites, replication)

        try await expectRehearsed("jams-dr-failback", at: sites, code: 7)
        let back = try await sites.carryOut("execute", "jams-dr-failback")
        #expect(back.code == 0, "\(back)")
        try expectMoved("dr", "production", at: sites)
        try await expectNothingLeft("jams-dr-failback", at: sites)
        try await repoint(to: "production", at: sites)
        #expect(
          try sites.history() == ["production", "dr", "production"])
        #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
      }
    }

    // MARK: - Parts of the story

    private func failover(at sites: JAMSSites, _ replication: JAMSReplication) async throws {
      try sites.power(JAMSHost.production, on: false)
      try await expectRehearsed("jams-dr-failover", at: sites, code: 7)
      // Of a mirror that has lost its principal nobody knows how old it is.
      let answers =
        Self.attestations(sites.shape)
        + (replication.isMirroring ? ["--accept", "replica-current=the test says so"] : [])
      var executed = try await sites.carryOut("execute", "jams-dr-failover", [], answers)
      if replication.isMirroring {
        #expect(
          executed.code == 4 && executed.output.contains("reverse-replication"), "\(executed)")
        executed = try await sites.lifeboat(["resume", "--consent", "reverse-replication=so be it"])
      }
      #expect(executed.code == 0, "\(executed)")
      try sites.expectInControl("dr.scheduler")
      #expect(try sites.running() == ["dr.scheduler"])
      #expect(try await sites.outcomes()["healthy"] == "ok")
      try await expectNothingLeft("jams-dr-failover", more: answers, at: sites)
    }

    private func repoint(to site: String, at sites: JAMSSites) async throws {
      // In JAMS a person removes the agents of schedulers that are gone, and adds those that are there.
      let own: [[String: Any]] =
        site == "dr"
        ? [["name": "JAMS-DR", "host": "dr.scheduler", "is_local": true]]
        : [["name": "JAMS-1", "host": "production.scheduler", "is_local": true]]
      try sites.doubles.askJAMS(["do": "agents", "agents": own + JAMSHost.remoteAgents])
      let executed = try await sites.carryOut("execute", "jams-repoint-agents", ["to=\(site)"])
      #expect(executed.code == 0, "\(executed)")
      #expect(try await sites.outcomes()["online"] == "ok")
      for agent in ["dr.agent-1", "dr.agent-2"] {
        let files = try sites.dump(agent)["files"] as? [String: String] ?? [:]
        let words = files[JAMSHost.hostsFile]?.split(separator: "\r\n").map {
          $0.split { " \t".contains($0) }
        }
        let entry = [Substring(JAMSHost.addresses[site] ?? "-"), "jams.example"]
        #expect(words?.filter { $0.last == "jams.example" } == [entry], "\(files)")
      }
      try await expectNothingLeft("jams-repoint-agents", ["to=\(site)"], at: sites)
    }

    private func reprotect(at sites: JAMSSites, _ replication: JAMSReplication) async throws {
      try await expectRehearsed("jams-dr-reprotect", at: sites, code: 0)
      var executed = try await sites.carryOut("execute", "jams-dr-reprotect")
      // Of a mirror its log positions say that it has nothing of its own; of a secondary nobody can tell.
      if !replication.isMirroring {
        #expect(executed.code == 4 && executed.output.contains("rejoin"), "\(executed)")
        executed = try await sites.lifeboat(["resume", "--consent", "rejoin=so be it"])
      }
      #expect(executed.code == 0, "\(executed)")
      try sites.expectInControl("dr.scheduler")
      #expect(try sites.startTypes("production.scheduler") == ["disabled"])
      try await expectNothingLeft("jams-dr-reprotect", at: sites)
    }

    // MARK: - What always holds

    /// The other site's schedulers run, the one's are stopped and stay so.
    private func expectMoved(_ from: String, _ to: String, at sites: JAMSSites) throws {
      try sites.expectInControl("\(to).scheduler")
      let hosts = JAMSHost.all.filter { host in
        host.isScheduler && (sites.shape == .pair || host.id != JAMSHost.partner)
      }
      #expect(try sites.running() == hosts.filter { $0.site == to }.map(\.id).sorted())
      for host in hosts {
        #expect(try sites.startTypes(host.id) == [host.site == to ? "manual" : "disabled"])
      }
    }

    private func expectRehearsed(
      _ runbook: String, _ values: [String] = [], at sites: JAMSSites, code: Int32
    ) async throws {
      let before = try sites.everything()
      let rehearsed = try await sites.carryOut("rehearse", runbook, values)
      #expect(rehearsed.code == code, "\(runbook): \(rehearsed)")
      #expect(try sites.everything() == before, "\(runbook)")
    }

    /// Executed again everything is so already.
    private func expectNothingLeft(
      _ runbook: String, _ values: [String] = [], more: [String] = [], at sites: JAMSSites
    ) async throws {
      let before = try sites.everything()
      let again = try await sites.carryOut("execute", runbook, values, more)
      #expect(again.code == 0, "\(runbook): \(again)")
      let outcomes = try await sites.outcomes()
      #expect(
        !outcomes.isEmpty && outcomes.values.allSatisfy { $0 == "ok" }, "\(runbook): \(outcomes)")
      #expect(try sites.everything() == before, "\(runbook)")
    }
  }
}
