import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// What may be resumed, and with what.
struct ResumeTests {
  private let plan = FakePlan.make([FakeStep("a"), FakeStep("b")])

  /// A run that stopped in its second step.
  private func stoppedRig() async throws -> Rig {
    let rig = Rig()
    rig.world.script(FakePlan.host, "b", acts: [.failsBefore])
    #expect(try await rig.execute(plan).ending == .failed)
    return rig
  }

  private func refusal(_ rig: Rig, _ changed: Plan) async throws -> EngineError {
    let calls = rig.world.calls.count
    let error = await #expect(throws: EngineError.self) { try await rig.resume(with: changed) }
    #expect(rig.world.calls.count == calls)
    #expect(try await rig.records(RunResumed.self).isEmpty, "nothing may be written either")
    return try #require(error)
  }

  @Test func aRenamedStepIsRefusedWithBothNames() async throws {
    let rig = try await stoppedRig()
    let error = try await refusal(rig, FakePlan.make([FakeStep("a"), FakeStep("c")]))
    #expect(error.code == "run.step_changed")
    #expect(error.message.contains("step 2"))
    #expect(error.message.contains("'b'"))
    #expect(error.message.contains("'c'"))
  }

  @Test func swappedStepsAreRefused() async throws {
    let rig = try await stoppedRig()
    let error = try await refusal(rig, FakePlan.make([FakeStep("b"), FakeStep("a")]))
    #expect(error.message.contains("step 1 was 'a'"))
    #expect(error.message.contains("'b' now"))
  }

  @Test(arguments: [["a"], ["a", "b", "c"]]) func aStepMoreOrLessIsRefused(_ ids: [String])
    async throws
  {
    let rig = try await stoppedRig()
    let error = try await refusal(rig, FakePlan.make(ids.map { FakeStep($0) }))
    #expect(error.code == "run.step_changed")
    #expect(error.message.contains("absent"))
  }

  @Test func aStepThatIsOtherwiseIsRefusedNamingWhatChanged() async throws {
    let rig = try await stoppedRig()
    let changed = FakePlan.make([
      FakeStep("a"), FakeStep("b", "fake.change_once") { $0.timeout = "2m" },
    ])
    let error = try await refusal(rig, changed)
    #expect(error.code == "run.step_changed")
    #expect(error.message.contains("'b'"))
    #expect(error.message.contains("fake.change → fake.change_once"))
    #expect(error.message.contains("timeout"))
  }

  @Test func anotherRunbookIsRefused() async throws {
    let rig = try await stoppedRig()
    let error = try await refusal(
      rig, FakePlan.make([FakeStep("a"), FakeStep("b")], runbook: "other"))
    #expect(error.code == "run.plan_changed")
  }

  @Test func theRecordedPlanGoesOn() async throws {
    let rig = try await stoppedRig()
    let recorded = try await RecordedRun.read(Rig.run, from: rig.journal)
    #expect(try await rig.resume(with: recorded.plan).ending == .done)
    #expect(rig.world.calls(of: "a") == 1)
  }

  @Test func aRunThatIsDoneIsNotResumed() async throws {
    let rig = Rig()
    #expect(try await rig.execute(plan).ending == .done)
    let error = await #expect(throws: EngineError.self) { try await rig.resume(with: plan) }
    #expect(error?.code == "run.ended")
  }

  @Test func aRehearsalIsNotResumed() async throws {
    let rig = Rig()
    _ = try await rig.rehearse(plan)
    let error = await #expect(throws: EngineError.self) { try await rig.resume(with: plan) }
    #expect(error?.code == "run.not_an_execution")
  }

  @Test func aRunThatDoesNotExistIsNotResumed() async throws {
    let error = await #expect(throws: EngineError.self) { try await Rig().resume(with: plan) }
    #expect(error?.code == "run.not_found")
  }

  /// Read while it stood still, resumed by somebody else meanwhile.
  @Test func aRunThatMovedOnSinceItWasReadIsNotResumed() async throws {
    let rig = try await stoppedRig()
    let stale = try await RecordedRun.read(Rig.run, from: rig.journal)
    #expect(try await rig.resume(with: plan).ending == .done)
    let executor = rig.executor()
    let error = await #expect(throws: EngineError.self) {
      try await executor.resume(stale, with: plan)
    }
    #expect(error?.code == "run.ended")
  }

  @Test func attemptsAreCountedOn() async throws {
    let rig = try await stoppedRig()
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(try await rig.records(StepIntent.self, of: "b").map(\.attempt) == [1, 2])
  }

  @Test func whatIsDoneIsLookedAtAgainAndNotDoneAgain() async throws {
    let rig = try await stoppedRig()
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world.calls(of: "a") == 1)
    #expect(try await rig.ending(of: "a").outcome == .changed)
  }

  @Test func whatWasUndoneMeanwhileIsDoneAgain() async throws {
    let rig = try await stoppedRig()
    rig.world[FakePlan.host, "a"] = "undone"
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world.calls(of: "a") == 2)
  }
}
