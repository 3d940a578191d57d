import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// A stopped run is undone exactly, under a run of its own.
struct AbortTests {
  /// Two steps that can be undone, a gate at which the run waits, and one that can't.
  static let plan = FakePlan.make([
    FakeStep("stop", "fake.undoable"), FakeStep("move", "fake.undoable"),
    .gate("ask", "fake.approval", prompt: "Go on?"), FakeStep("empty", "fake.change_once"),
  ])
  static let before = ["stop": "running", "move": "home", "empty": "full"]

  /// A run that waits at its gate, after two steps.
  private func waiting() async throws -> Rig {
    let rig = Rig(Self.before)
    #expect(try await rig.execute(Self.plan).ending == .waiting)
    #expect(rig.world[FakePlan.host, "move"] == "done")
    return rig
  }

  private func expectRestored(_ rig: Rig) {
    for (property, value) in Self.before {
      #expect(rig.world[FakePlan.host, property] == value, "\(property)")
    }
  }

  private func expectRefused(
    _ code: String, _ body: () async throws -> RunEnded
  ) async {
    let error = await #expect(throws: EngineError.self) { try await body() }
    #expect(error?.code == code)
  }

  @Test func whatActedIsUndoneTheLastFirst() async throws {
    let rig = try await waiting()
    #expect(try await rig.abort().ending == .done)
    expectRestored(rig)
    #expect(rig.world.effects.suffix(2).map(\.key.property) == ["move", "stop"])
    let started = try #require(try await rig.records(RunStarted.self, in: "r-2").first)
    #expect(started.aborts?.run == Rig.run)
    #expect(try await rig.records(RunAborted.self).map(\.by) == ["r-2"])
  }

  @Test func whatWasSoAlreadyIsLeftAlone() async throws {
    let rig = Rig(["stop": "done", "move": "home", "empty": "full"])
    _ = try await rig.execute(Self.plan)
    #expect(try await rig.abort().ending == .done)
    #expect(rig.world[FakePlan.host, "stop"] == "done")
    #expect(rig.world[FakePlan.host, "move"] == "home")
  }

  @Test func oneThatIsUndoneIsNotResumed() async throws {
    let rig = try await waiting()
    _ = try await rig.abort()
    await expectRefused("run.aborted") {
      try await rig.resume(with: Self.plan, answers: ScriptedAnswers(["ask": [.yes]]))
    }
    await expectRefused("run.aborted") { try await rig.abort(as: "r-3") }
    expectRestored(rig)
  }

  @Test func pastThePointOfNoReturnItIsRefused() async throws {
    let rig = Rig(Self.before)
    rig.world.script(FakePlan.host, "empty", acts: [.failsBefore])
    let ended = try await rig.execute(Self.plan, answers: ScriptedAnswers(["ask": [.yes]]))
    #expect(ended.ending == .failed)
    await expectRefused("abort.no_return") { try await rig.abort() }
    #expect(rig.world[FakePlan.host, "stop"] == "done")
  }

  @Test func whatCantBeUndoneExactlyIsRefused() async throws {
    // Nothing was there before: there is no value to set it back to.
    let rig = Rig(["move": "home", "empty": "full"])
    _ = try await rig.execute(Self.plan)
    await expectRefused("abort.not_exact") { try await rig.abort() }
  }

  @Test func aRunThatIsDoneOrHasDoneNothingIsRefused() async throws {
    let done = Rig(Self.before)
    let plan = FakePlan.make([FakeStep("stop", "fake.undoable")])
    #expect(try await done.execute(plan).ending == .done)
    await expectRefused("run.ended") { try await done.abort() }

    let idle = Rig(Self.before)
    let asking = FakePlan.make([.gate("ask", "fake.approval", prompt: "Go on?"), FakeStep("a")])
    #expect(try await idle.execute(asking).ending == .waiting)
    await expectRefused("abort.nothing_done") { try await idle.abort() }
    #expect(try await idle.records(RunAborted.self).isEmpty)
  }

  @Test func untilPeopleAgreeNothingIsDoneAndTheRunCanBeResumed() async throws {
    let rig = try await waiting()
    #expect(try await rig.abort(answers: ScriptedAnswers()).ending == .waiting)
    #expect(try await rig.records(RunAborted.self).isEmpty)
    #expect(rig.world[FakePlan.host, "move"] == "done")
    let resumed = try await rig.resume(
      with: Self.plan, answers: ScriptedAnswers(["ask": [.yes]]))
    #expect(resumed.ending == .done)
    // It went on meanwhile, past the point of no return.
    await expectRefused("abort.moved_on") { try await rig.resumeAbort() }
    #expect(rig.world[FakePlan.host, "stop"] == "done")
  }

  @Test func anotherRunThatActedSinceIsInTheWay() async throws {
    let rig = try await waiting()
    let other = FakePlan.make([FakeStep("stop", value: "elsewhere")], runbook: "other")
    #expect(try await rig.execute(other, as: "r-4").ending == .done)
    await expectRefused("abort.overtaken") { try await rig.abort() }
    #expect(rig.world[FakePlan.host, "stop"] == "elsewhere")
  }

  @Test func anUndoIsNotResumedOnceAnotherRunHasActed() async throws {
    let rig = try await waiting()
    rig.world.script(FakePlan.host, "stop", acts: [.failsBefore])
    #expect(try await rig.abort().ending == .failed)
    let other = FakePlan.make([FakeStep("stop", value: "elsewhere")], runbook: "other")
    #expect(try await rig.execute(other, as: "r-4").ending == .done)
    await expectRefused("abort.overtaken") { try await rig.resumeAbort() }
    #expect(rig.world[FakePlan.host, "stop"] == "elsewhere")
  }

  @Test func twoAbortsAtOnceOneIsRefused() async throws {
    let rig = try await waiting()
    rig.beforeChange { change in
      guard change.token == "r-2-undo-move" else { return }
      // By what the journal held before the first one began to act.
      let error = await #expect(throws: EngineError.self) { try await rig.abortNow(as: "r-3") }
      #expect(error?.code == "run.aborted")
    }
    #expect(try await rig.abort().ending == .done)
    expectRestored(rig)
  }

  @Test func anAbortIsNotAbortedButResumed() async throws {
    let rig = try await waiting()
    rig.world.script(FakePlan.host, "stop", acts: [.failsBefore])
    #expect(try await rig.abort().ending == .failed)
    await expectRefused("abort.of_abort") { try await rig.abort(of: "r-2", as: "r-3") }
    #expect(try await rig.resumeAbort().ending == .done)
    expectRestored(rig)
  }

  static let places: [String] =
    CrashPoint.ofRun.map { "run:\($0.name)" }
    + ["undo-move", "undo-stop"].flatMap { step in
      (CrashPoint.ofStep + [.duringAct(call: 1)]).map { "\(step):\($0.name)" }
    }

  @Test(arguments: places) func anAbortThatDiedIsResumedToTheSameEnd(
    _ place: String
  ) async throws {
    let rig = try await waiting()
    try await rig.dieAborting(at: place)
    if place != "run:run.after-end" {
      #expect(try await rig.resumeAbort().ending == .done)
    }
    expectRestored(rig)
    #expect(try await rig.records(RunAborted.self).count == 1)
  }

  @Test func theFirstSightCountsNotThatOfALaterTry() async throws {
    let rig = Rig(Self.before)
    rig.world.script(FakePlan.host, "move", acts: [.failsBefore])
    #expect(try await rig.execute(Self.plan).ending == .failed)
    rig.world[FakePlan.host, "move"] = "halfway"
    #expect(try await rig.resume(with: Self.plan).ending == .waiting)
    #expect(try await rig.abort().ending == .done)
    expectRestored(rig)
  }
}

extension Rig {
  static let agreed: [String: [Answer]] = [UndoPlan.gate: [.yes]]

  func abort(
    of run: String = run, as other: String = "r-2",
    answers: any GateAnswers = ScriptedAnswers(agreed), crashes: CrashPlan = .none
  ) async throws -> RunEnded {
    try await clock.autoAdvancing {
      try await self.abortNow(of: run, as: other, answers: answers, crashes: crashes)
    }
  }

  /// For use where the clock is auto-advancing already.
  func abortNow(
    of run: String = run, as other: String, answers: any GateAnswers = ScriptedAnswers(agreed),
    crashes: CrashPlan = .none
  ) async throws -> RunEnded {
    let recorded = try await RecordedRun.read(run, from: journal)
    let undo = try await UndoPlan(
      of: recorded, surroundings(), world, approvedBy: "fake.approval")
    let origin = RunOrigin(
      runbookFile: "fake.yaml", inventoryFile: "sites.yaml", aborts: undo.aborts)
    return try await executor(answers: answers, crashes: crashes).execute(
      undo.plan, as: other, from: origin)
  }

  func resumeAbort(_ run: String = "r-2") async throws -> RunEnded {
    let executor = executor(answers: ScriptedAnswers(Self.agreed))
    let recorded = try await RecordedRun.read(run, from: journal)
    return try await clock.autoAdvancing {
      try await executor.resume(recorded, with: recorded.plan)
    }
  }

  /// Aborts, and lets the runner die at `place`.
  func dieAborting(at place: String) async throws {
    let crashes = CrashPlan(place) { [world, store] in
      world.cutPower()
      store.cutPower()
      withUnsafeCurrentTask { $0?.cancel() }
    }
    defer {
      world.restorePower()
      store.restorePower()
      life.become(.dead)
    }
    do {
      let ended = try await abort(crashes: crashes)
      Issue.record("the abort never came to \(place): \(ended)")
    } catch is JournalError {}
  }
}
