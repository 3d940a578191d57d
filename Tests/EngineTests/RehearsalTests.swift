import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// A rehearsal is the real run minus `act`, each step judged in the world as the steps before it would leave it.
struct RehearsalTests {
  private func judged(_ rig: Rig, _ step: String) async throws -> StepRehearsed {
    try #require(try await rig.records(StepRehearsed.self, of: step).last)
  }

  @Test func aRehearsalLooksAndNeverActs() async throws {
    let rig = Rig(["b": "done"])
    let before = rig.world.facts
    let plan = FakePlan.make([FakeStep("a"), FakeStep("b"), FakeStep("c", "fake.change_once")])
    let ended = try await rig.rehearse(plan)
    #expect(ended.ending == .done)
    #expect(!ended.resumable)
    #expect(ended.outcomes == ["would_change": 2, "already": 1])
    #expect(rig.world.facts == before)
    #expect(rig.world.operators == 0)
    #expect(rig.world.looks > 0)
    #expect(try await rig.journal.leases().isEmpty, "a rehearsal needs no lease")
  }

  @Test func aRehearsalRunsBesideAnExecution() async throws {
    let rig = Rig()
    let plan = FakePlan.make([FakeStep("a")])
    rig.beforeChange { _ in _ = try await rig.rehearseNow(plan, as: "r-2") }
    #expect(try await rig.execute(plan).ending == .done)
    #expect(try await rig.records(RunEnded.self, in: "r-2").first?.ending == .done)
  }

  @Test func laterStepsAreJudgedInThePredictedWorld() async throws {
    let rig = Rig()
    let check = FakeStep("check", "fake.check") { $0.arguments["property"] = .value("a") }
    let ended = try await rig.rehearse(FakePlan.make([FakeStep("a"), check, FakeStep("b")]))
    #expect(ended.ending == .done)
    #expect(try await judged(rig, "a").basis == .probed)
    let seen = try await judged(rig, "check")
    #expect(seen.outcome == .already)
    #expect(seen.basis == .predicted)
    #expect(seen.observation.map(\.source) == ["predicted"])
    #expect(ended.fidelityPercent == 66)
  }

  @Test func aCheckThatFailsBlocksAndItsFollowersStandBehindIt() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a"), FakeStep("check", "fake.check"), FakeStep("b"), FakeStep("c"),
    ])
    let ended = try await rig.rehearse(plan)
    #expect(ended.ending == .blocked)
    #expect(ended.step == "check")
    #expect(try await judged(rig, "a").behind == nil)
    #expect(try await judged(rig, "check").outcome == .blocked)
    #expect(try await judged(rig, "b").behind == "check")
    #expect(try await judged(rig, "b").outcome == .wouldChange)
    #expect(try await judged(rig, "c").behind == "check")
  }

  @Test func aStepThatCannotSayWhatItBringsAboutMakesTheRestOpaque() async throws {
    let rig = Rig()
    let opaque = FakeStep("opaque") { $0.arguments["predicts"] = .value(false) }
    let ended = try await rig.rehearse(
      FakePlan.make([FakeStep("a"), opaque, FakeStep("b"), FakeStep("c")]))
    #expect(try await judged(rig, "opaque").predicted == nil)
    #expect(try await judged(rig, "b").basis == .opaque)
    #expect(ended.fidelityPercent == 50)
  }

  @Test(arguments: [
    ("running", StepRehearsed.Outcome.blocked, RunEnded.Ending.blocked),
    ("stopped", .wouldChange, .done),
  ]) func aGuardIsCheckedInThePredictedWorld(
    _ state: String, _ outcome: StepRehearsed.Outcome, _ ending: RunEnded.Ending
  ) async throws {
    let rig = Rig()
    rig.world[FakePlan.otherHost, "state"] = "running"
    let stop = FakeStep("state", value: state) { $0.host = FakePlan.otherHost }
    let ended = try await rig.rehearse(
      FakePlan.make([stop, .guarded("b", property: "state", is: "stopped")]))
    #expect(ended.ending == ending)
    #expect(try await judged(rig, "b").outcome == outcome)
    #expect(try await judged(rig, "b").guards.count == 1)
  }

  @Test func aGuardThatCannotBeToldIsUnknown() async throws {
    let rig = Rig()
    rig.world.darken(FakePlan.otherHost)
    let ended = try await rig.rehearse(
      FakePlan.make([.guarded("b", property: "state", is: "stopped")]))
    #expect(ended.ending == .unknown)
    #expect(try await judged(rig, "b").outcome == .unknown)
  }

  @Test func aDarkTargetIsUnknownOrWouldBeAttested() async throws {
    let rig = Rig()
    rig.world.darken(FakePlan.host)
    rig.world.darken(FakePlan.otherHost)
    let attested = FakeStep("state", value: "stopped") {
      $0.host = FakePlan.otherHost
      $0.onUnreachable = .attest
    }
    let plan = FakePlan.make([
      attested, FakeStep("a"),
    ])
    #expect(try await rig.rehearse(plan).ending == .unknown)
    #expect(try await judged(rig, "state").outcome == .wouldChange)
    #expect(try await judged(rig, "state").predicted?.map(\.value) == ["stopped"])
    #expect(try await judged(rig, "a").outcome == .unknown)
  }

  @Test func aReferenceThatOnlyTheRunCanAnswerIsUnknown() async throws {
    let rig = Rig()
    let known = FakeStep("b") {
      $0.arguments["value"] = .later(StepReference(step: "a", property: "a"))
    }
    let unknown = FakeStep("c") {
      $0.arguments["value"] = .later(StepReference(step: "a", property: "pid"))
    }
    let ended = try await rig.rehearse(FakePlan.make([FakeStep("a"), known, unknown]))
    #expect(ended.ending == .unknown)
    #expect(try await judged(rig, "b").outcome == .wouldChange)
    #expect(try await judged(rig, "b").predicted?.map(\.value) == ["done"])
    #expect(try await judged(rig, "c").outcome == .unknown)
  }

  @Test func aConditionIsJudgedInThePredictedWorld() async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a"),
      FakeStep("b") { $0.when = .step("a", "a", is: "done") },
      FakeStep("c") { $0.when = .step("a", "a", is: "other") },
    ])
    let ended = try await rig.rehearse(plan)
    #expect(ended.outcomes == ["would_change": 2, "would_skip": 1])
    #expect(try await judged(rig, "c").outcome == .wouldSkip)
  }

  @Test func gatesSayWhomTheyWouldAsk() async throws {
    let rig = Rig()
    rig.world.darken(FakePlan.otherHost)
    let plan = FakePlan.make([
      .gate("ask", "fake.approval", prompt: "Go?", required: 2),
      .gate(
        "vouch", "fake.attest", prompt: "Dead?",
        ["host": .value(.string(FakePlan.otherHost)), "property": "state", "value": "stopped"]),
      FakeStep("a") { $0.approval = .init(prompt: "Really?", required: 1) },
    ])
    #expect(try await rig.rehearse(plan).ending == .done)
    #expect(try await judged(rig, "ask").message == "would ask 2 people: Go?")
    #expect(try await judged(rig, "vouch").predicted?.map(\.value) == ["stopped"])
    #expect(try await judged(rig, "a").message.contains("Really?"))
    #expect(try await rig.records(GateAsked.self).isEmpty)
  }

  @Test func prechecksCountAndTolerableOnesDoNot() async throws {
    let rig = Rig()
    let tolerable = FakeStep("p", "fake.check") { $0.isCritical = false }
    let plan = FakePlan.make([FakeStep("a")], prechecks: [tolerable])
    #expect(try await rig.rehearse(plan).ending == .done)
    let critical = FakePlan.make([FakeStep("a")], prechecks: [FakeStep("p", "fake.check")])
    let ended = try await rig.rehearse(critical, as: "r-2")
    #expect(ended.ending == .blocked)
    #expect(ended.step == "p")
    rig.world.darken(FakePlan.host)
    #expect(try await rig.rehearse(critical, as: "r-3").ending == .unknown)
  }

  @Test func aProbeThatHangsEndsWithTheStepsTime() async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, "a", probes: [.hangs])
    #expect(try await rig.rehearse(FakePlan.make([FakeStep("a")])).ending == .unknown)
    #expect(rig.clock.uptime() == .seconds(60))
  }

  @Test func whatARehearsalPredictsIsWhatTheExecutionObserves() async throws {
    let rig = Rig()
    let plan = FakePlan.make([FakeStep("a"), FakeStep("b", "fake.change_once")])
    _ = try await rig.rehearse(plan, as: "r-0")
    _ = try await rig.execute(plan)
    for step in plan.steps {
      let predicted = try await rig.records(StepRehearsed.self, of: step.id, in: "r-0")
        .flatMap { $0.predicted ?? [] }
      let observed = try await rig.ending(of: step.id).observation
      #expect(predicted.map(\.value) == observed.map(\.value))
    }
  }
}

// MARK: - Probe files

struct ProbeFileTests {
  private let plan = FakePlan.make([FakeStep("share", "fake.proof")])

  @Test func withoutPermissionNothingIsWritten() async throws {
    let rig = Rig()
    #expect(try await rig.rehearse(plan).ending == .unknown)
    #expect(rig.world.probeFiles.isEmpty)
    #expect(try await rig.records(ProbeFilesPlanned.self).isEmpty)
  }

  @Test func withPermissionTheyAreWrittenRemovedAndBothAreKept() async throws {
    let rig = Rig()
    let before = rig.world.facts
    #expect(try await rig.rehearse(plan, allowsProbeFiles: true).ending == .done)
    let name = ".lifeboat-probe-share-r-1-share"
    #expect(rig.world.probeFiles == [name])
    #expect(rig.world.facts == before)
    #expect(rig.world.operators == 0)
    let kinds = try await rig.story(of: "share")
    #expect(kinds == ["probe_files.planned", "probe_files.removed", "step.rehearsed"])
    #expect(try await rig.records(StepRehearsed.self).map(\.outcome) == [.already])
  }

  @Test(arguments: [ActFault.failsBefore, .hangsBefore])
  func aProofThatFailsIsUnknownAndNotSaidToBeCleanedUp(_ fault: ActFault) async throws {
    let rig = Rig()
    rig.world.script(FakePlan.host, FakePlan.probeFile, acts: [fault])
    #expect(try await rig.rehearse(plan, allowsProbeFiles: true).ending == .unknown)
    #expect(try await rig.records(ProbeFilesPlanned.self).count == 1)
    #expect(try await rig.records(ProbeFilesRemoved.self).isEmpty)
  }
}
