import Engine
import Foundation
import GRDB
import TestSupport
import Testing

@Suite("A drill in isolation")
struct DrillTests {
  @Test("production runs its jobs and replication goes on, and nothing is left of the drill")
  func drill() async throws {
    try await TestLab.forDrills { lab in
      let before = try await lab.status()
      let began = Self.now
      let ran = try await lab.drill()
      let ended = Self.now
      #expect(ran.code == 0, "\(ran)")
      #expect(ran.output.contains("dr.drill is in control of scheduler@dr.drill"))

      try await lab.expectNoDrillLeft()
      let starts = try JobHistory(lab).runs.map(\.startedAt).filter { $0 >= began && $0 <= ended }
      let pauses = zip(starts, starts.dropFirst()).map { Self.seconds($1) - Self.seconds($0) }
      #expect(starts.count > 5 && (pauses.max() ?? 0) < 3, "\(pauses.max() ?? 0) s without a job")
      let follows = try #require(before.site("dr").database.position)
      #expect(try await lab.status().site("dr").database.position ?? 0 > follows)
      try await lab.expectProductionUntouched()

      let listed = try await lab.lifeboat(["audit", "list"])
      #expect(listed.output.contains("scheduler-drill"))
      #expect(try await lab.lifeboat(["audit", "verify"]).code == 0)
      // What it says of the scheduler's start is of its own log.
      let log = try String(contentsOfFile: "\(lab.drillHost)/logs/server.log", encoding: .utf8)
      #expect(log.contains("in control"))
    }
  }

  private static var now: String { Date.now.ISO8601Format(.init(includingFractionalSeconds: true)) }

  private static func seconds(_ text: String) -> Double {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return (try? Date(text, strategy: style))?.timeIntervalSince1970 ?? 0
  }

  @Test("on the copy its scheduler runs jobs, and they reach nothing that is real")
  func scheduler() async throws {
    try await TestLab.forDrills { lab in
      let killed = try await lab.drill(crashAt: "production-went-on:step.started")
      try #require(killed.code == 137, "\(killed)")
      let own = try lab.guid(of: "dr/drill")
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      let copy = try DatabaseQueue(path: lab.drillCopy, configuration: configuration)
      try await eventually("the drill's scheduler runs jobs on the copy") {
        try await copy.read {
          try Int.fetchOne(
            $0, sql: "SELECT count(*) FROM job_history WHERE guid = ?", arguments: [own])
            ?? 0
        } > 0
      }
      let resumed = try await lab.lifeboat(["resume", "--no-input"])
      #expect(resumed.code == 0, "\(resumed)")
      try await lab.expectNoDrillLeft()
      try await lab.expectProductionUntouched()
    }
  }

  @Test("rehearsed, it could be executed, and says exactly what it would do; proved, it holds")
  func rehearsal() async throws {
    try await TestLab.forDrills { lab in
      let files = try FileManager.default.subpathsOfDirectory(atPath: lab.drillHost).sorted()
      let rehearsed = try await lab.lifeboat(["rehearse", TestLab.drillRunbook])
      #expect(rehearsed.code == 0, "\(rehearsed)")
      #expect(rehearsed.output.contains("VACUUM INTO '\(lab.drillCopy).making'"))
      #expect(rehearsed.output.contains("abort is free until step 11, remove-drill"))
      let after = try FileManager.default.subpathsOfDirectory(atPath: lab.drillHost).sorted()
      #expect(after == files)
      let proved = try await lab.lifeboat(["prove", TestLab.drillRunbook])
      #expect(proved.code == 0, "\(proved)")
    }
  }

  // MARK: - Refusals

  @Test("the standby's real scheduler runs: nothing is begun")
  func standbyRuns() async throws {
    try await TestLab.forDrills { lab in
      for verb in [["set-start-type"], ["start"]] {
        let ran = try await run(
          Programs.labScheduler,
          ["service"] + verb + ["\(lab.lab)/dr/scheduler", "server"]
            + (verb == ["set-start-type"] ? ["manual"] : []))
        try #require(ran.code == 0, "\(ran)")
      }
      let refused = try await lab.drill()
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.output.contains("✗ standby-stopped"))
      // The action refuses by itself, too.
      let accepted = try await lab.drill(["--accept", "standby-stopped=a test of the guard"])
      #expect(accepted.output.contains("real-scheduler-stopped"), "\(accepted)")
      #expect(!FileManager.default.fileExists(atPath: lab.drillDirectory))
    }
  }

  @Test("what runs on the drill's host reaches a network: nothing is begun")
  func notIsolated() async throws {
    try await TestLab.forDrills { lab in
      try await lab.loseIsolation()
      let refused = try await lab.drill()
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.output.contains("dr.drill has the network interfaces"))
      #expect(!FileManager.default.fileExists(atPath: lab.drillDirectory))
    }
  }

  @Test("isolation is lost half-way: its scheduler is not started, and all is removed")
  func isolationLost() async throws {
    try await TestLab.forDrills { lab in
      let killed = try await lab.drill(crashAt: "start-drill:step.started")
      try #require(killed.code == 137, "\(killed)")
      try await lab.loseIsolation()
      let resumed = try await lab.lifeboat(["resume", "--no-input"])
      #expect(resumed.code == 2, "\(resumed)")
      #expect(resumed.output.contains("is-isolated"))
      #expect(resumed.output.contains("what is always done at the end is done"))
      try await lab.expectNoDrillLeft()
      let log = try? String(contentsOfFile: "\(lab.drillHost)/logs/server.log", encoding: .utf8)
      #expect(log == nil, "the drill's scheduler was started")
      let again = try await lab.lifeboat(["resume", "--no-input"])
      #expect(again.code == 2 && again.error.contains("run.ended"), "\(again)")
    }
  }

  @Test("a directory that no drill made is not touched")
  func foreignDirectory() async throws {
    try await TestLab.forDrills { lab in
      try FileManager.default.createDirectory(
        atPath: lab.drillDirectory, withIntermediateDirectories: false)
      try "mine".write(toFile: lab.drillCopy, atomically: true, encoding: .utf8)
      let refused = try await lab.drill()
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.output.contains("no mark of a drill"))
      let accepted = try await lab.drill(["--accept", "no-other-drill=a test of what follows"])
      #expect(accepted.code != 0 && accepted.output.contains("no mark of a drill"), "\(accepted)")
      #expect(try String(contentsOfFile: lab.drillCopy, encoding: .utf8) == "mine")
      try FileManager.default.removeItem(atPath: lab.drillDirectory)
    }
  }

  @Test("too little space, or a replica that is behind: nothing is begun")
  func spaceAndLag() async throws {
    try await TestLab.forDrills { lab in
      let full = try lab.changedDrill(
        "action: drill.copy\n", "action: drill.copy\n    with: { minimum_free: 1000TiB }\n")
      let refused = try await lab.lifeboat(["execute", full, "--no-input"])
      #expect(refused.output.contains("enough-space"), "\(refused)")
      try await lab.expectNoDrillLeft()

      let stopped = try await run(
        Programs.labScheduler, ["service", "stop", "\(lab.lab)/production/scheduler", "replicator"])
      try #require(stopped.code == 0, "\(stopped)")
      let behind = try await lab.lifeboat(
        ["execute", try lab.changedDrill("rpo: 5m", "rpo: 1ms"), "--no-input"])
      #expect(behind.code == 2, "\(behind)")
      #expect(behind.output.contains("✗ replica-current"))
    }
  }

  @Test("another drill is under way, or was left: refused; its removal asks a person")
  func anotherDrill() async throws {
    try await TestLab.forDrills { lab in
      let killed = try await lab.drill(crashAt: "production-went-on:step.started")
      try #require(killed.code == 137, "\(killed)")
      let second = try await lab.drill()
      #expect(second.code == 2, "\(second)")
      #expect(second.output.contains("another drill is under way, or was not removed"))

      let removal = Programs.runbook("scheduler-drill-removal")
      let asked = try await lab.lifeboat(["execute", removal, "--no-input"])
      #expect(asked.code == 4, "\(asked)")
      #expect(FileManager.default.fileExists(atPath: lab.drillCopy))
      let removed = try await lab.lifeboat(
        ["resume", "--no-input", "--consent", "remove-drill=its machine is gone"])
      #expect(removed.code == 0, "\(removed)")
      try await lab.expectNoDrillLeft()
      try await lab.expectProductionUntouched()
    }
  }

  // MARK: - Production is lost

  @Test("production is lost meanwhile: the drill removes itself, and a failover goes ahead")
  func productionLost() async throws {
    try await TestLab.forDrills { lab in
      let killed = try await lab.drill(crashAt: "production-went-on:step.started")
      try #require(killed.code == 137, "\(killed)")
      try await lab.strikeProduction()
      let resumed = try await lab.lifeboat(["resume", "--no-input"])
      #expect(resumed.code != 0, "\(resumed)")
      #expect(resumed.output.contains("begin the real failover"), "\(resumed)")
      try await lab.expectNoDrillLeft()
      #expect(try await lab.failover().code == 0)
      try await lab.expectInControl("dr")
      try lab.expectTurns(["production", "dr"])
    }
  }

  @Test("a failover is not hindered by what a killed drill has left")
  func failoverBesideADrill() async throws {
    try await TestLab.forDrills { lab in
      let killed = try await lab.drill(crashAt: "production-went-on:step.started")
      try #require(killed.code == 137, "\(killed)")
      try await lab.strikeProduction()
      let ran = try await lab.failover()
      #expect(ran.code == 0, "\(ran)")
      try await lab.expectInControl("dr")
      let run = try #require(try await lab.runs(of: "scheduler-drill").first)
      _ = try await lab.lifeboat(["resume", run, "--no-input"])
      try await lab.expectNoDrillLeft()
      try await lab.expectInControl("dr")
      try await lab.waitForJobs(at: "dr")
      try lab.expectTurns(["production", "dr"])
    }
  }
}

extension TestLab {
  /// The ids of a runbook's executions, the newest first.
  func runs(of runbook: String) async throws -> [String] {
    let listed = try await lifeboat(["audit", "list"])
    return listed.output.split(separator: "\n").filter {
      $0.contains("execution") && $0.contains(runbook)
    }.compactMap { $0.split(separator: " ").first.map(String.init) }
  }
}

@Suite("What a drill may act on is decided before it is begun")
struct DrillRuleTests {
  @Test("in a drill, what is real is refused; elsewhere, what is there for drills")
  func rules() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let real = [
        "action: service.start, target: dr.scheduler",
        "action: service.stop, target: production.scheduler",
        "action: replication.reverse, target: scheduler, with: { to: dr, mode: ungraceful }",
        "action: failover_table.truncate, target: scheduler@dr",
        "action: command.run, target: dr.drill, with: { command: [reboot], unless: [\"false\"] }",
      ]
      for step in real {
        let ran = try await lab.validate(step, as: "drill")
        #expect(ran.code == 8, "\(step): \(ran)")
        #expect(ran.error.contains("runbook.drill_acts_for_real"), "\(step): \(ran)")
      }
      let drills = [
        "action: service.start, target: dr.drill", "action: service.stop, target: dr.drill",
        "action: drill.copy, target: scheduler@dr.drill",
        "action: drill.remove, target: scheduler@dr.drill",
        "action: sql.run, target: scheduler@dr.drill, with: { statement: DELETE FROM jobs, unless: SELECT 1 }",
      ]
      for step in drills {
        #expect(try await lab.validate(step, as: "drill").code == 0, "\(step)")
        let ran = try await lab.validate(step, as: "upgrade")
        #expect(ran.code == 8 && ran.error.contains("runbook.drill_only"), "\(step): \(ran)")
      }
      let overriding = try await lab.validate(
        "action: service.start, target: dr.drill, approval: { prompt: Really? }, "
          + "override_guards: [{ guard: is-isolated, reason: in a hurry }]", as: "drill")
      #expect(overriding.error.contains("runbook.drill_override"), "\(overriding)")
    }
  }
}

extension TestLab {
  fileprivate func validate(_ step: String, as runType: String) async throws -> Ran {
    let text = "runbook: r\nrun_type: \(runType)\nsteps:\n  - { id: a, \(step) }\n"
    return try await lifeboat(["validate", try runbook(text)])
  }
}
