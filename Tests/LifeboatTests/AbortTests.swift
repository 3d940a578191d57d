import Engine
import Foundation
import TestSupport
import Testing

@Suite("Aborting a run brings back what was")
struct AbortTests {
  static let agreed = ["--approve", "\(UndoPlan.gate)=the storm has turned away"]

  /// Where a switchover is killed before its point of no return: within the stop, after it, drained, promoted, reversed.
  static let killedAt = [
    "stop-scheduler:act.call-4", "reverse-replication:step.started",
    "reverse-replication:act.call-2", "reverse-replication:act.call-3",
    "truncate-failover:step.started",
  ]

  @Test("production is in control again, with its start types and its permit", arguments: killedAt)
  func restores(point: String) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let before = try await lab.killSwitchover(at: point)
      let explained = try await lab.lifeboat(["explain"])
      #expect(explained.output.contains("abort is free until step 3, truncate-failover"))

      let aborted = try await lab.lifeboat(["abort"] + Self.agreed)
      #expect(aborted.code == 0, "\(aborted)")
      #expect(try await lab.services("production") == before)
      try await lab.expectBackInControl("production")
      try await lab.expectJobsAgain(at: "production")
      try lab.expectTurns(["production"])
      #expect(try await lab.status().site("dr").database.role == "replica")
      try await lab.expectOnePermitAtEveryPrefix(endingAt: "production")
      #expect(try await lab.lifeboat(["audit", "verify"]).code == 0)
    }
  }

  @Test(
    "--rehearse says what would be undone, and changes nothing; without an answer nothing is done")
  func rehearses() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      _ = try await lab.killSwitchover(at: "reverse-replication:step.started")
      let run = try await lab.lastExecution()
      let before = try await lab.services("production")
      let rehearsed = try await lab.lifeboat(["abort", run, "--rehearse"])
      #expect(rehearsed.code == 0, "\(rehearsed)")
      #expect(rehearsed.output.contains("undo-stop-scheduler"))
      #expect(rehearsed.output.contains("start server, executor, scheduler"))
      let waiting = try await lab.lifeboat(["abort", run, "--no-input"])
      #expect(waiting.code == 4, "\(waiting)")
      #expect(try await lab.services("production") == before)
      #expect(try await lab.lifeboat(["permit", "--site", "production"]).code == 10)
      // Nothing of it has acted: the run itself may still go on.
      #expect(try await lab.lifeboat(["resume", run]).code == 0)
      try await lab.expectInControl("dr")
      // What was to be undone has gone on.
      let late = try await lab.lifeboat(["resume"] + Self.agreed)
      #expect(late.code == 2 && late.error.contains("abort.moved_on"), "\(late)")
      try await lab.expectSuperseded(
        try await lab.lastExecution(), "\(run) has gone on since its undoing was planned")
      try await lab.expectInControl("dr")
    }
  }

  /// Where an abort of a run that was reversed is killed.
  static let abortKilledAt = [
    "undo-reverse-replication:intent.after", "undo-reverse-replication:act.call-2",
    "undo-reverse-replication:act.call-3", "undo-reverse-replication:act.after",
    "undo-stop-scheduler:intent.before", "undo-stop-scheduler:act.call-5",
    "undo-stop-scheduler:outcome.before", "run:run.before-end",
  ]

  @Test("killed in the middle, it is resumed to the same end", arguments: abortKilledAt)
  func survives(point: String) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let before = try await lab.killSwitchover(at: "truncate-failover:step.started")
      let run = try await lab.lastExecution()
      let killed = try await lab.lifeboat(["abort"] + Self.agreed, crashAt: point)
      try #require(killed.code == 137, "the point was not reached: \(killed)")
      for refused in [["resume", run], ["abort", run]] {
        let ran = try await lab.lifeboat(refused)
        #expect(ran.code == 2 && ran.error.contains("run.aborted"), "\(ran)")
      }
      let resumed = try await lab.lifeboat(["resume"])
      #expect(resumed.code == 0, "\(resumed)")
      #expect(try await lab.services("production") == before)
      try await lab.expectBackInControl("production")
      try lab.expectTurns(["production"])
      try await lab.expectOnePermitAtEveryPrefix(endingAt: "production")
    }
  }

  @Test("two at once: one undoes it, the other is refused")
  func twoAtOnce() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let before = try await lab.killSwitchover(at: "truncate-failover:step.started")
      let run = try await lab.lastExecution()
      async let one = lab.lifeboat(["abort", run] + Self.agreed)
      async let other = lab.lifeboat(["abort", run] + Self.agreed)
      let codes = try await [one.code, other.code].sorted()
      #expect(codes == [0, 2])
      #expect(try await lab.services("production") == before)
      try await lab.expectBackInControl("production")
      try await lab.expectOnePermitAtEveryPrefix(endingAt: "production")
    }
  }

  @Test("past the point of no return, and when it is done: refused, with the way back")
  func tooLate() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      _ = try await lab.killSwitchover(at: "truncate-failover:act.after")
      let refused = try await lab.lifeboat(["abort"] + Self.agreed)
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.error.contains("abort.no_return"))
      #expect(refused.error.contains("truncate-failover") && refused.error.contains("failback"))
      let explained = try await lab.lifeboat(["explain"])
      #expect(explained.output.contains("abort is over since step 3, truncate-failover"))
      #expect(try await lab.lifeboat(["resume"]).code == 0)
      let done = try await lab.lifeboat(["abort"] + Self.agreed)
      #expect(done.code == 2 && done.error.contains("run.ended"), "\(done)")
      try await lab.expectInControl("dr")
    }
  }

  @Test("the world has moved: the rehearsal says so, and nothing is done")
  func worldMoved() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      _ = try await lab.killSwitchover(at: "reverse-replication:step.started")
      try await lab.promote("dr")
      let refused = try await lab.lifeboat(["abort"] + Self.agreed)
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.error.contains("abort.world_moved"))
      #expect(refused.output.contains("database-is-primary"))
      let kinds = try await lab.entries().compactMap { $0["kind"] as? String }
      #expect(!kinds.contains("run.aborted") && !kinds.contains("step.intent"))
      #expect(
        try await lab.services("production").values.allSatisfy { $0.hasPrefix("stopped") })
    }
  }

  @Test("a run that is still being run, one that changed nothing, and another that acted since")
  func refusals() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let child = try await lab.start(["execute", try lab.stopThenWait()])
      try await child.untilOutput(contains: "2/2 wait")
      let running = try await lab.lifeboat(["abort"] + Self.agreed)
      #expect(running.code == 2 && running.error.contains("abort.still_running"), "\(running)")
      kill(child.pid, SIGKILL)
      _ = await child.end()
      let stopped = try await lab.lastExecution()

      let idle = try await lab.lifeboat(
        ["execute", Programs.runbook("scheduler-switchover")], crashAt: "run:run.started")
      #expect(idle.code == 137)
      let nothing = try await lab.lifeboat(["abort"] + Self.agreed)
      #expect(nothing.code == 2 && nothing.error.contains("abort.nothing_done"), "\(nothing)")

      let other = try await lab.lifeboat(
        ["execute", Programs.runbook("scheduler-switchover")],
        crashAt: "truncate-failover:step.started")
      #expect(other.code == 137)
      let overtaken = try await lab.lifeboat(["abort", stopped] + Self.agreed)
      #expect(overtaken.code == 2 && overtaken.error.contains("abort.overtaken"), "\(overtaken)")
      let explained = try await lab.lifeboat(["explain", stopped])
      let last = try await lab.lastExecution()
      #expect(explained.output.contains("abort is over: \(last) "), "\(explained)")
      #expect(!explained.output.contains("lifeboat abort"), "\(explained)")
    }
  }

  @Test("killed in the middle, and another run acts: it isn't resumed, nor named as unfinished")
  func overtaken() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      _ = try await lab.killSwitchover(at: "reverse-replication:step.started")
      let killed = try await lab.lifeboat(
        ["abort"] + Self.agreed, crashAt: "undo-stop-scheduler:act.after")
      try #require(killed.code == 137, "the point was not reached: \(killed)")
      let undo = try await lab.lastExecution()
      let switchover = ["execute", Programs.runbook("scheduler-switchover")]
      let named = try await lab.lifeboat(switchover, crashAt: "stop-scheduler:intent.before")
      #expect(named.code == 137 && named.output.contains("'lifeboat resume \(undo)'"), "\(named)")
      let acted = try await lab.lifeboat(switchover, crashAt: "reverse-replication:step.started")
      #expect(acted.code == 137, "\(acted)")

      let refused = try await lab.lifeboat(["resume", undo])
      #expect(refused.code == 2 && refused.error.contains("abort.overtaken"), "\(refused)")
      try await lab.expectSuperseded(undo, "has acted on dr, production since")
      let last = try await lab.lifeboat(["explain"])
      #expect(!last.output.contains(undo) && last.output.contains("abort is free"), "\(last)")
      #expect(try await lab.lifeboat(["resume"]).code == 0)
      try await lab.expectInControl("dr")
    }
  }

  @Test("a failover that may lose data has no way back from its promotion on")
  func ungraceful() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let rehearsed = try await lab.lifeboat(["rehearse", Programs.runbook("scheduler-failover")])
      #expect(rehearsed.output.contains("abort is free until step 2, reverse-replication"))
      #expect(rehearsed.output.contains("1 stop-production: undone by service.start"))
      let graceful = try await lab.lifeboat(
        ["rehearse", Programs.runbook("scheduler-failover"), "--set", "mode=graceful"])
      #expect(graceful.output.contains("abort is free until step 3, truncate-failover"))
      #expect(graceful.output.contains("2 reverse-replication: undone by replication.reverse"))
      #expect(graceful.output.contains("5 start-dr: after truncate-failover, and never"))
    }
  }
}

extension TestLab {
  /// Kills a switchover, and returns production's services as they were before it.
  fileprivate func killSwitchover(at point: String) async throws -> [String: String] {
    try await waitForJobs(at: "production")
    try await waitForShippedGUID()
    let before = try await services("production")
    try #require(before.values.allSatisfy { $0 == "running, automatic" }, "\(before)")
    let killed = try await lifeboat(
      ["execute", Programs.runbook("scheduler-switchover")], crashAt: point)
    try #require(killed.code == 137, "the point was not reached: \(killed)")
    return before
  }

  /// State and start type of the scheduler's services, by name.
  fileprivate func services(_ site: String) async throws -> [String: String] {
    let services = try await status().site(site).hosts.first?.services ?? []
    let own = services.filter { ["server", "executor", "scheduler"].contains($0.name) }
    return Dictionary(
      own.map { ($0.name, "\($0.state), \($0.startType)") }, uniquingKeysWith: { $1 })
  }

  /// Its services run when the abort ends; a moment later its scheduler takes control.
  fileprivate func expectBackInControl(_ site: String) async throws {
    try await eventually("\(site) is in control again") {
      try await status().site(site).hosts.contains { $0.isInControl }
    }
    try await expectInControl(site)
  }

  fileprivate func expectJobsAgain(at site: String) async throws {
    try await waitForJobs(
      at: site, beyond: try JobHistory(self).runs.filter { $0.site == site }.count)
  }

  fileprivate func lastExecution() async throws -> String {
    let ran = try await lifeboat(
      ["audit", "list", "--type", "execution", "--limit", "1", "--output", "json"])
    let object = try JSONSerialization.jsonObject(with: Data(ran.output.utf8)) as? [String: Any]
    return try #require(object?["id"] as? String)
  }

  /// `explain` says why the undo can't go on, and of no command that would have it do so.
  fileprivate func expectSuperseded(_ undo: String, _ why: String) async throws {
    for options in [[], ["--handover"]] {
      let explained = try await lifeboat(["explain", undo] + options)
      #expect(explained.output.contains(why), "\(explained)")
      #expect(explained.output.contains("it can't be resumed any more"), "\(explained)")
      #expect(!explained.output.contains("lifeboat resume \(undo)"), "\(explained)")
    }
  }

  /// Stops production, and then waits for what never comes.
  fileprivate func stopThenWait() throws -> String {
    try runbook(
      """
      runbook: stop-then-wait
      description: Stops production, and waits for a file.
      run_type: upgrade
      steps:
        - id: stop
          action: service.stop
          target: production.scheduler
        - id: wait
          action: wait.until
          timeout: 5m
          with: { command: { host: dr.scheduler, command: [test, -e, "\(lab)/never"] } }
      """)
  }
}
