import Foundation
import TestSupport
import Testing

@Suite("What must never happen is refused")
struct SafetyTests {
  /// A runbook of one step.
  private func single(_ action: String, target: String, _ more: String = "") -> String {
    """
    runbook: single-step
    description: One step, without what should come before it.
    run_type: failover
    steps:
      - id: only
        action: \(action)
        target: \(target)
        timeout: 10s
        \(more)
    """
  }

  private func expectRefused(
    _ lab: TestLab, _ runbook: String, guards: [String]
  ) async throws {
    let before = try await lab.status()
    let ran = try await lab.lifeboat(["execute", try lab.runbook(runbook)])
    #expect(ran.code == 2, "\(ran)")
    for guardID in guards { #expect(ran.output.contains(guardID), "\(ran)") }
    let kinds = try await lab.entries().compactMap { $0["kind"] as? String }
    #expect(!kinds.contains("step.intent"), "nothing may be begun")
    let after = try await lab.status()
    // It may fall: a promotion by hand makes the other site step down.
    #expect(after.schedulersInControl <= before.schedulersInControl)
  }

  @Test("truncation while production still runs")
  func truncationWhileProductionRuns() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.waitForShippedGUID()
      try await lab.promote("dr")
      try await expectRefused(
        lab, single("failover_table.truncate", target: "scheduler@dr"),
        guards: ["other-schedulers-stopped"])
    }
  }

  @Test("truncation while the database is a replica")
  func truncationOfReplica() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      try await lab.stopServices(at: "production")
      try await expectRefused(
        lab, single("failover_table.truncate", target: "scheduler@dr"),
        guards: ["database-is-primary"])
    }
  }

  @Test("truncation of the live site's own table")
  func truncationOfLiveTable() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.insertForeignGUID(at: "production")
      try await expectRefused(
        lab, single("failover_table.truncate", target: "scheduler@production"),
        guards: ["own-scheduler-stopped"])
    }
  }

  @Test("start while another server's GUID is in the table")
  func startWithForeignGUID() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      try await lab.stopServices(at: "production")
      try await lab.promote("dr")
      try await expectRefused(
        lab, single("service.start", target: "dr.scheduler"), guards: ["no-foreign-guid"])
    }
  }

  @Test("a start at a second site while the first one's scheduler runs")
  func startWhileOtherRuns() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await expectRefused(
        lab, single("service.start", target: "dr.scheduler"), guards: ["other-schedulers-stopped"])
    }
  }

  @Test("a dead site that comes back takes its attestation with it")
  func attestationEndsWhenTheSiteIsBack() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.strikeProduction()
      let killed = try await lab.failover(crashAt: "reverse-replication:step.started")
      #expect(killed.code == 137)
      try await lab.lab("heal", ["production"])
      try await eventually("production is in control again") {
        try await lab.status().schedulersInControl == 1
      }
      let resumed = try await lab.lifeboat(["resume"])
      // The stopped services run again: the step is done again, for real this time.
      #expect(resumed.code == 0, "\(resumed)")
      #expect(try await lab.outcomes()["stop-production"] == "changed")
      try await lab.expectInControl("dr")
      try await lab.waitForJobs(at: "dr")
      #expect(try JobHistory(lab).overlap == nil)
    }
  }

  @Test("production that comes back after a failover follows, and takes no control")
  func returningProductionFollows() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.strikeProduction()
      #expect(try await lab.failover().code == 0)
      try await lab.waitForJobs(at: "dr")
      try await lab.lab("heal", ["production"])
      try await eventually("production's database follows") {
        try await lab.status().site("production").database.role == "replica"
      }
      try await lab.waitForJobs(at: "dr", beyond: 20)
      try await lab.expectInControl("dr")
      try lab.expectTurns(["production", "dr"])
    }
  }

  @Test("a second runner while one holds the sites")
  func secondRunner() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let waiting = try lab.runbook(
        """
        runbook: waiting
        description: Waits for a file that the test makes.
        run_type: upgrade
        steps:
          - id: wait
            action: wait.until
            timeout: 2m
            with: { command: { host: dr.scheduler, command: [test, -e, "\(lab.lab)/go"] } }
        """)
      async let first = lab.lifeboat(["execute", waiting])
      try await eventually("the first runner holds the lease") {
        try await lab.lifeboat(["explain"]).output.contains("running now")
      }
      let second = try await lab.lifeboat(["execute", waiting])
      #expect(second.code == 2, "\(second)")
      #expect(second.error.contains("journal.lease_held"))
      #expect(try await lab.lifeboat(["rehearse", waiting]).code == 7)
      #expect(FileManager.default.createFile(atPath: lab.lab + "/go", contents: nil))
      let ended = try await first
      #expect(ended.code == 0, "\(ended)")
      #expect(try await lab.lifeboat(["execute", waiting]).code == 0)
      try FileManager.default.removeItem(atPath: lab.lab + "/go")
    }
  }

  @Test("resuming with a changed runbook, with both names")
  func changedRunbook() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.strikeProduction()
      let text = try String(
        contentsOfFile: Programs.runbook("scheduler-failover"), encoding: .utf8)
      let runbook = try lab.runbook(text)
      let arguments = ["execute", runbook] + TestLab.attestation
      let killed = try await lab.lifeboat(
        arguments, crashAt: "truncate-failover:step.started")
      #expect(killed.code == 137)
      _ = try lab.runbook(
        text.replacingOccurrences(of: "id: truncate-failover", with: "id: empty-table"))
      let resumed = try await lab.lifeboat(["resume"])
      #expect(resumed.code == 2, "\(resumed)")
      #expect(
        resumed.error.contains("'truncate-failover'") && resumed.error.contains("'empty-table'"))
      #expect(try await lab.lifeboat(["resume", "--recorded-plan"]).code == 0)
      try await lab.expectInControl("dr")
    }
  }
}
