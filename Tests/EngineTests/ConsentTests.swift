import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// Consent: what an action asks people for because of how the world is now, beside the step's own approval.
struct ConsentTests {
  private let plan = FakePlan.make([FakeStep("a", "fake.risky"), FakeStep("b")])
  private let approved = FakePlan.make([
    FakeStep("a", "fake.risky") { $0.approval = .init(prompt: "Really?", required: 1) }
  ])

  private func asked(_ answers: ScriptedAnswers) -> [String] {
    answers.asked.map { "\($0.question.kind.rawValue): \($0.question.prompt)" }
  }

  @Test func nothingIsDoneWithoutConsentAndTheRunIsResumedWithIt() async throws {
    let rig = Rig(["risk": "12 MB"])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .waiting)
    #expect(ended.resumable)
    #expect(rig.world.calls.isEmpty)
    let question = try #require(try await rig.records(GateAsked.self, of: "a").last)
    #expect(question.gate == "consent")
    #expect(question.prompt == "Is 12 MB worth it?")
    #expect(question.answerOption == "--consent")
    #expect(ended.advice?.contains("--consent a=") == true)

    let answers = ScriptedAnswers(["a": [.yes]])
    #expect(try await rig.resume(with: plan, answers: answers).ending == .done)
    let kept = try #require(try await rig.records(GateAnswered.self, of: "a").last)
    #expect(kept.gate == "consent")
    #expect(kept.person == Rig.ann)
    #expect(kept.words == "seen with my own eyes")
  }

  @Test func anApprovalOfTheStepIsNoConsent() async throws {
    let rig = Rig(["risk": "12 MB"])
    let answers = ScriptedAnswers(["a": [.yes]])
    #expect(try await rig.execute(approved, answers: answers).ending == .waiting)
    #expect(asked(answers) == ["approval: Really?", "consent: Is 12 MB worth it?"])
    #expect(rig.world.calls.isEmpty)
  }

  @Test func aNoStopsTheRun() async throws {
    let rig = Rig(["risk": "12 MB"])
    #expect(
      try await rig.execute(plan, answers: ScriptedAnswers(["a": [.no]])).ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }

  @Test func whereNothingIsAtStakeNobodyIsAsked() async throws {
    let rig = Rig()
    let answers = ScriptedAnswers()
    #expect(try await rig.execute(plan, answers: answers).ending == .done)
    #expect(answers.asked.isEmpty)
  }

  @Test func whatIsSoAlreadyNeedsNoConsent() async throws {
    let rig = Rig(["risk": "12 MB", "a": "done"])
    let answers = ScriptedAnswers()
    #expect(try await rig.execute(plan, answers: answers).ending == .done)
    #expect(answers.asked.isEmpty)
  }

  @Test func theWorldThatMovedWhilePeopleThoughtIsAskedAboutAnew() async throws {
    let rig = Rig(["risk": "12 MB"])
    let answers = ScriptedAnswers(["a": [.yes]]) { [world = rig.world] _ in
      world[FakePlan.host, "risk"] = "90 MB"
    }
    #expect(try await rig.execute(plan, answers: answers).ending == .waiting)
    #expect(asked(answers) == ["consent: Is 12 MB worth it?", "consent: Is 90 MB worth it?"])
    #expect(rig.world.calls.isEmpty)
  }

  @Test func theSameQuestionIsAskedOnceInARun() async throws {
    let rig = Rig(["risk": "12 MB"])
    let retried = FakePlan.make([
      FakeStep("a", "fake.risky") { $0.retry = .init(limit: 1, interval: "1s", backoff: 1) }
    ])
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore, .failsBefore])
    let answers = ScriptedAnswers(["a": [.yes]])
    #expect(try await rig.execute(retried, answers: answers).ending == .failed)
    #expect(rig.world.calls(of: "a") == 2)
    #expect(asked(answers) == ["consent: Is 12 MB worth it?"])
    let later = ScriptedAnswers()
    #expect(try await rig.resume(with: retried, answers: later).ending == .done)
    #expect(later.asked.isEmpty)
  }

  @Test func aRehearsalSaysWhatWouldBeAsked() async throws {
    let rig = Rig(["risk": "12 MB"])
    #expect(try await rig.rehearse(plan).message.contains("if people answer at a"))
    let judged = try #require(try await rig.records(StepRehearsed.self, of: "a").last)
    #expect(judged.outcome == .wouldChange)
    #expect(judged.message.contains("would ask a person to consent: Is 12 MB worth it?"))
    #expect(rig.world.operators == 0)
  }

  // MARK: - Consent on the command line

  @Test func wordsGivenBeforehandCountOnlyForTheQuestionThatWasShown() async throws {
    let rig = Rig(["risk": "12 MB"])
    _ = try await rig.execute(plan)
    let shown = try await RecordedRun.read(Rig.run, from: rig.journal).shownConsents
    #expect(shown == ["a": "Is 12 MB worth it?"])
    let given = GivenAnswers(
      [.consent: ["a": "yes"], .approval: ["a": "go"]], shownConsents: shown)
    let question = { Question($0, prompt: $1) }
    #expect(given.words(for: question(.consent, "Is 12 MB worth it?"), step: "a") == "yes")
    #expect(given.words(for: question(.consent, "Is 90 MB worth it?"), step: "a") == nil)
    #expect(given.words(for: question(.approval, "Really?"), step: "a") == "go")
    #expect(
      GivenAnswers([.consent: ["a": "yes"]])
        .words(for: question(.consent, "Is 12 MB worth it?"), step: "a") == nil)
  }
}
