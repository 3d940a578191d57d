import Foundation
import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// What a single step makes of a world that errs. Only what a probe sees afterwards counts.
struct ActingTests {
  private let change = FakePlan.make([FakeStep("a")])
  private let changeOnce = FakePlan.make([FakeStep("a", "fake.change_once")])

  @Test func aNeededStepIsWrittenDownDoneAndProbed() async throws {
    let rig = Rig()
    let ended = try await rig.execute(change)
    #expect(ended.ending == .done)
    #expect(rig.world[FakePlan.host, "a"] == "done")
    #expect(
      try await rig.entries().map(\.kind) == [
        "run.started", "step.started", "step.intent", "step.acted", "step.ended", "run.ended",
      ])
    let intent = try #require(try await rig.records(StepIntent.self).first)
    #expect(intent.attempt == 1)
    #expect(intent.verdict.verdict == "needed")
    #expect(intent.predicted?.map(\.value) == ["done"])
    #expect(try await rig.ending(of: "a").observation.map(\.value) == ["done"])
    #expect(try await rig.outcome(of: "a") == .changed)
  }

  @Test func aFinishedPlanChangesNothingWhenExecutedAgain() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a"), FakeStep("b", "fake.change_once"),
      FakeStep("c", "fake.check", value: "done") {
        $0.arguments["property"] = .value("a")
      },
    ])
    #expect(try await rig.execute(plan).ending == .done)
    let calls = rig.world.calls.count
    let again = try await rig.execute(plan, as: "r-2")
    #expect(again.ending == .done)
    #expect(again.outcomes == ["ok": 3])
    #expect(rig.world.calls.count == calls)
    #expect(try await rig.records(StepIntent.self, in: "r-2").isEmpty)
  }

  /// How a step ends by its fault, whether it may be repeated, and how often it was done.
  struct Case: Sendable, CustomTestStringConvertible {
    let fault: ActFault
    let action: String
    let outcome: StepEnded.Outcome
    let ending: RunEnded.Ending
    let code: String?

    var testDescription: String { "\(action) \(fault)" }
  }

  static let cases: [Case] = [
    // The probe sees that it is so: what `act` said doesn't matter.
    Case(fault: .failsAfter, action: "fake.change", outcome: .changed, ending: .done, code: nil),
    Case(fault: .answerLost, action: "fake.change", outcome: .changed, ending: .done, code: nil),
    Case(fault: .hangsAfter, action: "fake.change", outcome: .changed, ending: .done, code: nil),
    Case(fault: .comesLate, action: "fake.change", outcome: .changed, ending: .done, code: nil),
    Case(
      fault: .answerLost, action: "fake.change_once", outcome: .changed, ending: .done, code: nil),
    Case(
      fault: .comesLate, action: "fake.change_once", outcome: .changed, ending: .done, code: nil),
    // The probe sees that it isn't so.
    Case(
      fault: .lies, action: "fake.change", outcome: .failed, ending: .failed,
      code: "step.no_effect"),
    Case(
      fault: .failsBefore, action: "fake.change", outcome: .failed, ending: .failed,
      code: "fake.refused"),
    Case(
      fault: .unreachable, action: "fake.change", outcome: .failed, ending: .failed,
      code: "fake.unreachable"),
    Case(
      fault: .hangsBefore, action: "fake.change", outcome: .failed, ending: .failed,
      code: "step.timed_out"),
    Case(
      fault: .failsBefore, action: "fake.change_once", outcome: .failed, ending: .failed,
      code: "fake.refused"),
    // It isn't so and may still come: doing it again could do it twice.
    Case(
      fault: .lies, action: "fake.change_once", outcome: .inDoubt, ending: .inDoubt,
      code: "step.no_effect"),
    Case(
      fault: .hangsBefore, action: "fake.change_once", outcome: .inDoubt, ending: .inDoubt,
      code: "step.timed_out"),
  ]

  @Test(arguments: cases) func aFaultOfActIsJudgedByTheProbe(_ test: Case) async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [test.fault])
    let ended = try await rig.execute(FakePlan.make([FakeStep("a", test.action)]))
    #expect(ended.ending == test.ending)
    #expect(ended.resumable == (test.ending != .done))
    let step = try await rig.ending(of: "a")
    #expect(step.outcome == test.outcome)
    #expect(step.failure?.code == test.code)
    #expect(rig.world.calls(of: "a") == 1)
  }

  @Test func aHostThatGoesDarkWhileActingLeavesTheStepInDoubt() async throws {
    let rig = Rig()
    rig.beforeChange { _ in rig.world.darken(FakePlan.host) }
    let ended = try await rig.execute(change)
    #expect(ended.ending == .inDoubt)
    #expect(try await rig.ending(of: "a").failure?.code == "step.in_doubt")
  }

  @Test func aRetryActsAgainAfterItsIntervalGrownByTheBackoff() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore, .failsBefore])
    let plan = FakePlan.make([
      FakeStep("a") { $0.retry = PlannedStep.Retry(limit: 3, interval: "5s", backoff: 3) }
    ])
    #expect(try await rig.execute(plan).ending == .done)
    #expect(try await rig.records(StepIntent.self).map(\.attempt) == [1, 2, 3])
    #expect(rig.world.effects(on: "a") == 1)
    let intents = try await rig.entries().filter { $0.kind == StepIntent.kind }.map(\.at)
    try #require(intents.count == 3)
    #expect(intents[1].duration(since: intents[0]) == .seconds(5))
    #expect(intents[2].duration(since: intents[1]) == .seconds(15))
  }

  @Test func triesEndWithTheLimit() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore, .failsBefore, .failsBefore])
    let plan = FakePlan.make([
      FakeStep("a") { $0.retry = PlannedStep.Retry(limit: 1, interval: "5s", backoff: 1) }
    ])
    #expect(try await rig.execute(plan).ending == .failed)
    #expect(rig.world.calls(of: "a") == 2)
  }

  @Test func whatComesBetweenTwoTriesIsNotDoneAgain() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore])
    let plan = FakePlan.make([
      FakeStep("a") { $0.retry = PlannedStep.Retry(limit: 3, interval: "5s", backoff: 1) }
    ])
    let ended = try await rig.execute(plan, whileAfter: .seconds(2)) {
      rig.world[FakePlan.host, "a"] = "done"
    }
    #expect(ended.ending == .done)
    #expect(rig.world.calls.count == 1)
  }

  @Test func aStepInDoubtIsNotRetried() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.lies, .lies])
    let plan = FakePlan.make([
      FakeStep("a", "fake.change_once") {
        $0.retry = PlannedStep.Retry(limit: 3, interval: "5s", backoff: 1)
      }
    ])
    #expect(try await rig.execute(plan).ending == .inDoubt)
    #expect(rig.world.calls(of: "a") == 1)
  }

  @Test func whatIsBrokenIsNotActedOn() async throws {
    let rig = Rig(["a": "broken"])
    #expect(try await rig.execute(change).ending == .failed)
    #expect(try await rig.ending(of: "a").failure?.code == "step.blocked")
    #expect(rig.world.calls.isEmpty)
  }

  @Test(arguments: ProbeFault.allCases) func whatCannotBeSeenIsNotActedOn(_ fault: ProbeFault)
    async throws
  {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", probes: [fault])
    let ended = try await rig.execute(change)
    #expect(ended.ending == .failed)
    #expect(try await rig.ending(of: "a").failure?.code == "step.unknown")
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.resume(with: change).ending == .done)
  }

  @Test func aProbeThatHangsAfterActingLeavesTheStepInDoubtUntilResumed() async throws {
    let rig = Rig()
    rig.beforeChange { _ in
      rig.world.script(FakePlan.host, "a", probes: [.hangs])
    }
    #expect(try await rig.execute(change).ending == .inDoubt)
    #expect(try await rig.resume(with: change).ending == .done)
    #expect(rig.world.calls(of: "a") == 1)
  }

  @Test func aWaitEndsWhenTheWorldHasMoved() async throws {
    let rig = Rig()
    let plan = FakePlan.make([FakeStep("a", "fake.wait")])
    let ended = try await rig.execute(plan, whileAfter: .seconds(30)) {
      rig.world[FakePlan.host, "a"] = "done"
    }
    #expect(ended.ending == .done)
    #expect(try await rig.outcome(of: "a") == .ok)
    #expect(rig.world.operators == 0)
  }

  @Test func aWaitFailsWhenItsTimeIsUp() async throws {
    let rig = Rig()
    let start = rig.clock.uptime()
    #expect(try await rig.execute(FakePlan.make([FakeStep("a", "fake.wait")])).ending == .failed)
    #expect(try await rig.ending(of: "a").failure?.code == "step.not_in_time")
    #expect(rig.clock.uptime() - start == .seconds(60))
  }

  @Test func aDeadlineIsMeasuredOnTheMonotonicClock() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.comesLate])
    rig.beforeChange { _ in rig.clock.setWall(rig.clock.now() + 86_400) }
    #expect(try await rig.execute(change).ending == .done)
  }

  @Test func aPredictionThatCameOutOtherwiseIsReported() async throws {
    let rig = Rig(["p": "open"])
    let plan = FakePlan.make([FakeStep("a") { $0.arguments["promise"] = .value("p") }])
    #expect(try await rig.execute(plan).ending == .done)
    #expect(
      try await rig.ending(of: "a").misses == [
        StepEnded.Miss(
          subject: FakePlan.host, property: "p", predicted: "done", observed: "open")
      ])
  }
}
