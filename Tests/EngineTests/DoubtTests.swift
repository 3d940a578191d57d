import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// What nobody can tell is not taken for known: neither by a person's old word, nor because time went by.
struct DoubtTests {
  private let attested = FakePlan.make([
    FakeStep("a", value: "stopped") { $0.onUnreachable = .attest }, FakeStep("b"),
  ])

  @Test func stoppingBeforeTheFirstStepBeginsNone() async throws {
    let rig = Rig()
    let control = RunControl()
    control.stopAfterStep()
    let plan = FakePlan.make([FakeStep("a")])
    let ended = try await rig.execute(plan, control: control)
    #expect(ended.ending == .interrupted)
    #expect(try await rig.records(StepStarted.self).isEmpty)
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.resume(with: plan).ending == .done)
  }

  /// The first look fails, the second shows that there is something to do.
  @Test func aRetryDoesNotGetRoundAnApproval() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a") {
        $0.approval = .init(prompt: "Really?", required: 1)
        $0.retry = .init(limit: 2, interval: "1s", backoff: 1)
      }
    ])
    rig.world.script(FakePlan.host, "a", probes: [.fails])
    #expect(try await rig.execute(plan).ending == .waiting)
    #expect(rig.world.calls.isEmpty)
    #expect(
      try await rig.resume(with: plan, answers: ScriptedAnswers(["a": [.yes]])).ending == .done)
  }

  @Test func anAttestationFillsOnlyWhatIsDark() {
    let vouched = Fact("h/server", "state", .value("stopped"), source: .attested)
    func filled(_ reading: Reading) -> Reading? {
      Observation([Fact("h/server", "state", reading)]).filled(with: [vouched])[vouched.key]?
        .reading
    }
    #expect(filled(.unreachable("dark")) == .value("stopped"))
    #expect(filled(.unknown("an odd answer")) == .unknown("an odd answer"))
    #expect(filled(.value("running")) == .value("running"))
  }

  @Test(
    arguments: [
      (Reading.unreachable("dark"), false), (.value("stopped"), false), (.value("running"), true),
      (.unknown("an odd answer"), true),
    ])
  func anAnswerThatIsNotTheSameEndsAnAttestation(reading: Reading, ends: Bool) {
    let fact = Fact("h/server", "state", .value("stopped"), source: .attested)
    let moment = ManualClock().now()
    let answer = RecordedRun.GateAnswer(
      step: "a",
      record: GateAnswered(
        gate: "attest", prompt: "?", granted: true, words: "w", person: Rig.ann,
        planDigest: "d", facts: [FactRecord(fact, at: moment)]))
    let found = answer.contradictions(in: Observation([Fact("h/server", "state", reading)]))
    #expect(found.map(\.reading) == (ends ? [reading] : []))
  }

  @Test(arguments: [
    (Duration.seconds(14 * 60), RunEnded.Ending.done), (.seconds(16 * 60), .waiting),
  ])
  func anOldAttestationIsAskedForAgain(age: Duration, ending: RunEnded.Ending) async throws {
    let rig = Rig()
    rig.world.darken(FakePlan.host)
    rig.world.script(FakePlan.host, "b", acts: [.failsBefore])
    let answers = ScriptedAnswers(["a": [.yes]]) { _ in }
    #expect(try await rig.execute(attested, answers: answers).ending != .done)
    rig.clock.advance(by: age)
    // Only b's target is needed now, and it answers.
    let later = ScriptedAnswers()
    let ended = try await rig.resume(with: attested, answers: later)
    #expect(later.asked.map(\.step).contains("a") == (ending == .waiting), "\(ended)")
    let voided = try await rig.records(GateVoided.self, of: "a")
    #expect(voided.map(\.reason) == (ending == .waiting ? [.expired] : []))
  }

  @Test func aStepInDoubtIsDoneAgainWhenAPersonSaysSo() async throws {
    let rig = Rig()
    let plan = FakePlan.make([FakeStep("a", "fake.change_once")])
    try await rig.die(at: "a:intent.after", plan)
    #expect(try await rig.resume(with: plan).ending == .inDoubt)
    #expect(
      try await rig.resume(with: plan, answers: ScriptedAnswers(["a": [.no]])).ending == .inDoubt)
    #expect(rig.world.calls.isEmpty)
    #expect(
      try await rig.resume(with: plan, answers: ScriptedAnswers(["a": [.yes]])).ending == .done)
    #expect(rig.world.effects(on: "a") == 1)
    #expect(try await rig.records(GateAnswered.self).map(\.gate) == ["redo", "redo"])
  }

  @Test func whatActedAndWentDarkIsInDoubt() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a") {
        $0.timeout = "5s"
        $0.retry = .init(limit: 3, interval: "20s", backoff: 1)
      }
    ])
    rig.world.script(FakePlan.host, "a", acts: [.lies])
    let ended = try await rig.execute(plan, whileAfter: .seconds(15)) {
      rig.world.darken(FakePlan.host)
    }
    #expect(ended.ending == .inDoubt, "\(ended)")
    rig.world.lighten(FakePlan.host)
    #expect(try await rig.resume(with: plan).ending == .done)
  }

  /// A site that still runs may move while a rehearsal goes on; in the run it would be stopped by then.
  @Test func whatARehearsalFoundToBeSoIsKeptForLaterSteps() throws {
    let action = try #require(ActionCatalogue.fake["fake.change"])
    let plan = FakePlan.make([FakeStep("a", value: "stopped")])
    let step = try #require(plan.steps.first)
    let made = try step.makeAction(
      from: ActionCatalogue([action]), inventory: plan.inventory, facts: StepFacts())
    let seen = Observation([Fact(FakePlan.host, "a", "stopped")])
    let judgement = Judgement(
      of: step, made, Sight(observation: seen, verdict: made.judge(seen)), basis: .probed)
    #expect(judgement.outcome == .already)
    var course = Course()
    course.take(step, judgement)

    let later = Observation([Fact(FakePlan.host, "a", "running")])
    let laid = later.overlaid(with: course.predictions)
    #expect(laid[FakePlan.host, "a"] == "stopped")
    #expect(course.basis(of: Sight(observation: laid, verdict: .satisfied(""))) == .predicted)
    // Seen to be so still, it counts as seen.
    let same = seen.overlaid(with: course.predictions)
    #expect(course.basis(of: Sight(observation: same, verdict: .satisfied(""))) == .probed)
  }
}
