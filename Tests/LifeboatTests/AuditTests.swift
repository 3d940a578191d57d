import Foundation
import TestSupport
import Testing

@Suite("Reviewing what happened")
struct AuditTests {
  /// Rehearsed, executed, and rehearsed back.
  private func withThreeRuns(
    _ body: (TestLab, [[String: Any]]) async throws -> Void
  ) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let runbook = Programs.runbook("scheduler-switchover")
      let first = try await lab.lifeboat(["rehearse", runbook])
      #expect(first.output.contains("Forecast: none, since no execution"), "\(first)")
      let executed = try await lab.lifeboat(["execute", runbook])
      try #require(executed.code == 0, "\(executed)")
      let back = ["rehearse", runbook, "--set", "from=dr", "--set", "to=production"]
      let second = try await lab.lifeboat(back + ["--output", "json"])
      let forecast = try #require(try objects(second).last?["forecast"] as? [String: Any])
      #expect(forecast["executions"] as? Int == 1)
      #expect(forecast["objective"] as? Double == 900)
      #expect(try #require(forecast["median"] as? Double) > 0)
      let text = try await lab.lifeboat(back)
      #expect(text.output.contains("within the objective of 15 min 00 s"), "\(text)")
      let runs = try objects(try await lab.lifeboat(["audit", "list", "--output", "json"]))
      try #require(
        runs.map { $0["type"] as? String } == ["rehearsal", "rehearsal", "execution", "rehearsal"])
      try await body(lab, runs)
    }
  }

  private func objects(_ ran: Ran) throws -> [[String: Any]] {
    try #require(!ran.output.contains("\"error\":"), "\(ran)")
    return try ran.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test("list, show, diff, search, timeline")
  func review() async throws {
    try await withThreeRuns { lab, runs in
      let ids = try runs.map { try #require($0["id"] as? String) }
      let (execution, rehearsal) = (ids[2], ids[3])
      try await list(lab, ids)
      try await show(lab, execution)
      try await diff(lab, rehearsal, execution)
      try await search(lab, execution)
      try await timeline(lab, execution)
    }
  }

  private func list(_ lab: TestLab, _ ids: [String]) async throws {
    for (options, expected) in [
      (["--type", "execution"], [ids[2]]), (["--type", "rehearsal", "--limit", "1"], [ids[0]]),
      (["--runbook", "scheduler-failover"], []), (["--runbook", "scheduler-switchover"], ids),
      (["--outcome", "done", "--step", "in-control"], ids), (["--outcome", "open"], []),
      (["--host", "dr.scheduler"], ids), (["--host", "dr"], []), (["--person", "nobody"], []),
      (["--person", NSUserName()], ids), (["--since", "1h"], ids), (["--until", "1h"], []),
      (["--since", "2020-01-01T00:00Z", "--until", "2020-02-01"], []),
    ] as [([String], [String])] {
      let ran = try await lab.lifeboat(["audit", "list", "--output", "json"] + options)
      #expect(try objects(ran).map { $0["id"] as? String } == expected, "\(options): \(ran)")
    }
    let text = try await lab.lifeboat(["audit", "list", "--limit", "2"])
    #expect(text.output.contains("There are more: --limit"))
    for (options, code) in [
      (["--since", "yesterday"], 8), (["--limit", "0"], 64), (["--outcome", "x"], 64),
    ] {
      let ran = try await lab.lifeboat(["audit", "list"] + options)
      #expect(ran.code == Int32(code), "\(ran)")
    }
  }

  private func show(_ lab: TestLab, _ run: String) async throws {
    let ran = try await lab.lifeboat(
      ["audit", "show", String(run.suffix(4)), "--step", "in-control", "--output", "json"])
    let entries = try objects(ran)
    #expect(entries.count >= 2)
    #expect(
      entries.allSatisfy { $0["step"] as? String == "in-control" && $0["run"] as? String == run })
    let missing = try await lab.lifeboat(["audit", "show", run, "--step", "no-such"])
    #expect(missing.code == 2 && missing.error.contains("step.not_found"), "\(missing)")
  }

  private func diff(_ lab: TestLab, _ rehearsal: String, _ execution: String) async throws {
    let ran = try await lab.lifeboat(["audit", "diff", rehearsal, execution, "--output", "json"])
    let object = try #require(try objects(ran).first)
    let predictions = try #require(object["predictions"] as? [[String: Any]])
    #expect(predictions.count > 15)
    #expect(predictions.allSatisfy { $0["result"] as? String == "came_true" }, "\(ran)")
    let text = try await lab.lifeboat(["audit", "diff", rehearsal, execution])
    #expect(
      text.output.contains("\(predictions.count) of \(predictions.count) predictions came true"))
    let same = try await lab.lifeboat(["audit", "diff", execution, execution])
    #expect(same.output.contains("both by the same plan") && !same.output.contains("≠"))
  }

  private func search(_ lab: TestLab, _ run: String) async throws {
    for (options, isWanted) in [
      (["--kind", "run"], { ($0["kind"] as? String)?.hasPrefix("run.") == true }),
      (["IS IN CONTROL OF", "--run", run], { $0["run"] as? String == run }),
      (
        ["--outcome", "changed"],
        { ($0["body"] as? [String: Any])?["outcome"] as? String == "changed" }
      ),
      (
        ["--step", "stop-scheduler", "--kind", "step.acted"],
        { $0["kind"] as? String == "step.acted" }
      ),
    ] as [([String], ([String: Any]) -> Bool)] {
      let found = try objects(
        try await lab.lifeboat(["audit", "search", "--output", "json"] + options))
      #expect(!found.isEmpty && found.allSatisfy(isWanted), "\(options)")
    }
    let cut = try await lab.lifeboat(["audit", "search", "--limit", "3"])
    #expect(cut.output.split(separator: "\n").count == 4)
    #expect(cut.output.contains("There are more, further back"))
    let none = try await lab.lifeboat(["audit", "search", "no entry says this"])
    #expect(none.code == 0 && none.output.contains("No such entries."))
  }

  private func timeline(_ lab: TestLab, _ run: String) async throws {
    let text = try await lab.lifeboat(["audit", "timeline", run])
    #expect(text.output.contains("✓ in-control") && text.output.contains("█"))
    #expect(!text.output.contains("\u{1B}"))
    let wide = text.output.components(separatedBy: "\n").dropFirst(2)
    #expect(wide.allSatisfy { $0.count <= 100 })
    let narrow = try await self.run(
      "script", "stty cols 70; '\(Programs.lifeboat)' audit timeline \(run)", lab)
    let lines = Array(narrow.output.split(whereSeparator: \.isNewline)).dropFirst(2)
    #expect(lines.count >= 6 && lines.allSatisfy { $0.count <= 70 }, "\(narrow)")
  }

  private func run(_ program: String, _ command: String, _ lab: TestLab) async throws -> Ran {
    try await LifeboatTests.run(
      program, ["-qec", command, "/dev/null"],
      environment: ["LIFEBOAT_HOME": lab.home, "NO_COLOR": "1", "TERM": "xterm"])
  }
}
