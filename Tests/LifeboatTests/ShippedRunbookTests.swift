import Foundation
import Testing

@Suite("The runbooks that are shipped")
struct ShippedRunbookTests {
  /// The embedded lab has no agents, so that their runbook has nothing to be carried out on.
  @Test("each validates against the embedded lab's inventory")
  func validates() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      for runbook in try Self.runbooks() where !runbook.hasSuffix("/repoint-agents.yaml") {
        let ran = try await lab.lifeboat(["validate", runbook])
        #expect(ran.code == 0 && ran.error.isEmpty, "\(runbook): \(ran)")
      }
    }
  }

  /// The others have no drills, so that their hosts have none for them.
  @Test(
    "each validates against the inventory of real hosts",
    arguments: [
      "postgresql", "mariadb", "sqlserver-mirroring", "sqlserver-availability-group",
      "sqlserver-log-shipping",
    ])
  func validatesOnHosts(database: String) async throws {
    let sites = Programs.root.path + "/Fixtures/hosts/\(database).yaml"
    let hasDrills = database == "postgresql"
    for runbook in try Self.runbooks() where hasDrills || !runbook.contains("/scheduler-drill") {
      let ran = try await run(Programs.lifeboat, ["validate", runbook, "--sites", sites])
      #expect(ran.code == 0 && ran.error.isEmpty, "\(runbook): \(ran)")
    }
  }

  private static func runbooks() throws -> [String] {
    let folder = Programs.root.path + "/Runbooks"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    try #require(names.count >= 6)
    // JAMS's own stand on an inventory that has JAMS.
    return names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("jams-") }.map {
      "\(folder)/\($0)"
    }
  }

  @Test(
    "those of JAMS validate against the shipped inventories, and those of a pair where there is one"
  )
  func validatesOnJAMS() async throws {
    let folder = Programs.root.path + "/Runbooks"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .filter { $0.hasPrefix("jams-") }
    try #require(names.count == 8)
    for shape in JAMSSites.Shape.allCases {
      for name in names where shape == .pair || !name.hasPrefix("jams-ha-") {
        let version = name == "jams-ha-upgrade.yaml" ? ["--set", "version=7.7.0"] : []
        let ran = try await run(
          Programs.lifeboat,
          [
            "validate", "\(folder)/\(name)", "--sites",
            "\(folder)/sites/\(shape.rawValue).yaml",
          ] + version)
        #expect(ran.code == 0 && ran.error.isEmpty, "\(name), \(shape): \(ran)")
      }
    }
  }

  @Test("failover, again (nothing changes), and the journal is sound")
  func failover() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      try await lab.strikeProduction()
      #expect(try await lab.failover().code == 0)
      try await lab.expectInControl("dr")
      try await lab.waitForJobs(at: "dr")

      let again = try await lab.failover()
      #expect(again.code == 0, "\(again)")
      let outcomes = try await lab.outcomes()
      #expect(outcomes.count == 6)
      for (step, outcome) in outcomes { #expect(outcome == "ok", "\(step)") }
      #expect(!(try await lab.entries().contains { $0["kind"] as? String == "step.intent" }))
      #expect(try await lab.lifeboat(["audit", "verify"]).code == 0)
      try lab.expectTurns(["production", "dr"])
    }
  }

  @Test("switchover there and back: every job's row is kept, control never doubles")
  func switchoverThereAndBack() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let runbook = Programs.runbook("scheduler-switchover")
      let there = try await lab.lifeboat(["execute", runbook])
      #expect(there.code == 0, "\(there)")
      let atProduction = try JobHistory(lab).runs.filter { $0.site == "production" }
      try await lab.waitForJobs(at: "dr")
      let back = try await lab.lifeboat(
        ["execute", runbook, "--set", "from=dr", "--set", "to=production"])
      #expect(back.code == 0, "\(back)")
      try await lab.expectInControl("production")
      try await lab.waitForJobs(at: "production", beyond: atProduction.count)
      try lab.expectTurns(["production", "dr", "production"])
      let kept = try await lab.query(
        "production", "SELECT count(*) FROM job_history WHERE site = 'production'")
      #expect(kept >= atProduction.count)
    }
  }

  @Test("ha-check: ready, and not ready when the DR scheduler's log directory is gone")
  func readiness() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let ready = try await lab.lifeboat(["execute", Programs.runbook("ha-check")])
      #expect(ready.code == 0, "\(ready)")
      let logs = lab.lab + "/dr/scheduler/logs"
      try FileManager.default.moveItem(atPath: logs, toPath: logs + ".away")
      let unready = try await lab.lifeboat(["execute", Programs.runbook("ha-check")])
      #expect(unready.code == 1, "\(unready)")
      #expect(unready.output.contains("default-log-path"))
      try FileManager.default.moveItem(atPath: logs + ".away", toPath: logs)
    }
  }
}
