import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// A person stops a run: after the step in hand, or at once.
struct StoppingTests {
  private let plan = FakePlan.make([FakeStep("a"), FakeStep("b")])

  @Test func stoppingAfterTheStepLetsItEnd() async throws {
    let rig = Rig()
    let control = RunControl()
    rig.beforeChange { _ in control.stopAfterStep() }
    let ended = try await rig.execute(plan, control: control)
    #expect(ended.ending == .interrupted)
    #expect(ended.resumable)
    #expect(ended.step == "b")
    #expect(try await rig.outcome(of: "a") == .changed)
    #expect(rig.world.calls(of: "b") == 0)
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world.calls(of: "a") == 1)
  }

  @Test func stoppingAfterTheLastStepIsTheEnd() async throws {
    let rig = Rig()
    let control = RunControl()
    rig.beforeChange { change in
      if change.key.property == "b" { control.stopAfterStep() }
    }
    #expect(try await rig.execute(plan, control: control).ending == .done)
  }

  /// Executes, and cancels once something has been asked of the world.
  private func executeAndCancel(_ rig: Rig, _ plan: Plan) async throws -> RunEnded? {
    let executor = rig.executor()
    return try await rig.clock.autoAdvancing {
      try await withThrowingTaskGroup(of: RunEnded?.self) { group in
        group.addTask { try await executor.execute(plan, as: Rig.run, from: Rig.origin) }
        await rig.world.untilCalls(1)
        group.cancelAll()
        return try await group.next() ?? nil
      }
    }
  }

  @Test(arguments: [ActFault.hangsBefore, .hangsAfter])
  func cancellingLeavesTheIntentAndAResumableRun(_ fault: ActFault) async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [fault])
    let ended = try await executeAndCancel(rig, plan)
    #expect(ended?.ending == .interrupted)
    #expect(ended?.resumable == true)
    #expect(try await rig.story(of: "a") == ["step.started", "step.intent"])
    #expect(try await rig.records(RunEnded.self).map(\.ending) == [.interrupted])
    #expect(try await rig.journal.leases().allSatisfy { $0.tenure == nil })
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world.effects(on: "a") == 1)
  }

  @Test func cancellingWhatMustNotBeDoneTwiceLeavesItToAPerson() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.hangsBefore])
    let plan = FakePlan.make([FakeStep("a", "fake.change_once")])
    #expect(try await executeAndCancel(rig, plan)?.ending == .interrupted)
    #expect(try await rig.resume(with: plan).ending == .inDoubt)
    #expect(rig.world.calls.count == 1)
  }

  @Test func cancellingOneOfTwoLeavesBothIntents() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", acts: [.hangsBefore])
    rig.world.script(FakePlan.host, "b", acts: [.hangsAfter])
    let plan = FakePlan.make([FakeStep("a"), FakeStep("b") { $0.depends = [] }])
    rig.beforeChange { _ in await rig.world.untilCalls(2) }
    let executor = rig.executor()
    let ended = try await rig.clock.autoAdvancing {
      try await withThrowingTaskGroup(of: RunEnded?.self) { group in
        group.addTask { try await executor.execute(plan, as: Rig.run, from: Rig.origin) }
        await rig.world.untilCalls(2)
        group.cancelAll()
        return try await group.next() ?? nil
      }
    }
    #expect(ended?.ending == .interrupted)
    #expect(try await rig.resume(with: plan).ending == .done)
  }

  /// The cancelled run's last entry must reach a real disk, too.
  @Test func aCancelledRunIsWrittenDownInSQLite() async throws {
    let directory = try TemporaryDirectory()
    let rig = Rig(store: try SQLiteJournalStore.open(directory: directory.path))
    rig.world.script(FakePlan.host, "a", acts: [.hangsBefore])
    #expect(try await executeAndCancel(rig, plan)?.ending == .interrupted)
    let reader = try Journal.openForReading(directory: directory.path)
    #expect(try await reader.entries(run: Rig.run).collect().last?.kind == RunEnded.kind)
  }
}
