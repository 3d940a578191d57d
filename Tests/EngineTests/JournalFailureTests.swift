import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// The journal fails in the middle of a run: nothing is done that isn't written down first, and the run can go on.
struct JournalFailureTests {
  static let plan = FakePlan.make([
    FakeStep("a"), FakeStep("once", "fake.change_once"), FakeStep("b"),
  ])
  /// Of a run without faults: its first and last entry, and four a step.
  static let appends = 1 + 3 * 4 + 1

  @Test func aRunHasSoManyEntries() async throws {
    let rig = Rig()
    _ = try await rig.execute(Self.plan)
    #expect(rig.store.appends == Self.appends)
  }

  @Test(arguments: 1...appends) func anAppendThatFailsStopsTheRun(_ number: Int) async throws {
    let rig = Rig()
    rig.store.failAppend(number)
    let error = await #expect(throws: JournalError.self) { try await rig.execute(Self.plan) }
    #expect(error?.code == .storageFailed)
    let entries = try await rig.entries()
    #expect(entries.count == number - 1, "nothing may be written after what failed")
    let intents = entries.filter { $0.kind == StepIntent.kind }
    #expect(rig.world.calls.count == intents.count, "each act has its intent, each intent its act")

    guard !entries.isEmpty else { return }
    let ended = try await rig.finish(Self.plan) { rig.world[FakePlan.host, "once"] = "done" }
    #expect(ended.ending == .done)
    for property in ["a", "once", "b"] { #expect(rig.world.effects(on: property) == 1) }
  }

  @Test(arguments: 1...4) func aRehearsalWhoseJournalFailsSaysSo(_ number: Int) async throws {
    let rig = Rig()
    rig.store.failAppend(number)
    await #expect(throws: JournalError.self) { try await rig.rehearse(Self.plan) }
    #expect(rig.world.facts.isEmpty)
  }

  /// While one step can't be written down, the other one's act is cut short, and found again by its intent.
  @Test func aFailureBesideAnActLeavesTheActsIntent() async throws {
    let rig = Rig()
    let plan = FakePlan.make([FakeStep("a"), FakeStep("b") { $0.depends = [] }])
    rig.world.script(FakePlan.host, "b", acts: [.hangsAfter])
    rig.beforeChange { change in
      await rig.world.untilCalls(2)
      if change.key.property == "a" { rig.store.failAppend(1) }
    }
    await #expect(throws: JournalError.self) { try await rig.execute(plan) }
    #expect(try await rig.story(of: "b").last == StepIntent.kind)
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world.effects(on: "b") == 1)
  }
}
