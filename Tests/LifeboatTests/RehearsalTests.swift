import Foundation
import TestSupport
import Testing

@Suite("A rehearsal changes nothing, and doesn't lie")
struct RehearsalTests {
  @Test("production dead: not a byte, not a process differs afterwards")
  func changesNothingWhenProductionIsDead() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.strikeProduction()
      // What it has still to apply would change the database beside us.
      try await lab.stopService("replicator", at: "dr")
      try await expectUnchanged(lab, exitCode: 0)
    }
  }

  @Test("both sites up, and at rest: not a byte, not a process differs afterwards")
  func changesNothingWhenBothSitesAreUp() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      // Without its replicators and services the lab is still, so that every byte can be compared.
      for site in ["production", "dr"] {
        for service in ["scheduler", "executor", "server", "replicator"] {
          try await lab.stopService(service, at: site)
        }
      }
      try await expectUnchanged(lab, exitCode: 0)
    }
  }

  private func expectUnchanged(_ lab: TestLab, exitCode: Int32) async throws {
    let before = try LabState(lab)
    try #require(before.files.count > 20 && !before.processes.isEmpty)
    let rehearsed = try await lab.lifeboat(["rehearse", Programs.runbook("scheduler-failover")])
    #expect(rehearsed.code == exitCode, "\(rehearsed)")
    let after = try LabState(lab)
    #expect(after.differences(from: before).isEmpty)
  }

  @Test("probe files are written only when allowed, and are gone afterwards")
  func probeFilesOnlyWhenAllowed() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let runbook = Programs.runbook("scheduler-failover")
      let plain = try await lab.lifeboat(["rehearse", runbook, "--output", "json"])
      #expect(!plain.output.contains("probe_files.planned"))
      let allowed = try await lab.lifeboat(
        ["rehearse", runbook, "--allow-probe-files", "--output", "json"])
      #expect(allowed.output.contains("probe_files.planned"))
      #expect(allowed.output.contains("probe_files.removed"))
      let left = try FileManager.default.contentsOfDirectory(atPath: lab.lab + "/shared/logs")
        .filter { $0.hasPrefix(".lifeboat") }
      #expect(left.isEmpty, "\(left)")
    }
  }

  @Test("what it predicts is what the execution then observes")
  func predictionComesTrue() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let rehearsed = try await lab.lifeboat(["rehearse", Programs.runbook("scheduler-switchover")])
      #expect(rehearsed.code == 0, "\(rehearsed)")
      let predicted = try await facts(lab, kind: "step.rehearsed", under: "predicted")
      try #require(predicted.count >= 10)

      let executed = try await lab.lifeboat(["execute", Programs.runbook("scheduler-switchover")])
      #expect(executed.code == 0, "\(executed)")
      let observed = try await facts(lab, kind: "step.ended", under: "observation")
      for (key, value) in predicted { #expect(observed[key] == value, "\(key)") }
      let misses = try await lab.entries().filter { $0["kind"] as? String == "step.ended" }
        .flatMap { ($0["body"] as? [String: Any])?["misses"] as? [Any] ?? [] }
      #expect(misses.isEmpty, "\(misses)")
    }
  }

  /// The facts of the last run's entries by `step subject property`, as text.
  private func facts(
    _ lab: TestLab, kind: String, under field: String
  ) async throws -> [String: String] {
    var facts: [String: String] = [:]
    for entry in try await lab.entries() where entry["kind"] as? String == kind {
      let body = try #require(entry["body"] as? [String: Any])
      for fact in body[field] as? [[String: Any]] ?? [] {
        let key = "\(entry["step"] ?? "") \(fact["subject"] ?? "") \(fact["property"] ?? "")"
        facts[key] = Self.comparable(fact["value"])
      }
    }
    return facts
  }

  /// Of rows only the GUIDs: when the server will write them nobody can predict.
  private static func comparable(_ value: Any?) -> String {
    if let rows = value as? [[String: Any]] {
      return rows.map { String(describing: $0["guid"] ?? "").lowercased() }.sorted().joined(
        separator: ",")
    }
    return String(describing: value ?? "nothing")
  }

  @Test("what blocks is said: a replica's table, a running scheduler")
  func blockedIsSaid() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let runbook = try lab.runbook(
        """
        runbook: only-truncate
        description: Truncates without anything before it.
        run_type: failover
        steps:
          - id: truncate
            action: failover_table.truncate
            target: scheduler@dr
        """)
      try await eventually("production's GUID has been shipped") {
        try await lab.status().site("dr").database.position ?? 0 > 1
      }
      let rehearsed = try await lab.lifeboat(["rehearse", runbook])
      #expect(rehearsed.code == 6, "\(rehearsed)")
      #expect(rehearsed.output.contains("database-is-primary"))
      #expect(rehearsed.output.contains("other-schedulers-stopped"))
    }
  }
}
