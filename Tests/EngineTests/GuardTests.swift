import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// A guard must hold immediately before `act`: what was seen then, and nothing else, decides.
struct GuardTests {
  private let guarded = FakePlan.make([.guarded("a", property: "state", is: "stopped")])

  private func rig(_ state: String?) -> Rig {
    let rig = Rig()
    rig.world[FakePlan.otherHost, "state"] = state
    return rig
  }

  @Test func aGuardThatHoldsIsKeptWithTheIntent() async throws {
    let rig = rig("stopped")
    #expect(try await rig.execute(guarded).ending == .done)
    let guards = try #require(try await rig.records(StepIntent.self).first?.guards)
    #expect(guards.map(\.id) == ["other-host"])
    #expect(guards.map(\.finding) == ["holds"])
  }

  @Test func aViolatedGuardRefuses() async throws {
    let rig = rig("running")
    let ended = try await rig.execute(guarded)
    #expect(ended.ending == .refused)
    #expect(ended.resumable)
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.records(StepIntent.self).isEmpty)
    let step = try await rig.ending(of: "a")
    #expect(step.failure?.code == "guard.refused")
    #expect(step.guards.map(\.finding) == ["violated"])

    rig.world[FakePlan.otherHost, "state"] = "stopped"
    #expect(try await rig.resume(with: guarded).ending == .done)
  }

  @Test func aGuardThatCannotBeToldRefuses() async throws {
    let rig = rig("stopped")
    rig.world.darken(FakePlan.otherHost)
    #expect(try await rig.execute(guarded).ending == .refused)
    #expect(try await rig.ending(of: "a").guards.map(\.finding) == ["unknown"])
    #expect(rig.world.calls.isEmpty)
  }

  @Test func aRefusalIsNotToleratedAndNotRetried() async throws {
    let rig = rig("running")
    let plan = FakePlan.make([
      .guarded("a", property: "state", is: "stopped") {
        $0.onError = .continue
        $0.retry = PlannedStep.Retry(limit: 3, interval: "1s", backoff: 1)
      }, FakeStep("b"),
    ])
    #expect(try await rig.execute(plan).ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }

  @Test func anOverrideIsKeptWithItsReason() async throws {
    let rig = rig("running")
    let plan = FakePlan.make([
      .guarded("a", property: "state", is: "stopped") {
        $0.overriddenGuards = ["other-host": "the building burns"]
      }
    ])
    #expect(try await rig.execute(plan).ending == .done)
    let kept = try #require(try await rig.records(StepIntent.self).first?.guards.first)
    #expect(kept.finding == "violated")
    #expect(kept.overridden == "the building burns")
  }

  @Test func anOverrideOfAnotherGuardDoesNotCount() async throws {
    let rig = rig("running")
    let plan = FakePlan.make([
      .guarded("a", property: "state", is: "stopped") {
        $0.overriddenGuards = ["other-guard": "no matter"]
      }
    ])
    #expect(try await rig.execute(plan).ending == .refused)
  }

  @Test func theWorldIsSeenAgainAfterPeopleHaveThought() async throws {
    let rig = rig("stopped")
    let plan = FakePlan.make([
      .guarded("a", property: "state", is: "stopped") {
        $0.approval = .init(prompt: "Go?", required: 1)
      }
    ])
    let answers = ScriptedAnswers(["a": [.yes]]) { _ in
      rig.world[FakePlan.otherHost, "state"] = "running"
    }
    #expect(try await rig.execute(plan, answers: answers).ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }

  @Test func aGuardIsCheckedAgainBeforeEachTry() async throws {
    let rig = rig("stopped")
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore])
    let plan = FakePlan.make([
      .guarded("a", property: "state", is: "stopped") {
        $0.retry = PlannedStep.Retry(limit: 3, interval: "10s", backoff: 1)
      }
    ])
    let ended = try await rig.execute(plan, whileAfter: .seconds(5)) {
      rig.world[FakePlan.otherHost, "state"] = "running"
    }
    #expect(ended.ending == .refused)
    #expect(rig.world.calls.count == 1)
  }

  @Test func aResumedStepIsGuardedToo() async throws {
    let rig = rig("stopped")
    try await rig.die(at: "a:intent.after", guarded)
    rig.world[FakePlan.otherHost, "state"] = "running"
    #expect(try await rig.resume(with: guarded).ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }

  // MARK: - A runner that is suspended between looking and acting

  private static let points = ["a:intent.before", "a:intent.after"]

  /// Executes the guarded step; each time that the runner comes to the point, it is suspended, and the world goes on.
  private func execute(
    _ rig: Rig, suspendedAt point: String, for duration: Duration, times: Int,
    _ meanwhile: @escaping @Sendable () -> Void = {}
  ) async throws -> RunEnded {
    let left = Mutex(times)
    let crashes = CrashPlan(point) { [clock = rig.clock] in
      guard
        left.withLock({ left in
          left -= 1
          return left >= 0
        })
      else { return }
      clock.advance(by: duration)
      meanwhile()
    }
    let executor = rig.executor(crashes: crashes)
    return try await rig.clock.autoAdvancing { [guarded] in
      try await executor.execute(guarded, as: Rig.run, from: Rig.origin)
    }
  }

  @Test(arguments: points)
  func aSuspendedRunnerDoesNotActOnWhatItSawBefore(_ point: String) async throws {
    let rig = rig("stopped")
    let ended = try await execute(rig, suspendedAt: point, for: .seconds(3600), times: 1) {
      rig.world[FakePlan.otherHost, "state"] = "running"
    }
    #expect(ended.ending == .refused)
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.ending(of: "a").guards.map(\.finding) == ["violated"])
  }

  @Test(arguments: points)
  func whereTheWorldIsAsItWasASuspendedRunnerGoesOn(_ point: String) async throws {
    let rig = rig("stopped")
    let ended = try await execute(rig, suspendedAt: point, for: .seconds(3600), times: 2)
    #expect(ended.ending == .done)
    #expect(rig.world.effects(on: "a") == 1)
  }

  @Test func whoIsAlwaysTooLateDoesNotActAtAll() async throws {
    let rig = rig("stopped")
    let ended = try await execute(
      rig, suspendedAt: "a:intent.after", for: .seconds(31), times: .max)
    #expect(ended.ending == .failed)
    #expect(try await rig.ending(of: "a").failure?.code == "step.seen_too_long_ago")
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.resume(with: guarded).ending == .done)
  }

  @Test func aShortPauseBetweenLookingAndActingIsNoMatter() async throws {
    let rig = rig("stopped")
    let ended = try await execute(
      rig, suspendedAt: "a:intent.after", for: .seconds(29), times: .max)
    #expect(ended.ending == .done)
    #expect(try await rig.records(StepIntent.self).count == 1)
  }
}

/// What people vouch for stands in for what can't be seen, and never for what can.
struct AttestedFactTests {
  /// The other host's service is to be stopped, or vouched for; then the guarded step.
  private let plan = FakePlan.make([
    Self.stop, .gate("pause", "fake.approval", prompt: "Go on?"),
    .guarded("a", property: "state", is: "stopped"),
  ])

  private static let stop = FakeStep("state", value: "stopped") {
    $0.host = FakePlan.otherHost
    $0.onUnreachable = .attest
  }

  private func darkRig() -> Rig {
    let rig = Rig()
    rig.world[FakePlan.otherHost, "state"] = "running"
    rig.world.darken(FakePlan.otherHost)
    return rig
  }

  @Test func anAttestedFactLetsAGuardHold() async throws {
    let rig = darkRig()
    let answers = ScriptedAnswers(["state": [.yes], "pause": [.yes]])
    #expect(try await rig.execute(plan, answers: answers).ending == .done)
    #expect(try await rig.outcome(of: "state") == .ok)
    let seen = try #require(try await rig.records(StepIntent.self, of: "a").first?.observation)
    #expect(seen.first { $0.subject == FakePlan.otherHost }?.source == "attested")
  }

  /// A run that waits for people ages as one that was stopped does.
  @Test(arguments: [(14, RunEnded.Ending.done), (16, .refused)])
  func anAttestationAgesWhileTheRunWaits(minutes: Int, ending: RunEnded.Ending) async throws {
    let rig = darkRig()
    let answers = ScriptedAnswers(["state": [.yes], "pause": [.yes]]) { step in
      if step == "pause" { rig.clock.advance(by: .seconds(minutes * 60)) }
    }
    #expect(try await rig.execute(plan, answers: answers).ending == ending)
    guard ending == .refused else { return }
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.records(GateVoided.self, of: "state").map(\.reason) == [.expired])
    let later = ScriptedAnswers(["state": [.yes]])
    #expect(try await rig.resume(with: plan, answers: later).ending == .done)
    #expect(later.asked.map(\.step) == ["state"])
  }

  @Test func aDeadSiteThatComesBackIsBelievedAboveAnyPerson() async throws {
    let rig = darkRig()
    let answers = ScriptedAnswers(["state": [.yes], "pause": [.yes]]) { step in
      if step == "pause" { rig.world.lighten(FakePlan.otherHost) }
    }
    #expect(try await rig.execute(plan, answers: answers).ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }

  /// It was vouched to be stopped, was then seen running, and went dark again: nobody vouches for that.
  @Test(arguments: [false, true])
  func whatWasSeenOtherwiseIsNotVouchedForAnyMore(_ isResumed: Bool) async throws {
    let rig = darkRig()
    let answers = ScriptedAnswers(["state": [.yes], "pause": [.yes]]) { step in
      if step == "pause" { rig.world.lighten(FakePlan.otherHost) }
    }
    #expect(try await rig.execute(plan, answers: answers).ending == .refused)
    rig.world.darken(FakePlan.otherHost)
    if isResumed {
      // Even a runner that died in between.
      try await rig.die(at: "run:run.started", plan, resuming: true)
    }
    let again = try await rig.resume(with: plan)
    #expect(again.ending != .done)
    #expect(rig.world.calls.isEmpty)
  }

  @Test func withinOneRunTooWhatWasSeenOtherwiseEndsTheVouching() async throws {
    let rig = darkRig()
    let look = FakeStep("look", "fake.check", value: "stopped") {
      $0.host = FakePlan.otherHost
      $0.arguments["property"] = "state"
      $0.onError = .continue
    }
    let plan = FakePlan.make([
      Self.stop, .gate("back", "fake.approval", prompt: "Is it back?"), look,
      .gate("gone", "fake.approval", prompt: "Is it gone?"),
      .guarded("a", property: "state", is: "stopped"),
    ])
    let answers = ScriptedAnswers(["state": [.yes], "back": [.yes], "gone": [.yes]]) { step in
      if step == "back" { rig.world.lighten(FakePlan.otherHost) }
      if step == "gone" { rig.world.darken(FakePlan.otherHost) }
    }
    #expect(try await rig.execute(plan, answers: answers).ending == .refused)
    #expect(rig.world.calls.isEmpty)
    let voided = try #require(try await rig.records(GateVoided.self, of: "state").first)
    #expect(voided.reason == .contradicted)
    #expect(voided.person == Rig.ann)
    #expect(voided.facts.map(\.source) == ["probed"])
    #expect(voided.facts.map(\.value) == ["running"], "what was seen instead")
  }
}
