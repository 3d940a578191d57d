import Foundation
import TestSupport
import Testing

@Suite("A saved plan is executed in the world that its rehearsal saw, or not at all")
struct SavedPlanTests {
  /// A lab with both sites up and jobs running, and the plan of a switchover that was rehearsed in it.
  private func withPlan(_ body: (TestLab, String) async throws -> Void) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.waitForShippedGUID()
      let file = lab.home + ".plan.json"
      let rehearsed = try await lab.lifeboat(
        ["rehearse", try lab.runbook(Self.switchover()), "--out", file])
      try #require(rehearsed.code == 0, "\(rehearsed)")
      #expect(rehearsed.output.contains("lifeboat execute --plan \(file)"))
      try await body(lab, file)
    }
  }

  /// In a file of its own, which a test may change.
  private static func switchover() throws -> String {
    try String(contentsOfFile: Programs.runbook("scheduler-switchover"), encoding: .utf8)
  }

  private func started(_ lab: TestLab) async throws -> [String: Any] {
    let first = try #require(try await lab.entries().first)
    return try #require(
      (first["body"] as? [String: Any])?["saved_plan"] as? [String: Any], "\(first)")
  }

  @Test(
    "nothing moved but what moves by itself: it is executed, and journal and report say by which plan"
  )
  func executesWhatWasRehearsed() async throws {
    try await withPlan { lab, file in
      let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
      #expect(mode as? Int == 0o600)
      let rehearsal = try #require(try await lab.entries().first?["run"] as? String)
      let executed = try await lab.lifeboat(["execute", "--plan", file])
      #expect(executed.code == 0, "\(executed)")
      #expect(executed.output.contains("by the plan of rehearsal \(rehearsal)"))
      #expect(executed.output.contains("none differs"))
      try await lab.expectInControl("dr")
      let record = try await started(lab)
      #expect(record["rehearsal"] as? String == rehearsal)
      let saved = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: file)))
      let digest = (saved as? [String: Any])?["digest"] as? String
      #expect(record["digest"] as? String == digest)
      #expect(digest?.hasPrefix("sha256:") == true)
      let shown = try await lab.lifeboat(["audit", "show"])
      #expect(shown.output.contains("by the plan of rehearsal \(rehearsal)"))
      let report = try await lab.lifeboat(["audit", "report", "--output", "json"])
      #expect(report.output.contains(rehearsal))
    }
  }

  @Test(
    "a service was stopped and a row inserted: both are named, nothing is done; accepted, it is done"
  )
  func refusesAMovedWorld() async throws {
    try await withPlan { lab, file in
      try await lab.stopService("scheduler", at: "production")
      try await lab.insertForeignGUID(at: "production")
      try await eventuallyShipped(lab)
      let state = "production.scheduler/scheduler state"
      let rows = "scheduler@dr failover_rows"
      let refused = try await lab.lifeboat(["execute", "--plan", file])
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.output.contains("[plan.world_moved]"))
      #expect(refused.output.contains("\(state) was running, is stopped"))
      #expect(refused.output.contains("\(rows) was"))
      let kinds = try await lab.entries().compactMap { $0["kind"] as? String }
      #expect(kinds == ["run.started", "run.ended"])
      #expect(try await lab.status().site("production").database.role == "primary")

      let half = try await lab.lifeboat(["execute", "--plan", file, "--accept-drift", state])
      #expect(
        half.code == 2 && !half.output.contains("\(state) was running, is stopped;"), "\(half)")
      let accepted = try await lab.lifeboat(
        ["execute", "--plan", file, "--accept-drift", state, "--accept-drift", rows])
      #expect(accepted.code == 0, "\(accepted)")
      #expect(accepted.output.contains("! accepted: \(state) was running, is stopped"))
      let drift = try #require(try await started(lab)["drift"] as? [[String: Any]])
      #expect(drift.allSatisfy { $0["accepted"] as? Bool == true })
      let report = try await lab.lifeboat(["audit", "report", "--output", "json"])
      #expect(report.output.contains("drift_accepted"))
    }
  }

  private func eventuallyShipped(_ lab: TestLab) async throws {
    try await eventually("the row has been shipped") {
      try await lab.query("dr", "SELECT count(*) FROM Failover") == 2
    }
  }

  @Test(
    "a changed runbook, a changed inventory, an edited plan, an unknown fact: refused, and nothing is begun"
  )
  func refusesWhatChanged() async throws {
    try await withPlan { lab, file in
      let inventory = try String(contentsOfFile: lab.inventory, encoding: .utf8)
      let runbook = try Self.switchover()
      let plan = try String(contentsOfFile: file, encoding: .utf8)
      let execute = ["execute", "--plan", file]

      _ = try lab.runbook(runbook.replacing("timeout: 3m", with: "timeout: 4m"))
      let changed = try await lab.lifeboat(execute)
      #expect(changed.code == 2 && changed.error.contains("[plan.changed]"), "\(changed)")
      #expect(changed.error.contains("'in-control' is not what it was"))
      _ = try lab.runbook(runbook)

      try (inventory + "\npeople: { allowed_signers: /nowhere }\n").write(
        toFile: lab.inventory, atomically: true, encoding: .utf8)
      let moved = try await lab.lifeboat(execute)
      try inventory.write(toFile: lab.inventory, atomically: true, encoding: .utf8)
      #expect(moved.code == 2 && moved.error.contains("the inventory changed"), "\(moved)")

      try plan.replacing("\"running\"", with: "\"stopped\"").write(
        toFile: file, atomically: true, encoding: .utf8)
      let edited = try await lab.lifeboat(execute)
      try plan.write(toFile: file, atomically: true, encoding: .utf8)
      #expect(edited.code == 2 && edited.error.contains("[plan.damaged]"), "\(edited)")

      let unknown = try await lab.lifeboat(execute + ["--accept-drift", "dr.scheduler mood"])
      #expect(unknown.code == 8 && unknown.error.contains("[input.unknown_fact]"), "\(unknown)")
      for more in [[Programs.runbook("ha-check")], ["--set", "from=dr"]] {
        #expect(try await lab.lifeboat(execute + more).code == 64)
      }
      #expect(try await lab.lifeboat(["execute"]).code == 64)
      let types = try await lab.lifeboat(["audit", "list"])
      #expect(!types.output.contains("execution"), "\(types)")
    }
  }

  @Test("an --out that can't be written: nothing is rehearsed, nothing half-written is left")
  func refusesAnUnwritablePlace() async throws {
    let step = "  - { id: ask, action: gate.approval, with: { prompt: Go? } }"
    try await Desk.with(steps: step) { desk in
      let rehearse = ["rehearse", desk.runbook, "--sites", desk.sites, "--out"]
      for place in ["\(desk.base)/nowhere/plan.json", desk.base] {
        let ran = try await desk.lifeboat(rehearse + [place])
        #expect(ran.code == 8 && ran.error.contains("[plan.unwritable]"), "\(ran)")
      }
      let runbook = try await desk.lifeboat(rehearse + [desk.runbook])
      #expect(runbook.code == 8 && runbook.error.contains("[plan.exists]"), "\(runbook)")
      let files = try FileManager.default.contentsOfDirectory(atPath: desk.base).sorted()
      #expect(files == ["runbook.yaml", "sites.yaml"])
      let file = "\(desk.base)/plan.json"
      for _ in 1...2 { #expect(try await desk.lifeboat(rehearse + [file]).code == 0) }
      let left = try FileManager.default.contentsOfDirectory(atPath: desk.base).sorted()
      #expect(left == ["plan.json", "runbook.yaml", "sites.yaml", "state"])
    }
  }

  @Test("a bare name, as people type it, is a file in the directory that they are in")
  func savesUnderABareName() async throws {
    let step = "  - { id: ask, action: gate.approval, with: { prompt: Go? } }"
    try await Desk.with(steps: step) { desk in
      let saved = try await run(
        "sh",
        ["-c", "cd \"$0\" && exec \"$@\"", desk.base, Programs.lifeboat, "rehearse"]
          + ["runbook.yaml", "--sites", "sites.yaml", "--out", "plan.json"],
        environment: ["LIFEBOAT_HOME": desk.home])
      #expect(saved.code == 0, "\(saved)")
      // From anywhere else.
      let executed = try await desk.lifeboat(
        ["execute", "--plan", "\(desk.base)/plan.json", "--approve", "ask=yes", "--no-input"])
      #expect(executed.code == 0, "\(executed)")
    }
  }
}
