import Foundation
import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// Every state that a crash can leave, and what a person may expect of `resume` then. Written from the meaning of the
/// words, not from `RecoveryTable`:
/// - what is so needs no doing, and what was lost is its outcome;
/// - what isn't so, and may be done again, is done again;
/// - what isn't so, and must not be done twice, is left to a person, after waiting when the act is known to have ended;
/// - what can't be told, or has no way to be done, is left to a person, unless it was verified once.
struct RecoveryTableTests {
  enum Sight: String, Sendable, CaseIterable { case satisfied, needed, blocked, unknown }

  struct Row: Sendable, CustomTestStringConvertible {
    let recorded: RecordedProgress
    let sight: Sight
    let isRepeatable: Bool
    let decision: RecoveryDecision
    /// What resuming does: how often it acts, and how step and run end.
    let acts: Int
    let outcome: StepEnded.Outcome
    let ending: RunEnded.Ending

    var testDescription: String {
      "\(recorded), \(sight), \(isRepeatable ? "repeatable" : "once only")"
    }
  }

  private static func row(
    _ recorded: RecordedProgress, _ sight: Sight, _ isRepeatable: Bool,
    _ decision: RecoveryDecision, acts: Int, _ outcome: StepEnded.Outcome,
    _ ending: RunEnded.Ending
  ) -> Row {
    Row(
      recorded: recorded, sight: sight, isRepeatable: isRepeatable, decision: decision, acts: acts,
      outcome: outcome, ending: ending)
  }

  static let rows: [Row] = [
    row(.nothing, .satisfied, true, .start, acts: 0, .ok, .done),
    row(.nothing, .satisfied, false, .start, acts: 0, .ok, .done),
    row(.nothing, .needed, true, .start, acts: 1, .changed, .done),
    row(.nothing, .needed, false, .start, acts: 1, .changed, .done),
    row(.nothing, .blocked, true, .start, acts: 0, .failed, .failed),
    row(.nothing, .blocked, false, .start, acts: 0, .failed, .failed),
    row(.nothing, .unknown, true, .start, acts: 0, .failed, .failed),
    row(.nothing, .unknown, false, .start, acts: 0, .failed, .failed),

    row(.intent, .satisfied, true, .conclude, acts: 0, .changed, .done),
    row(.intent, .satisfied, false, .conclude, acts: 0, .changed, .done),
    row(.intent, .needed, true, .redo, acts: 1, .changed, .done),
    row(.intent, .needed, false, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.intent, .blocked, true, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.intent, .blocked, false, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.intent, .unknown, true, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.intent, .unknown, false, .ask, acts: 0, .inDoubt, .inDoubt),

    row(.acted, .satisfied, true, .conclude, acts: 0, .changed, .done),
    row(.acted, .satisfied, false, .conclude, acts: 0, .changed, .done),
    row(.acted, .needed, true, .redo, acts: 1, .changed, .done),
    row(.acted, .needed, false, .await, acts: 0, .inDoubt, .inDoubt),
    row(.acted, .blocked, true, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.acted, .blocked, false, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.acted, .unknown, true, .await, acts: 0, .inDoubt, .inDoubt),
    row(.acted, .unknown, false, .await, acts: 0, .inDoubt, .inDoubt),

    row(.verified, .satisfied, true, .skip, acts: 0, .changed, .done),
    row(.verified, .satisfied, false, .skip, acts: 0, .changed, .done),
    row(.verified, .needed, true, .redo, acts: 1, .changed, .done),
    row(.verified, .needed, false, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.verified, .blocked, true, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.verified, .blocked, false, .ask, acts: 0, .inDoubt, .inDoubt),
    row(.verified, .unknown, true, .skip, acts: 0, .changed, .done),
    row(.verified, .unknown, false, .skip, acts: 0, .changed, .done),
  ]

  @Test func theTableHasEveryRowOnce() {
    let keys = Self.rows.map { "\($0.recorded) \($0.sight) \($0.isRepeatable)" }
    #expect(Set(keys).count == keys.count)
    #expect(keys.count == RecordedProgress.allCases.count * Sight.allCases.count * 2)
  }

  @Test(arguments: rows) func decides(_ row: Row) {
    let verdict: Verdict =
      switch row.sight {
      case .satisfied: .satisfied("")
      case .needed: .needed("")
      case .blocked: .blocked("")
      case .unknown: .unknown("")
      }
    #expect(
      RecoveryTable.decide(
        recorded: row.recorded, verdict: verdict, isRepeatable: row.isRepeatable) == row.decision)
  }

  /// The journal as a crash at that place leaves it, the world as the row says, and a resume.
  @Test(arguments: rows) func resumes(_ row: Row) async throws {
    let rig = Rig()
    let plan = FakePlan.make([
      FakeStep("a", row.isRepeatable ? "fake.change" : "fake.change_once")
    ])
    try await rig.writeRun(of: plan, step: "a", upTo: row.recorded)
    switch row.sight {
    case .satisfied: rig.world[FakePlan.host, "a"] = "done"
    case .needed: break
    case .blocked: rig.world[FakePlan.host, "a"] = "broken"
    case .unknown: rig.world.darken(FakePlan.host)
    }

    let ended = try await rig.resume(with: plan)

    #expect(ended.ending == row.ending)
    #expect(try await rig.outcome(of: "a") == row.outcome)
    #expect(rig.world.calls.count == row.acts)
    #expect(ended.resumable == (row.ending != .done))
  }

  @Test func anEffectThatIsStillComingIsAwaitedAndNotDoneAgain() async throws {
    let rig = Rig()
    let plan = FakePlan.make([FakeStep("a", "fake.change_once")])
    rig.world.script(FakePlan.host, "a", acts: [.comesLate])
    try await rig.die(at: "a:acted.after", plan)
    #expect(rig.world[FakePlan.host, "a"] == nil)
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.world.calls.count == 1)
  }
}

extension Rig {
  /// Writes what a runner leaves that was killed when the step had come so far.
  func writeRun(of plan: Plan, step: String, upTo progress: RecordedProgress) async throws {
    let moment = Timestamp(clock.now())
    let lease = try await journal.acquire(
      Set(plan.sites), for: .current(), at: moment, until: moment)
    let recorder = Recorder(
      journal: journal, run: Self.run, planDigest: try plan.digest(), lease: lease, time: clock,
      watch: { _ in })
    try await recorder.record(
      try RunStarted(.execution, plan, Self.origin, surroundings(), by: recorder))
    try await recorder.record(
      StepStarted(name: step, action: "", target: nil, place: 1, count: 1), step: step)
    if progress != .nothing {
      let verdict = VerdictRecord(verdict: "needed", explanation: "")
      try await recorder.record(
        StepIntent(attempt: 1, verdict: verdict, observation: [], guards: [], predicted: nil),
        step: step)
    }
    if progress == .acted || progress == .verified {
      try await recorder.record(StepActed(attempt: 1, evidence: nil), step: step)
    }
    if progress == .verified {
      try await recorder.record(StepEnded(outcome: .changed, message: ""), step: step)
    }
    try await journal.release(lease)
  }
}
