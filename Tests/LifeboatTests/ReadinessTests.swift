import Foundation
import TestSupport
import Testing

@Suite("Whether a runbook could be executed when it is needed")
struct ReadinessTests {
  private struct Found: Decodable {
    struct Check: Decodable {
      let id: String
      let finding: String
      let message: String
      let advice: String?
    }
    struct Report: Decodable {
      let finding: String
      let checks: [Check]
    }
    struct Changes: Decodable {
      struct Change: Decodable, Equatable {
        let check: String
        let before: String?
        let after: String?
      }
      let changes: [Change]
    }

    let readiness: Report
    let changes: Changes?

    enum CodingKeys: String, CodingKey {
      case readiness
      case changes = "since_last"
    }

    /// The checks that aren't ready, by what was found.
    var open: [String: String] {
      Dictionary(
        readiness.checks.filter { $0.finding != "ready" }.map { ($0.id, $0.finding) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  private static let command = [
    "rehearse", Programs.runbook("scheduler-failover"), "--readiness", "--minimum-free", "1MiB",
    "--clock-tolerance", "1m",
  ]

  private func look(
    _ lab: TestLab, expecting code: Int32, _ more: [String] = []
  ) async throws -> Found {
    let ran = try await lab.lifeboat(Self.command + more + ["--output", "json"])
    #expect(ran.code == code, "\(ran)")
    let last = try #require(ran.output.split(separator: "\n").last, "\(ran)")
    let found = try JSONDecoder().decode(Found.self, from: Data(last.utf8))
    for check in found.readiness.checks {
      #expect((check.finding == "ready") == (check.advice == nil), "\(check)")
      #expect(!check.message.isEmpty)
    }
    return found
  }

  /// A lab in which everything is as it should be, the shared path proved.
  private func withReadyLab(_ body: (TestLab) async throws -> Void) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let proved = try await lab.lifeboat(["execute", Programs.runbook("ha-check")])
      try #require(proved.code == 0, "\(proved)")
      try await body(lab)
    }
  }

  @Test("all is ready: 0, every check is there, and the journal keeps it as readiness")
  func allReady() async throws {
    try await withReadyLab { lab in
      let found = try await look(lab, expecting: 0)
      #expect(found.open.isEmpty, "\(found.readiness.checks)")
      #expect(found.readiness.finding == "ready")
      let ids = found.readiness.checks.map(\.id)
      let expected = [
        "shared-log-path", "default-log-path", "replica-current", "services/dr.scheduler",
        "guid/production.scheduler", "guid/dr.scheduler", "replication/scheduler",
        "permit/dr.scheduler",
        "accounts/scheduler@production", "accounts/scheduler@dr", "path/default-logs/dr.scheduler",
        "disk/scheduler@dr", "clock/production.scheduler", "clock/dr.scheduler",
        "tools/production.scheduler", "tools/dr.scheduler", "permit",
      ]
      for id in expected { #expect(ids.contains(id), "\(id) is missing of \(ids)") }
      #expect(!ids.contains("services/production.scheduler"), "it may run")
      let list = try await lab.lifeboat(["audit", "list", "--type", "readiness"])
      #expect(list.output.contains("readiness"), "\(list)")
      let shown = try await lab.lifeboat(["audit", "show"])
      #expect(shown.output.contains("✓ services/dr.scheduler"), "\(shown)")
      let report = try await lab.lifeboat(["audit", "report"])
      #expect(report.error.contains("report.readiness"), "\(report)")
    }
  }

  @Test("what reading can't show can't be told, until probe files are allowed")
  func sharedPathNeedsWriting() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      #expect(try await look(lab, expecting: 7).open == ["shared-log-path": "cannot_tell"])
      #expect(try await look(lab, expecting: 0, ["--allow-probe-files"]).open.isEmpty)
    }
  }

  @Test(
    "a DR service runs, its GUID is gone, a clock's tolerance is not kept: not ready, and what to do"
  )
  func notReady() async throws {
    try await withReadyLab { lab in
      let server = "\(lab.lab)/dr/scheduler"
      for verb in [["set-start-type", server, "server", "manual"], ["start", server, "server"]] {
        let ran = try await run(Programs.labScheduler, ["service"] + verb)
        try #require(ran.code == 0, "\(ran)")
      }
      #expect(
        try await look(lab, expecting: 6).open == ["services/dr.scheduler": "not_ready"])
      try FileManager.default.removeItem(atPath: server + "/Server.config")
      let missing = try await look(lab, expecting: 6)
      #expect(missing.open["guid/dr.scheduler"] == "not_ready")
      let full = try await lab.lifeboat(
        Self.command.map { $0 == "1MiB" ? "1000TiB" : $0 })
      #expect(full.code == 6, "\(full)")
      #expect(full.output.contains("disk/scheduler@dr"), "\(full)")
      #expect(full.output.contains("make room: 1000TiB must be free"), "\(full)")
    }
  }

  @Test(
    "services that the inventory calls manual would start by themselves: not ready, until they are manual"
  )
  func startType() async throws {
    try await withReadyLab { lab in
      let inventory = try String(contentsOfFile: lab.inventory, encoding: .utf8)
      let manual = inventory.replacing(
        /(?<indent> +)services: \[/, with: { "\($0.indent)start_type: manual\n\($0.0)" })
      try manual.write(toFile: lab.inventory, atomically: true, encoding: .utf8)
      let found = try await look(lab, expecting: 6)
      #expect(found.open == ["start-type/production.scheduler": "not_ready"])
      for service in ["executor", "scheduler", "server"] {
        let ran = try await run(
          Programs.labScheduler,
          ["service", "set-start-type", "\(lab.lab)/production/scheduler", service, "manual"])
        try #require(ran.code == 0, "\(ran)")
      }
      #expect(try await look(lab, expecting: 0).open.isEmpty)
    }
  }

  @Test("a program that an action needs is missing on its host")
  func toolIsMissing() async throws {
    try await TestLab.with { lab in
      let runbook = try lab.runbook(
        """
        runbook: needs-a-tool
        description: Runs a program that is nowhere.
        run_type: upgrade
        steps:
          - id: announce
            action: command.run
            target: dr.scheduler
            with: { command: [lifeboat-no-such-program], unless: [test, -e, /nonexistent] }
        """)
      let ran = try await lab.lifeboat(["rehearse", runbook, "--readiness"])
      #expect(ran.code == 6, "\(ran)")
      #expect(ran.output.contains("dr.scheduler lacks lifeboat-no-such-program"), "\(ran)")
    }
  }

  @Test("a replica that stands still is stale")
  func staleReplica() async throws {
    try await withReadyLab { lab in
      try await lab.stopService("replicator", at: "dr")
      try await lab.stopService("replicator", at: "production")
      let runbook = try lab.runbook(
        try String(contentsOfFile: Programs.runbook("scheduler-failover"), encoding: .utf8)
          .replacing("rpo: 5m", with: "rpo: 1ms"))
      let ran = try await lab.lifeboat(
        ["rehearse", runbook] + Self.command.dropFirst(2) + ["--output", "json"])
      #expect(ran.code == 6, "\(ran)")
      let last = try #require(ran.output.split(separator: "\n").last)
      let found = try JSONDecoder().decode(Found.self, from: Data(last.utf8))
      #expect(found.open["replica-current"] == "not_ready", "\(ran)")
    }
  }

  @Test("a host that is down: its own checks can't be told, and no others are hidden")
  func hostDown() async throws {
    try await withReadyLab { lab in
      try await lab.strikeProduction()
      let found = try await look(lab, expecting: 7)
      for id in ["clock/production.scheduler", "guid/production.scheduler"] {
        #expect(found.open[id] == "cannot_tell")
      }
      for id in ["services/dr.scheduler", "clock/dr.scheduler", "guid/dr.scheduler"] {
        #expect(found.open[id] == nil, "\(found.open)")
      }
    }
  }

  @Test("since the last run: only what changed, and when that was")
  func sinceLast() async throws {
    try await withReadyLab { lab in
      let first = try await lab.lifeboat(Self.command + ["--since-last"])
      #expect(first.code == 0, "\(first)")
      #expect(first.output.contains("No readiness run of scheduler-failover came before"))
      #expect(first.output.contains("CHECK"))
      let same = try await look(lab, expecting: 0, ["--since-last"])
      #expect(same.changes?.changes == [])

      let server = "\(lab.lab)/dr/scheduler"
      let ran = try await run(
        Programs.labScheduler, ["service", "set-start-type", server, "server", "automatic"])
      try #require(ran.code == 0, "\(ran)")
      let other = try await look(lab, expecting: 6, ["--since-last"])
      #expect(
        other.changes?.changes == [
          .init(check: "services/dr.scheduler", before: "ready", after: "not_ready")
        ])
      let again = try await lab.lifeboat(Self.command + ["--since-last"])
      #expect(again.code == 6, "the finding counts, changed or not: \(again)")
      #expect(again.output.contains("Nothing changed since run"), "\(again)")
      #expect(!again.output.contains("CHECK"), "\(again)")
    }
  }

  @Test("readiness changes nothing but the journal")
  func changesNothing() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      for site in ["production", "dr"] {
        for service in ["scheduler", "executor", "server", "replicator"] {
          try await lab.stopService(service, at: site)
        }
      }
      let before = try LabState(lab)
      _ = try await lab.lifeboat(Self.command)
      #expect(try LabState(lab).differences(from: before).isEmpty)
    }
  }

  @Test("options that make no sense are said")
  func options() async throws {
    try await TestLab.with { lab in
      let runbook = Programs.runbook("scheduler-failover")
      for options in [
        ["--since-last"], ["--readiness", "--minimum-free", "much"],
        ["--readiness", "--clock-tolerance", "much"],
        ["--readiness", "--out", lab.home + ".json"],
        ["--assume-lost", "production", "--out", lab.home + ".json"],
      ] {
        let ran = try await lab.lifeboat(["rehearse", runbook] + options)
        #expect(ran.code == 64, "\(ran)")
      }
    }
  }
}
