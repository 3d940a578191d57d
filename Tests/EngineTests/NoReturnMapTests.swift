import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// Until when each step of a plan can be undone.
struct NoReturnMapTests {
  private func map(_ plan: Plan) -> [String: WayBackRecord] {
    Dictionary(NoReturnMap(plan, .fake).steps.map { ($0.step, $0) }, uniquingKeysWith: { $1 })
  }

  @Test func theWayBackEndsWithTheFirstStepThatCantBeUndone() {
    let map = map(
      FakePlan.make([
        FakeStep("look", "fake.check"), FakeStep("stop", "fake.undoable"),
        FakeStep("empty", "fake.change_once"), FakeStep("start", "fake.undoable"),
        FakeStep("delete", "fake.change_once"),
      ]))
    #expect(map["look"]?.undo == .nothing)
    #expect(
      map["stop"]
        == WayBackRecord(step: "stop", undo: .exact, by: "fake.undoable", until: ["empty"]))
    #expect(map["empty"]?.undo == .never && map["empty"]?.until == [])
    #expect(map["start"]?.undo == .beyond && map["start"]?.until == ["empty"])
    #expect(map["delete"]?.undo == .never && map["delete"]?.until == ["empty"])
    #expect(map["empty"]?.because?.contains("can't be brought back") == true)
  }

  @Test func withoutAnySuchStepItLastsUntilTheRunIsDone() {
    let map = map(FakePlan.make([FakeStep("a", "fake.undoable"), FakeStep("b", "fake.undoable")]))
    #expect(map.values.allSatisfy { $0.undo == .exact && $0.until.isEmpty })
  }

  @Test func stepsSideBySideEndItWhicheverIsFirst() {
    let map = map(
      FakePlan.make([
        FakeStep("a", "fake.undoable") { $0.depends = [] },
        FakeStep("left", "fake.change_once") { $0.depends = ["a"] },
        FakeStep("right", "fake.change_once") { $0.depends = ["a"] },
        FakeStep("free", "fake.undoable") { $0.depends = [] },
      ]))
    #expect(map["a"]?.until == ["left", "right"])
    #expect(map["free"]?.undo == .exact && map["free"]?.until == ["left", "right"])
  }

  @Test func whatDependsOnALaterSightIsNotSaidToBeUndone() {
    let map = map(
      FakePlan.make([
        FakeStep("a", "fake.undoable"),
        FakeStep("b", "fake.undoable") {
          $0.arguments["value"] = .later(StepReference(step: "a", property: "a"))
        },
      ]))
    #expect(map["b"]?.undo == .never)
    #expect(map["a"]?.until == ["b"])
  }

  @Test func theHostsOfAGroupAreOneStep() {
    let fanOut = FanOut(step: "repoint", group: "agents", maxParallel: 2, maxFailed: 0)
    let plan = FakePlan.make(
      fanOut: FakeStep("repoint", "fake.undoable"), as: fanOut, hosts: 3,
      then: FakeStep("empty", "fake.change_once"))
    #expect(NoReturnMap(plan, .fake).steps.map(\.step) == ["repoint", "empty"])
    #expect(map(plan)["repoint"]?.until == ["empty"])
  }

  @Test func aRunsFirstEntryHoldsIt() async throws {
    let rig = Rig()
    let plan = FakePlan.make([FakeStep("a", "fake.undoable")])
    _ = try await rig.rehearse(plan)
    let started = try #require(try await rig.records(RunStarted.self).first)
    #expect(started.wayBack == NoReturnMap(plan, .fake).steps)
  }
}
