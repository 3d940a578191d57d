import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// The checks before the first step: all are evaluated, and a critical one refuses the run.
struct PrecheckTests {
  private let plan = FakePlan.make(
    [FakeStep("a")],
    prechecks: [
      FakeStep("p", "fake.check"), FakeStep("q", "fake.check"),
      FakeStep("r", "fake.check") { $0.isCritical = false },
    ])

  @Test func allFindingsAreWrittenDownAndTheRunIsRefused() async throws {
    let rig = Rig()
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .refused)
    #expect(!ended.resumable)
    #expect(ended.message.contains("p, q"))
    #expect(
      try await rig.records(PrecheckJudged.self).map(\.verdict.verdict) == [
        "needed", "needed", "needed",
      ])
    #expect(rig.world.calls.isEmpty)
    #expect(try await rig.story(of: "a").isEmpty)
  }

  @Test func whatCannotBeToldRefusesToo() async throws {
    let rig = Rig(["p": "done", "q": "done"])
    rig.world.script(FakePlan.host, "q", probes: [.hangs])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }

  @Test func satisfiedOnesLetTheRunBeginAndTolerableOnesDoNotCount() async throws {
    let rig = Rig(["p": "done", "q": "done"])
    #expect(try await rig.execute(plan).ending == .done)
  }

  @Test func anAcceptedFindingIsKeptWithItsReason() async throws {
    let rig = Rig(["p": "done"])
    let executor = rig.executor()
    let origin = RunOrigin(
      runbookFile: "fake.yaml", inventoryFile: "sites.yaml",
      accepted: ["p": "not needed", "q": "the building burns"])
    let ended = try await rig.clock.autoAdvancing {
      try await executor.execute(plan, as: Rig.run, from: origin)
    }
    #expect(ended.ending == .done)
    let kept = try await rig.records(PrecheckJudged.self)
    #expect(kept.map(\.accepted) == [nil, "the building burns", nil])
  }

  /// Prechecks are about beginning. What the first steps did on purpose must not keep the rest from being done.
  @Test func aRunThatHasBegunIsResumedWithoutThem() async throws {
    let rig = Rig(["p": "done", "q": "done"])
    rig.world.script(FakePlan.host, "a", acts: [.failsBefore])
    #expect(try await rig.execute(plan).ending == .failed)
    rig.world[FakePlan.host, "p"] = "otherwise"
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(try await rig.records(PrecheckJudged.self).count == 3)
  }

  @Test(arguments: ["run:run.started", "a:step.started"])
  func aRunThatDiedBeforeItDidAnythingIsCheckedAgain(_ place: String) async throws {
    let rig = Rig(["p": "done", "q": "done"])
    try await rig.die(at: place, plan)
    rig.world[FakePlan.host, "p"] = "otherwise"
    #expect(try await rig.resume(with: plan).ending == .refused)
    #expect(rig.world.calls.isEmpty)
  }
}
