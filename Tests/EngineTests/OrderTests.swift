import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// Which steps run, when, and what ends the run.
struct OrderTests {
  /// Lets every change wait until so many have begun.
  private func meet(_ count: Int, _ rig: Rig) {
    rig.beforeChange { _ in await rig.world.untilCalls(count) }
  }

  @Test func stepsThatDoNotDependOnEachOtherRunAtOnce() async throws {
    let rig = Rig()
    meet(2, rig)
    let plan = FakePlan.make([
      FakeStep("a"), FakeStep("b") { $0.depends = [] },
      FakeStep("c") { $0.depends = ["a", "b"] },
    ])
    #expect(try await rig.execute(plan).ending == .done)
    let order = try await rig.entries().filter {
      [StepIntent.kind, StepEnded.kind].contains($0.kind)
    }
    .map { "\($0.step ?? "") \($0.kind)" }
    try #require(order.count == 6)
    #expect(Set(order[0..<2]) == ["a step.intent", "b step.intent"])
    #expect(Set(order[2..<4]) == ["a step.ended", "b step.ended"])
    #expect(order[4...] == ["c step.intent", "c step.ended"])
  }

  @Test func stepsRunInWrittenOrderOtherwise() async throws {
    let rig = Rig()
    let plan = FakePlan.make(["a", "b", "c"].map { FakeStep($0) })
    #expect(try await rig.execute(plan).ending == .done)
    #expect(rig.world.effects.map(\.key.property) == ["a", "b", "c"])
  }

  @Test func aFailureLetsWhatRunsEndAndBeginsNothing() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore])
    rig.world.script(FakePlan.host, "b", acts: [.comesLate])
    meet(2, rig)
    let plan = FakePlan.make([
      FakeStep("a"), FakeStep("b") { $0.depends = [] }, FakeStep("c") { $0.depends = ["b"] },
    ])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .failed)
    #expect(ended.step == "a")
    #expect(try await rig.outcome(of: "b") == .changed)
    #expect(try await rig.outcome(of: "c") == nil)
    #expect(ended.outcomes == ["failed": 1, "changed": 1])
  }

  @Test func whatIsInDoubtCountsMore() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore])
    rig.world.script(FakePlan.host, "b", acts: [.lies])
    meet(2, rig)
    let plan = FakePlan.make([
      FakeStep("a"), FakeStep("b", "fake.change_once") { $0.depends = [] },
    ])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .inDoubt)
    #expect(ended.step == "b")
  }

  @Test func aToleratedFailureLetsTheRunGoOn() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore])
    let plan = FakePlan.make([FakeStep("a") { $0.onError = .continue }, FakeStep("b")])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .done)
    #expect(ended.outcomes == ["failed": 1, "changed": 1])
    #expect(ended.message.contains("1 failed"))
    #expect(try await rig.ending(of: "a").tolerated)
  }

  @Test func whatIsInDoubtIsNotTolerated() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.lies])
    let plan = FakePlan.make([
      FakeStep("a", "fake.change_once") { $0.onError = .continue }, FakeStep("b"),
    ])
    #expect(try await rig.execute(plan).ending == .inDoubt)
    #expect(rig.world.calls(of: "b") == 0)
  }

  @Test func aStepWhoseConditionDoesNotHoldIsSkipped() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a"),
      FakeStep("b") { $0.when = .step("a", "outcome", is: "ok") },
      FakeStep("c") { $0.when = .step("a", "outcome", is: "changed") },
      FakeStep("d") { $0.when = .step("a", "a", is: "done") },
    ])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .done)
    #expect(ended.outcomes == ["changed": 3, "skipped": 1])
    #expect(try await rig.outcome(of: "b") == .skipped)
    #expect(rig.world.calls(of: "b") == 0)
  }

  @Test func aReferenceTakesWhatAnEarlierStepSaw() async throws {
    let rig = Rig(["a": "4711"])
    let plan = FakePlan.make([
      FakeStep("a", "fake.check", value: "4711"),
      FakeStep("b") { $0.arguments["value"] = .later(StepReference(step: "a", property: "a")) },
    ])
    #expect(try await rig.execute(plan).ending == .done)
    #expect(rig.world[FakePlan.host, "b"] == "4711")
  }

  @Test func aReferenceWithoutAValueFailsTheStepBeforeItActs() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a"),
      FakeStep("b") { $0.arguments["value"] = .later(StepReference(step: "a", property: "pid")) },
    ])
    #expect(try await rig.execute(plan).ending == .failed)
    #expect(try await rig.ending(of: "b").failure?.code == "step.reference_unknown")
    #expect(rig.world.calls(of: "b") == 0)
  }

  @Test func aReferenceHoldsAfterACrash() async throws {
    let rig = Rig(["a": "4711"])
    let plan = FakePlan.make([
      FakeStep("a", "fake.check", value: "4711"),
      FakeStep("b") { $0.arguments["value"] = .later(StepReference(step: "a", property: "a")) },
    ])
    try await rig.die(at: "b:step.started", plan)
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world[FakePlan.host, "b"] == "4711")
  }

  /// The step is done and can't be asked any more; what it saw is in the journal.
  @Test func aReferenceToAStepThatWentDarkTakesWhatTheJournalKept() async throws {
    let rig = Rig()
    rig.world[FakePlan.otherHost, "a"] = "4711"
    let plan = FakePlan.make([
      FakeStep("a", "fake.check", value: "4711") { $0.host = FakePlan.otherHost },
      FakeStep("b") { $0.arguments["value"] = .later(StepReference(step: "a", property: "a")) },
    ])
    try await rig.die(at: "b:step.started", plan)
    rig.world.darken(FakePlan.otherHost)
    try await rig.die(at: "b:step.started", plan, resuming: true)
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world[FakePlan.host, "b"] == "4711")
  }
}
