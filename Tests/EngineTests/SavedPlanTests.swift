import Foundation
import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// A plan that a rehearsal saved is executed only in the world that the rehearsal saw.
struct SavedPlanTests {
  private static let stateOfA = "dr.scheduler a"
  private let plan = FakePlan.make(
    [FakeStep("a"), FakeStep("b", "fake.change_once")],
    prechecks: [FakeStep("p", "fake.check") { $0.isCritical = false }])

  @Test func whereNothingHasMovedItIsExecutedAndSaysByWhichPlan() async throws {
    let rig = Rig(["p": "done"])
    let saved = try await rig.save(plan)
    #expect(try await rig.execute(plan, by: saved).ending == .done)
    let record = try #require(try await rig.savedPlan())
    #expect(record.rehearsal == "r-0")
    #expect(record.digest == saved.digest.description)
    #expect(record.compared == 3)
    #expect(record.drift.isEmpty)
  }

  @Test func whereAFactHasMovedNothingIsDoneAndItIsNamed() async throws {
    let rig = Rig(["a": "old"])
    let saved = try await rig.save(plan)
    rig.world[FakePlan.host, "a"] = "new"
    let ended = try await rig.execute(plan, by: saved)
    #expect(ended.ending == .refused)
    #expect(ended.code == "plan.world_moved")
    #expect(!ended.resumable)
    #expect(ended.message.contains("\(Self.stateOfA) was old, is new"))
    #expect(ended.advice?.contains("--accept-drift '\(Self.stateOfA)'") == true)
    #expect(rig.world.calls.isEmpty)
    let drift = try #require(try await rig.savedPlan()?.drift)
    #expect(drift.map(\.name) == [Self.stateOfA])
    #expect(drift.map(\.steps) == [["a"]])
    #expect(drift.first?.then?.value == "old" && drift.first?.now?.value == "new")
  }

  @Test func whatAPersonAcceptsMayDifferAndIsKept() async throws {
    let rig = Rig(["a": "old", "b": "old"])
    let saved = try await rig.save(plan)
    rig.world[FakePlan.host, "a"] = "new"
    rig.world[FakePlan.host, "b"] = "new"
    let half = try await rig.execute(plan, by: saved, accepting: [Self.stateOfA])
    #expect(half.ending == .refused)
    #expect(!half.message.contains(Self.stateOfA))
    let both = try await rig.execute(
      plan, by: saved, accepting: [Self.stateOfA, "dr.scheduler b"], as: "r-2")
    #expect(both.ending == .done)
    #expect(try await rig.savedPlan("r-2")?.drift.map(\.accepted) == [true, true])
  }

  @Test func aHostThatCannotBeAskedAnyMoreHasMoved() async throws {
    let rig = Rig()
    let saved = try await rig.save(plan)
    rig.world.darken(FakePlan.host)
    let ended = try await rig.execute(plan, by: saved)
    #expect(ended.code == "plan.world_moved")
    #expect(ended.message.contains("is not to be asked"))
  }

  @Test func oneFactThatSeveralStepsLookAtIsNamedOnce() async throws {
    let rig = Rig(["a": "old"])
    let check = FakeStep("check", "fake.check") { $0.arguments["property"] = .value("a") }
    let plan = FakePlan.make([FakeStep("a"), check])
    let saved = try await rig.save(plan)
    rig.world[FakePlan.host, "a"] = "new"
    _ = try await rig.execute(plan, by: saved)
    #expect(try await rig.savedPlan()?.drift.map(\.steps) == [["a", "check"]])
  }

  @Test func whatHasMovedIntoItsGoalHasMoved() async throws {
    let rig = Rig()
    let saved = try await rig.save(plan)
    rig.world[FakePlan.host, "a"] = "done"
    #expect(try await rig.execute(plan, by: saved).code == "plan.world_moved")
  }

  @Test func anotherPlanIsRefusedBeforeAnythingIsWritten() async throws {
    let rig = Rig()
    let saved = try await rig.save(plan)
    let other = FakePlan.make([FakeStep("a", value: "otherwise")])
    let error = await #expect(throws: EngineError.self) {
      _ = try await rig.execute(other, by: saved)
    }
    #expect(error?.code == "plan.changed")
    #expect(error?.message.contains("'a' is not what it was when it was rehearsed: with") == true)
    #expect(try await rig.entries().isEmpty)
    #expect(try await rig.journal.leases().allSatisfy { $0.tenure == nil })
  }

  @Test func aRunThatWasToBeRefusedIsRefusedWhenItIsResumed() async throws {
    let rig = Rig(["a": "old"])
    let saved = try await rig.save(plan)
    rig.world[FakePlan.host, "a"] = "new"
    try await rig.die(at: "run:run.started", plan, by: saved)
    #expect(try await rig.records(RunEnded.self).isEmpty)
    rig.world[FakePlan.host, "a"] = "old"
    #expect(try await rig.resume(with: plan).code == "plan.world_moved")
    #expect(rig.world.calls.isEmpty)
  }

  @Test func theComparisonMakesNoOperator() async throws {
    let rig = Rig(["a": "old"])
    let saved = try await rig.save(plan)
    rig.world[FakePlan.host, "a"] = "new"
    _ = try await rig.execute(plan, by: saved)
    #expect(rig.world.operators == 0)
  }

  @Test func onlyNamesThatThePlanCanHaveAreAccepted() async throws {
    let rig = Rig()
    let saved = try await rig.save(plan)
    let accepted: Set = [
      Self.stateOfA, "p verdict", "dr.scheduler", "a", "elsewhere a", "q verdict",
    ]
    let unknown = PlanExecution(saved, acceptedDrift: accepted).unknownNames(plan, in: .fake)
    #expect(unknown == ["a", "dr.scheduler", "elsewhere a", "q verdict"])
  }

  // MARK: - The file

  @Test func theFileIsReadAsItWasWritten() async throws {
    let saved = try await Rig(["a": "old"]).save(plan)
    let read = try SavedPlan(parsing: saved.text, path: "plan.json")
    #expect(read == saved)
    #expect(String(decoding: try saved.text, as: UTF8.self).hasPrefix("{\n  \"about\""))
  }

  @Test(arguments: [
    (#""old""#, #""new""#, "plan.damaged"),
    (#""verdict" : "needed""#, #""verdict" : "satisfied""#, "plan.damaged"),
    (#""sha256:"#, #""sha256:0"#, "plan.damaged"),
    ("lifeboat.plan", "lifeboat.proof", "plan.not_a_plan"),
    (#""version" : 1"#, #""version" : 2"#, "plan.version"), ("}", "", "plan.damaged"),
  ]) func anEditedFileIsRefused(_ before: String, _ after: String, _ code: String) async throws {
    let text = String(decoding: try await Rig(["a": "old"]).save(plan).text, as: UTF8.self)
    let place = try #require(text.range(of: before))
    let edited = text.replacingCharacters(in: place, with: after)
    let error = #expect(throws: EngineError.self) {
      try SavedPlan(parsing: Data(edited.utf8), path: "plan.json")
    }
    #expect(error?.code == code)
  }
}

extension Rig {
  fileprivate func save(_ plan: Plan) async throws -> SavedPlan {
    try await clock.autoAdvancing {
      try await Rehearsal(surroundings: self.surroundings(), world: self.world)
        .rehearseToSave(plan, as: "r-0", from: Self.origin).plan
    }
  }

  private func origin(_ saved: SavedPlan, _ accepted: Set<String>) -> RunOrigin {
    RunOrigin(
      runbookFile: "fake.yaml", inventoryFile: "sites.yaml",
      savedPlan: PlanExecution(saved, acceptedDrift: accepted))
  }

  fileprivate func execute(
    _ plan: Plan, by saved: SavedPlan, accepting accepted: Set<String> = [], as run: String = run
  ) async throws -> RunEnded {
    let executor = executor()
    return try await clock.autoAdvancing {
      try await executor.execute(plan, as: run, from: self.origin(saved, accepted))
    }
  }

  fileprivate func die(at place: String, _ plan: Plan, by saved: SavedPlan) async throws {
    try await die(at: place, plan, from: origin(saved, []))
  }

  fileprivate func savedPlan(_ run: String = run) async throws -> SavedPlanRecord? {
    try await records(RunStarted.self, in: run).first?.savedPlan
  }
}
