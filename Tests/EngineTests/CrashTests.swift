import Foundation
import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// The runner dies at each named crash point of each step, and another one resumes. The same with the program itself and
/// SIGKILL is tested where the program is.
struct CrashTests {
  /// A change, one that must not be done twice, one in two calls, and one under a guard.
  static let plan = FakePlan.make([
    FakeStep("a"), FakeStep("once", "fake.change_once"),
    FakeStep("two", "fake.change_in_two_calls"),
    .guarded("guarded", property: "state", is: "stopped"),
  ])

  static let places: [String] =
    CrashPoint.ofRun.map { "run:\($0.name)" }
    + plan.steps.flatMap { step in
      (CrashPoint.ofStep + calls(of: step.id)).map { "\(step.id):\($0.name)" }
    }

  private static func calls(of step: String) -> [CrashPoint] {
    (1...(step == "two" ? 2 : 1)).map { .duringAct(call: $0) }
  }

  static func makeRig() -> Rig {
    let rig = Rig()
    rig.world[FakePlan.otherHost, "state"] = "stopped"
    return rig
  }

  static let finalFacts: [FactKey: String] = [
    FactKey(FakePlan.host, "a"): "done",
    FactKey(FakePlan.host, "once"): "done",
    FactKey(FakePlan.host, "two.prepared"): "done",
    FactKey(FakePlan.host, "two"): "done",
    FactKey(FakePlan.host, "guarded"): "done",
    FactKey(FakePlan.otherHost, "state"): "stopped",
  ]

  /// Between intent and act of what must not be done twice, only a person can tell.
  static let needsAPerson: Set<String> = ["once:intent.after", "once:act.call-1"]

  @Test(arguments: places) func aRunThatDiedIsResumedToTheSameEnd(_ place: String) async throws {
    let rig = Self.makeRig()
    try #require(try await rig.die(at: place, Self.plan) == nil, "the run never came to \(place)")
    if place == "run:run.after-end" {
      await #expect(throws: EngineError.self) { try await rig.resume(with: Self.plan) }
    } else {
      try await resume(rig, from: place)
    }
    #expect(rig.world.facts == Self.finalFacts)
    #expect(rig.world.effects(on: "once") <= 1)
    for property in ["a", "two", "guarded"] {
      #expect(rig.world.effects(on: property) == 1, "\(property) was done more than once")
    }
  }

  private func resume(_ rig: Rig, from place: String) async throws {
    var ended = try await rig.resume(with: Self.plan)
    if Self.needsAPerson.contains(place) {
      #expect(ended.ending == .inDoubt)
      #expect(ended.step == "once")
      #expect(rig.world.effects(on: "once") == 0)
      rig.world[FakePlan.host, "once"] = "done"
      ended = try await rig.resume(with: Self.plan)
    }
    #expect(ended.ending == .done)
    #expect(!ended.resumable)
    #expect(try await rig.entries().last?.kind == RunEnded.kind)
  }

  /// The resumed run dies too, at each point again.
  @Test(arguments: ["fake.change", "fake.change_once"])
  func aResumedRunMayDieToo(_ action: String) async throws {
    let plan = FakePlan.make([FakeStep("a", action)])
    let places =
      CrashPoint.ofRun.map { "run:\($0.name)" }
      + (CrashPoint.ofStep + [.duringAct(call: 1)]).map { "a:\($0.name)" }
    for first in places {
      for second in places {
        let rig = Rig()
        try await rig.die(at: first, plan)
        if first != "run:run.after-end" { try await rig.die(at: second, plan, resuming: true) }
        let ended = try await rig.finish(plan) { rig.world[FakePlan.host, "a"] = "done" }
        #expect(ended.ending == .done, "\(first), \(second)")
        #expect(rig.world[FakePlan.host, "a"] == "done", "\(first), \(second)")
        #expect(rig.world.effects(on: "a") <= 1, "\(first), \(second)")
      }
    }
  }

  /// The real thing: SIGKILL, SQLite on disk, and a lease whose holder `/proc` knows to be dead.
  @Test func aKilledProcessLeavesItsIntentOnDisk() async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
      let rig = Rig(store: try SQLiteJournalStore.open(directory: path))
      let executor = rig.executor(crashes: try CrashPlan("once:intent.after"))
      let plan = FakePlan.make([FakeStep("once", "fake.change_once")])
      _ = try await executor.execute(plan, as: Rig.run, from: Rig.origin)
    }
    let journal = try Journal.open(directory: directory.path)
    let kinds = try await journal.entries(run: Rig.run).collect().map(\.kind)
    #expect(kinds == ["run.started", "step.started", "step.intent"])

    let rig = Rig(store: try SQLiteJournalStore.open(directory: directory.path))
    rig.world[FakePlan.host, "once"] = "done"
    let surroundings = Surroundings(
      catalogue: .fake, journal: journal, time: rig.clock, person: Rig.ann, version: "test")
    let executor = Executor(
      surroundings: surroundings, world: rig.world, answers: ScriptedAnswers())
    let plan = FakePlan.make([FakeStep("once", "fake.change_once")])
    let recorded = try await RecordedRun.read(Rig.run, from: journal)
    #expect(try await executor.resume(recorded, with: plan).ending == .done)
  }
}
