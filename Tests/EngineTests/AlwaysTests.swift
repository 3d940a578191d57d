import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// Steps that are done also after another one has failed.
struct AlwaysTests {
  private let plan = FakePlan.make([
    FakeStep("make"), FakeStep("use"), FakeStep("check"),
    FakeStep("clean") { $0.isAlways = true }, FakeStep("sweep") { $0.isAlways = true },
  ])

  @Test func afterAFailureTheyAreDoneInOrderAndNothingElseIs() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "use", acts: [.failsBefore])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .failed)
    #expect(ended.step == "use")
    #expect(ended.message.contains("what is always done at the end is done"))
    #expect(rig.world.effects(on: "clean") == 1)
    #expect(rig.world.effects(on: "sweep") == 1)
    #expect(rig.world.calls(of: "check") == 0)
    // There is nothing left to go on from.
    #expect(!ended.resumable)
  }

  @Test func whereOneOfThemFailsTheRunCanBeResumed() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "use", acts: [.failsBefore])
    rig.world.script(FakePlan.host, "clean", acts: [.failsBefore])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .failed)
    #expect(ended.resumable)
    #expect(rig.world.effects(on: "sweep") == 1)
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world.effects(on: "clean") == 1)
  }

  @Test func aRunThatWaitsForPeopleGoesOnLater() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("make"), FakeStep.gate("ask", "fake.approval", prompt: "Go on?"),
      FakeStep("clean") { $0.isAlways = true },
    ])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .waiting)
    #expect(rig.world.calls(of: "clean") == 0)
  }

  @Test func aRunThatIsStoppedGoesOnLater() async throws {
    let rig = Rig()
    let control = RunControl()
    rig.beforeChange { _ in control.stopAfterStep() }
    let ended = try await rig.execute(plan, control: control)
    #expect(ended.ending == .interrupted && ended.resumable)
    #expect(rig.world.calls(of: "clean") == 0)
  }

  @Test func withoutAFailureTheyAreStepsLikeOthers() async throws {
    let rig = Rig()
    #expect(try await rig.execute(plan).ending == .done)
    #expect(rig.world.effects(on: "clean") == 1)
  }
}
