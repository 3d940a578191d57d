import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// Gates: who is asked, whose answer counts, and what happens when nobody answers.
struct GateTests {
  private let bob = PersonRecord(user: "bob", host: "desk")
  private let attest = FakePlan.make([
    FakeStep("a", value: "stopped") { $0.onUnreachable = .attest }
  ])
  private let gate = FakePlan.make([
    .gate("ask", "fake.approval", prompt: "Go?"), FakeStep("a"),
  ])
  private let twoPeople = FakePlan.make([
    .gate("ask", "fake.approval", prompt: "Go?", required: 2), FakeStep("a"),
  ])

  private func darkRig() -> Rig {
    let rig = Rig()
    rig.world.darken(FakePlan.host)
    return rig
  }

  // MARK: - Attesting

  @Test func aDarkTargetIsVouchedForAndTheJournalKeepsByWhom() async throws {
    let rig = darkRig()
    let answers = ScriptedAnswers(["a": [.yes]])
    #expect(try await rig.execute(attest, answers: answers).ending == .done)
    #expect(try await rig.outcome(of: "a") == .ok)
    #expect(rig.world.calls.isEmpty)
    let kept = try #require(try await rig.records(GateAnswered.self).first)
    #expect(kept.gate == "attest")
    #expect(kept.person == Rig.ann)
    #expect(kept.words == "seen with my own eyes")
    #expect(kept.facts.map(\.source) == ["attested"])
    #expect(kept.facts.map(\.value) == ["stopped"])
    #expect(answers.asked.map(\.step) == ["a"])
  }

  @Test func withoutAttestADarkTargetFails() async throws {
    let rig = darkRig()
    let answers = ScriptedAnswers(["a": [.yes]])
    #expect(
      try await rig.execute(FakePlan.make([FakeStep("a")]), answers: answers).ending == .failed)
    #expect(answers.asked.isEmpty)
  }

  @Test func aTargetThatAnswersIsNotVouchedFor() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", probes: [.fails])
    let answers = ScriptedAnswers(["a": [.yes]])
    #expect(try await rig.execute(attest, answers: answers).ending == .failed)
    #expect(answers.asked.isEmpty)
  }

  @Test func aPersonWhoDoesNotVouchStopsTheRun() async throws {
    let rig = darkRig()
    let ended = try await rig.execute(attest, answers: ScriptedAnswers(["a": [.no]]))
    #expect(ended.ending == .refused)
    #expect(ended.resumable)
    #expect(try await rig.ending(of: "a").failure?.code == "gate.refused")
    let kept = try #require(try await rig.records(GateAnswered.self).first)
    #expect(!kept.granted)
    #expect(kept.facts.isEmpty, "what was not vouched for is no fact")
    #expect(
      try await rig.resume(with: attest, answers: ScriptedAnswers(["a": [.yes]])).ending == .done)
  }

  @Test func withNobodyThereTheRunWaitsAndIsResumedWithTheAnswer() async throws {
    let rig = darkRig()
    let ended = try await rig.execute(attest)
    #expect(ended.ending == .waiting)
    #expect(ended.resumable)
    #expect(try await rig.outcome(of: "a") == .waiting)
    #expect(try await rig.journal.leases().allSatisfy { $0.tenure == nil })
    #expect(
      try await rig.resume(with: attest, answers: ScriptedAnswers(["a": [.yes]])).ending == .done)
  }

  @Test func aTargetThatCameBackWhileAskingIsSeenAndActedOn() async throws {
    let rig = darkRig()
    let answers = ScriptedAnswers(["a": [.yes]]) { _ in rig.world.lighten(FakePlan.host) }
    #expect(try await rig.execute(attest, answers: answers).ending == .done)
    #expect(try await rig.outcome(of: "a") == .changed)
    #expect(rig.world[FakePlan.host, "a"] == "stopped")
  }

  /// A refusal says nothing of what an earlier try may have done.
  @Test func sayingNoDoesNotMakeAnActThatMayHaveBeenUndone() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a", "fake.change_once") { $0.onUnreachable = .attest }
    ])
    try await rig.die(at: "a:intent.after", plan)
    rig.world.darken(FakePlan.host)
    #expect(
      try await rig.resume(with: plan, answers: ScriptedAnswers(["a": [.no]])).ending == .refused)
    rig.world.lighten(FakePlan.host)
    #expect(try await rig.resume(with: plan).ending == .inDoubt)
    #expect(rig.world.calls.isEmpty)
  }

  // MARK: - Approving

  @Test func anAnsweredGateIsNotAskedAgainAfterACrash() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore])
    #expect(
      try await rig.execute(gate, answers: ScriptedAnswers(["ask": [.yes]])).ending == .failed)
    let later = ScriptedAnswers()
    #expect(try await rig.resume(with: gate, answers: later).ending == .done)
    #expect(later.asked.isEmpty)
  }

  @Test func aStepWaitsForItsApproval() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a") { $0.approval = .init(prompt: "Really?", required: 1) }, FakeStep("b"),
    ])
    #expect(try await rig.execute(plan).ending == .waiting)
    #expect(rig.world.calls.isEmpty)
    #expect(
      try await rig.resume(with: plan, answers: ScriptedAnswers(["a": [.no]])).ending == .refused)
    #expect(rig.world.calls.isEmpty)
    #expect(
      try await rig.resume(with: plan, answers: ScriptedAnswers(["a": [.yes]])).ending == .done)
  }

  @Test func anAnswerForAnotherPlanDoesNotCount() async throws {
    let rig = Rig()
    try await rig.writeRun(of: gate, step: "ask", upTo: .nothing)
    try await rig.writeAnswer(to: "ask", prompt: "Go?", planDigest: "sha256:other")
    #expect(try await rig.resume(with: gate).ending == .waiting)
    #expect(rig.world.calls.isEmpty)
  }

  @Test func anAnswerToAnotherQuestionDoesNotCount() async throws {
    let rig = Rig()
    try await rig.writeRun(of: gate, step: "ask", upTo: .nothing)
    try await rig.writeAnswer(to: "ask", prompt: "Coffee?", planDigest: gate.digest())
    #expect(try await rig.resume(with: gate).ending == .waiting)
    #expect(rig.world.calls.isEmpty)
  }

  /// What the two tests above stand on: the same answer to this question and plan does count.
  @Test func anAnswerOfThisPlanCounts() async throws {
    let rig = Rig()
    try await rig.writeRun(of: gate, step: "ask", upTo: .nothing)
    try await rig.writeAnswer(to: "ask", prompt: "Go?", planDigest: gate.digest())
    #expect(try await rig.resume(with: gate).ending == .done)
  }

  // MARK: - Several people

  @Test func twoMeansTwoDifferentPeople() async throws {
    let rig = Rig()
    let yes = { ScriptedAnswers(["ask": [.yes, .yes]]) }
    #expect(try await rig.execute(twoPeople, answers: yes()).ending == .waiting)
    let again = yes()
    #expect(try await rig.resume(with: twoPeople, answers: again).ending == .waiting)
    #expect(again.asked.isEmpty, "the same person isn't asked twice")
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.resume(with: twoPeople, answers: yes(), person: bob).ending == .done)
    #expect(try await rig.records(GateAnswered.self).map(\.person.identity) == ["ann", "bob"])
  }

  @Test func onePersonBehindTwoAccountsIsOne() async throws {
    let rig = Rig()
    let yes = { ScriptedAnswers(["ask": [.yes]]) }
    let root = PersonRecord(user: "root", host: "desk", realUser: "ann")
    #expect(try await rig.execute(twoPeople, answers: yes()).ending == .waiting)
    #expect(try await rig.resume(with: twoPeople, answers: yes(), person: root).ending == .waiting)
    #expect(rig.world.calls.isEmpty)
  }

  /// The kernel keeps who logged in.
  @Test func twoLoginsBehindOneAccountAreTwo() async throws {
    let rig = Rig()
    let yes = { ScriptedAnswers(["ask": [.yes]]) }
    let root = { login in
      PersonRecord(
        user: "root", host: "desk", realUser: login, uid: 0, loginUser: login,
        loginUID: login == "ann" ? 1001 : 1002)
    }
    #expect(
      try await rig.execute(twoPeople, answers: yes(), person: root("ann")).ending == .waiting)
    #expect(
      try await rig.resume(with: twoPeople, answers: yes(), person: root("bob")).ending == .done)
  }

  /// Whoever is root writes into SUDO_USER what he likes: a name there makes nobody a second person.
  @Test func rootWhoSaysToBeAnotherIsNot() async throws {
    for first in [Self.root("ann"), Rig.ann] {
      let rig = Rig()
      let yes = { ScriptedAnswers(["ask": [.yes]]) }
      #expect(
        try await rig.execute(twoPeople, answers: yes(), person: first).ending == .waiting)
      for second in ["bob", "carl"] {
        let resumed = try await rig.resume(
          with: twoPeople, answers: yes(), person: Self.root(second))
        #expect(resumed.ending == .waiting)
        #expect(resumed.message.contains("can't be told"))
      }
      #expect(rig.world.calls.isEmpty)
    }
  }

  private static func root(_ claimed: String) -> PersonRecord {
    PersonRecord(user: "root", host: "desk", realUser: claimed, uid: 0)
  }

  /// An answer for another plan doesn't count, whatever it answers.
  @Test(arguments: ["approval", "consent", "attest", "redo"])
  func anAnswerOfAnyKindForAnotherPlanDoesNotCount(gate: String) async throws {
    for isForThisPlan in [true, false] {
      let rig = Rig()
      let plan = self.gate
      let digest = try isForThisPlan ? plan.digest() : "sha256:other"
      let keeper = try await rig.gateKeeper(plan, kept: [(gate, digest)])
      let kind = try #require(Question.Kind(rawValue: gate))
      let ruling = try await keeper.ask(Question(kind, prompt: "Go?"), step: "ask")
      if case .granted = ruling {
        #expect(isForThisPlan)
      } else {
        #expect(!isForThisPlan)
      }
    }
  }

  @Test func oneNoIsEnough() async throws {
    let rig = Rig()
    #expect(
      try await rig.execute(twoPeople, answers: ScriptedAnswers(["ask": [.yes]])).ending == .waiting
    )
    #expect(
      try await rig.resume(with: twoPeople, answers: ScriptedAnswers(["ask": [.no]]), person: bob)
        .ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }
}

extension Rig {
  /// Who keeps the gates of a run that goes on, with these answers of ann's: gates, and digests of plans.
  func gateKeeper(_ plan: Plan, kept: [(String, String)]) async throws -> GateKeeper {
    let digest = try plan.digest()
    let lease = try await journal.acquire(
      ["dr"], for: .current(), at: Timestamp(clock.now()), until: Timestamp(clock.now()))
    let answers = kept.map { gate, digest in
      RecordedRun.GateAnswer(
        step: "ask",
        record: GateAnswered(
          gate: gate, prompt: "Go?", granted: true, words: "yes", person: Self.ann,
          planDigest: digest, facts: []))
    }
    return GateKeeper(
      recorder: Recorder(
        journal: journal, run: Self.run, planDigest: digest, lease: lease, time: clock,
        watch: { _ in }),
      answers: ScriptedAnswers(), person: Self.ann, planDigest: digest, signatures: NoSignatures(),
      allowedSigners: nil, kept: answers)
  }

  /// Writes an answer as another runner would have.
  func writeAnswer(to step: String, prompt: String, planDigest: String) async throws {
    let moment = Timestamp(clock.now())
    let lease = try await journal.acquire(
      ["dr", "production"], for: .current(), at: moment, until: moment)
    let record = GateAnswered(
      gate: "approval", prompt: prompt, granted: true, words: "yes", person: Self.ann,
      planDigest: planDigest, facts: [])
    try await journal.append(
      EntryDraft(
        at: moment, kind: GateAnswered.kind, run: Self.run, step: step,
        body: JSON(encoding: record)), under: lease)
    try await journal.release(lease)
  }
}
