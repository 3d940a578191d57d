import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// A step that targets a group: each host by itself, so many at once, and so many failures tolerated.
struct FanOutTests {
  private static let group = "agents"

  /// `repoint` on four agents, and then `after`.
  private func plan(
    _ action: String = "fake.change", parallel: Int = 10, failed: Int = 0, hosts: Int = 4,
    _ adjust: (inout FakeStep) -> Void = { _ in }
  ) -> Plan {
    let fanOut = FanOut(
      step: "repoint", group: Self.group, maxParallel: parallel, maxFailed: failed)
    return FakePlan.make(
      fanOut: FakeStep("repoint", action, adjust), as: fanOut, hosts: hosts,
      then: FakeStep("after"))
  }

  private func agent(_ number: Int) -> String { FakePlan.agent(number).id }
  private func part(_ number: Int) -> String { "repoint@\(agent(number))" }

  private func changed(_ rig: Rig) -> [Bool] {
    (1...4).map { rig.world[agent($0), "repoint"] == "done" }
  }

  // MARK: - All goes well

  @Test func everyHostHasItsOwnIntentAndOutcomeAndThenTheNextStepBegins() async throws {
    let rig = Rig()
    let ended = try await rig.execute(plan())
    #expect(ended.ending == .done)
    #expect(ended.outcomes == ["changed": 5])
    for number in 1...4 {
      #expect(
        try await rig.story(of: part(number)) == [
          "step.started", "step.intent", "step.acted", "step.ended",
        ])
    }
    #expect(rig.world.calls.last?.key.property == "after")
    #expect(changed(rig) == [true, true, true, true])
  }

  @Test(arguments: [1, 2, 3, 10]) func soManyHostsAtOnceAndNoMore(_ limit: Int) async throws {
    let rig = Rig()
    let running = Mutex((now: 0, most: 0))
    rig.beforeChange { [clock = rig.clock] change in
      guard change.key.property == "repoint" else { return }
      running.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      try await clock.sleep(for: .seconds(1))
      running.withLock { $0.now -= 1 }
    }
    #expect(try await rig.execute(plan(parallel: limit)).ending == .done)
    #expect(running.withLock(\.most) == min(limit, 4))
  }

  // MARK: - Hosts that don't get through

  @Test func soManyFailuresAreToleratedAndNamed() async throws {
    let rig = Rig()
    rig.world.script(agent(2), "repoint", acts: [.failsBefore])
    let ended = try await rig.execute(plan(failed: 1))
    #expect(ended.ending == .done)
    #expect(ended.message.contains(part(2)))
    #expect(ended.advice?.contains("execute this runbook once more") == true)
    #expect(try await rig.ending(of: part(2)).tolerated)
    #expect(rig.world.calls(of: "after") == 1)
  }

  @Test func oneFailureTooManyStopsBeforeTheNextHostAndNamesAllThatFailed() async throws {
    let rig = Rig()
    for number in 1...2 { rig.world.script(agent(number), "repoint", acts: [.failsBefore]) }
    let plan = plan(parallel: 1, failed: 1)
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .failed)
    #expect(ended.step == "repoint")
    #expect(ended.message.contains(part(1)) && ended.message.contains(part(2)))
    #expect(ended.message.contains("2 of the hosts of agents did not get through, and 1 may fail"))
    #expect(changed(rig) == [false, false, false, false])
    #expect(try await rig.story(of: part(3)).isEmpty)
    #expect(rig.world.calls(of: "after") == 0)
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(changed(rig) == [true, true, true, true])
  }

  @Test func thoseThatRunWhenOneTooManyFailsEnd() async throws {
    let rig = Rig()
    rig.world.script(agent(1), "repoint", acts: [.failsBefore])
    rig.beforeChange { [clock = rig.clock, slow = agent(2)] change in
      if change.key.subject == slow { try await clock.sleep(for: .seconds(5)) }
    }
    #expect(try await rig.execute(plan(parallel: 2)).ending == .failed)
    #expect(changed(rig) == [false, true, false, false])
    #expect(try await rig.outcome(of: part(2)) == .changed)
  }

  @Test func aHostThatCannotBeAskedCounts() async throws {
    let rig = Rig()
    rig.world.darken(agent(3))
    #expect(try await rig.execute(plan(failed: 0)).ending == .failed)
    rig.world.darken(agent(3))
    let other = Rig()
    other.world.darken(agent(3))
    let ended = try await other.execute(plan(failed: 1))
    #expect(ended.ending == .done)
    #expect(ended.message.contains(part(3)))
  }

  @Test(arguments: [(0, RunEnded.Ending.inDoubt), (1, .done)])
  func aHostInDoubtCountsAndIsNamed(_ failed: Int, _ ending: RunEnded.Ending) async throws {
    let rig = Rig()
    rig.world.script(agent(4), "repoint", acts: [.lies])
    let ended = try await rig.execute(plan("fake.change_once", failed: failed))
    #expect(ended.ending == ending)
    #expect(ended.message.contains(part(4)))
    #expect(try await rig.outcome(of: part(4)) == .inDoubt)
  }

  @Test func continuingToleratesEveryFailure() async throws {
    let rig = Rig()
    for number in 1...4 { rig.world.script(agent(number), "repoint", acts: [.failsBefore]) }
    #expect(try await rig.execute(plan { $0.onError = .continue }).ending == .done)
    #expect(rig.world.calls(of: "after") == 1)
  }

  // MARK: - Crashes

  @Test(arguments: CrashPoint.ofStep.map(\.name))
  func whateverHostTheRunnerDiesAtNoneIsDoneTwice(_ point: String) async throws {
    let rig = Rig()
    let plan = plan("fake.change_once", parallel: 2)
    try await rig.die(at: "\(part(3)):\(point)", plan)
    let ended = try await rig.finish(plan) { [world = rig.world] in
      for number in 1...4 { world[FakePlan.agent(number).id, "repoint"] = "done" }
    }
    #expect(ended.ending == .done, "\(ended)")
    #expect(changed(rig) == [true, true, true, true])
    for number in 1...4 { #expect(rig.world.effects(on: "repoint", of: agent(number)) <= 1) }
  }

  // MARK: - People

  @Test func theWholeIsApprovedOnce() async throws {
    let rig = Rig()
    let answers = ScriptedAnswers(["repoint": [.yes]])
    let plan = plan(parallel: 2) { $0.approval = .init(prompt: "Repoint all?", required: 1) }
    #expect(try await rig.execute(plan, answers: answers).ending == .done)
    #expect(answers.asked.map(\.step) == ["repoint"])
    #expect(try await rig.records(GateAnswered.self, of: "repoint").count == 1)
  }

  @Test func aRefusalOfTheWholeIsAskedForOnceToo() async throws {
    let rig = Rig()
    let answers = ScriptedAnswers(["repoint": [.no, .yes]])
    let plan = plan { $0.approval = .init(prompt: "Repoint all?", required: 1) }
    #expect(try await rig.execute(plan, answers: answers).ending == .refused)
    #expect(answers.asked.count == 1)
    #expect(rig.world.calls.isEmpty)
  }

  @Test func hostsThatWaitForAPersonDoNotHoldTheOthersUp() async throws {
    let rig = Rig()
    rig.world.darken(agent(1))
    rig.world.darken(agent(2))
    let plan = plan(parallel: 1) { $0.onUnreachable = .attest }
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .waiting)
    #expect(ended.message.contains(part(1)) && ended.message.contains(part(2)))
    #expect(changed(rig) == [false, false, true, true])
    #expect(rig.world.calls(of: "after") == 0)
    let answers = ScriptedAnswers([part(1): [.yes], part(2): [.yes]])
    #expect(try await rig.resume(with: plan, answers: answers).ending == .done)
  }

  // MARK: - Rehearsing

  @Test(arguments: [(0, RunEnded.Ending.blocked), (1, .done)])
  func aRehearsalJudgesEveryHostAndTolerates(
    _ failed: Int, _ ending: RunEnded.Ending
  ) async throws {
    let rig = Rig()
    rig.world[agent(2), "repoint"] = "broken"
    let plan = plan(parallel: 2, failed: failed)
    let ended = try await rig.rehearse(plan)
    #expect(ended.ending == ending)
    #expect(
      try await rig.entries().filter { $0.kind == StepRehearsed.kind }.map(\.step)
        == (1...4).map { part($0) } + ["after"])
    #expect(
      try await rig.records(StepRehearsed.self, of: "after").last?.behind
        == (failed == 0 ? "repoint" : nil))
    #expect(rig.world.operators == 0)
  }
}
