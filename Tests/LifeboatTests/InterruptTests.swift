import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite("Stopping a run")
struct InterruptTests {
  /// Two steps that wait for files which the test makes.
  private func runbook(_ lab: TestLab) throws -> String {
    try lab.runbook(
      """
      runbook: two-waits
      description: Waits for two files, one after the other.
      run_type: upgrade
      steps:
        - id: first
          action: wait.until
          timeout: 2m
          with: { command: { host: dr.scheduler, command: [test, -e, "\(lab.lab)/first"] } }
        - id: second
          action: wait.until
          timeout: 2m
          with: { command: { host: dr.scheduler, command: [test, -e, "\(lab.lab)/second"] } }
      """)
  }

  @Test("the first signal lets the step in hand end, and leaves a run that can be resumed")
  func firstSignal() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let child = try await lab.start(["execute", try runbook(lab)])
      try await child.untilOutput(contains: "first")
      kill(child.pid, SIGINT)
      try await child.untilOutput(contains: "after the step in hand")
      #expect(FileManager.default.createFile(atPath: lab.lab + "/first", contents: nil))
      #expect(await child.end() == 5)
      let outcomes = try await lab.outcomes()
      #expect(outcomes == ["first": "ok"])
      #expect(FileManager.default.createFile(atPath: lab.lab + "/second", contents: nil))
      #expect(try await lab.lifeboat(["resume"]).code == 0)
      try lab.removeFiles(["first", "second"])
    }
  }

  @Test("the second signal stops at once, and resuming looks first")
  func secondSignal() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let child = try await lab.start(["execute", try runbook(lab)])
      try await child.untilOutput(contains: "first")
      kill(child.pid, SIGTERM)
      try await child.untilOutput(contains: "after the step in hand")
      kill(child.pid, SIGTERM)
      #expect(await child.end() == 5)
      let last = try #require(try await lab.entries().last)
      #expect(last["kind"] as? String == "run.ended")
      for name in ["first", "second"] {
        #expect(FileManager.default.createFile(atPath: lab.lab + "/\(name)", contents: nil))
      }
      #expect(try await lab.lifeboat(["resume"]).code == 0)
      try lab.removeFiles(["first", "second"])
    }
  }

  @Test("killed at random moments until it is done: one end, no doubt", arguments: 1...4)
  func killedAtRandom(round: Int) async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      var arguments = ["execute", Programs.runbook("scheduler-switchover")]
      var kills = 0
      while true {
        let child = try await lab.start(arguments)
        try await eventually("it has begun, or was done already") {
          child.output.contains("Steps") || child.output.contains("run.ended")
        }
        // Ever longer, so that it gets through on a busy machine too.
        try await randomMoment(upTo: .milliseconds(300 * (kills + 1)), using: &random)
        kill(child.pid, SIGKILL)
        let code = await child.end()
        // Killed between its last entry and its exit, it is found done.
        if code == 0 || (code == 2 && child.output.contains("run.ended")) { break }
        try #require(code == 137, "seed \(seed): \(child.output)")
        kills += 1
        arguments = ["resume"]
      }
      try await lab.expectInControl("dr")
      try await lab.waitForJobs(at: "dr")
      try lab.expectTurns(["production", "dr"])
      #expect(try await lab.lifeboat(["audit", "verify"]).code == 0, "seed \(seed)")
    }
  }
}
