import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// A fence that a step has set and seen stands in for what its target can't say any more.
struct FenceTests {
  private let plan = FakePlan.make([
    FakeStep("fence", "fake.fence"), .gate("pause", "fake.approval", prompt: "Go on?"),
    .guarded("start", property: "state", is: "stopped"),
  ])

  private func run(
    _ plan: Plan, _ rig: Rig, meanwhile: @escaping @Sendable () -> Void = {}
  ) async throws -> RunEnded {
    try await rig.execute(
      plan, answers: ScriptedAnswers(["pause": [.yes]]) { _ in meanwhile() })
  }

  private func darkRig() -> Rig {
    let rig = Rig()
    rig.world.darken(FakePlan.otherHost)
    return rig
  }

  @Test func aFenceThatWasSeenSatisfiesTheGuardOfADarkHost() async throws {
    let rig = darkRig()
    #expect(try await run(plan, rig).ending == .done)
    let seen = try #require(try await rig.records(StepIntent.self, of: "start").last)
    let fact = try #require(seen.observation.first { $0.property == "state" })
    #expect(fact.value == "stopped")
    #expect(fact.source == "probed", "seen, and not believed")
  }

  @Test func withoutAFenceTheGuardOfADarkHostRefuses() async throws {
    let rig = darkRig()
    #expect(
      try await run(FakePlan.make([.guarded("start", property: "state", is: "stopped")]), rig)
        .ending == .refused)
  }

  @Test func aFenceThatWasLiftedMeanwhileDoesNotCount() async throws {
    let rig = darkRig()
    let ended = try await run(plan, rig) { [world = rig.world] in
      world[FakePlan.host, "fence"] = "open"
    }
    #expect(ended.ending == .refused)
    #expect(rig.world.calls(of: "start") == 0)
  }

  @Test func aHostThatAnswersIsAskedItself() async throws {
    let rig = darkRig()
    let ended = try await run(plan, rig) { [world = rig.world] in
      world.lighten(FakePlan.otherHost)
      world[FakePlan.otherHost, "state"] = "running"
    }
    #expect(ended.ending == .refused)
    #expect(rig.world.calls(of: "start") == 0)
  }

  @Test func aResumedRunLooksAtTheFenceAgain() async throws {
    let rig = darkRig()
    let short = FakePlan.make([
      FakeStep("fence", "fake.fence"), .guarded("start", property: "state", is: "stopped"),
    ])
    try await rig.die(at: "start:step.started", short)
    #expect(
      try await rig.resume(with: short).ending == .done)
  }

  @Test func aRehearsalCountsOnTheFence() async throws {
    let rig = darkRig()
    #expect(try await rig.rehearse(plan).ending == .done)
  }
}
