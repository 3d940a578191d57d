import Engine
import Foundation
import Testing

/// The runner is killed at every named crash point of every step, and resumed. Exhaustive: a point is a step's name and a
/// place in it, or the n-th thing that its `act` does.
@Suite("Killed at every crash point, a run is resumed to the same end")
struct CrashMatrixTests {
  static let labOptions = [
    "--job-interval", "50ms", "--ship-interval", "50ms", "--heartbeat-interval", "200ms",
  ]

  /// Points that every step passes, whether it acts or not.
  static let always: [CrashPoint] = [.stepStarted, .beforeOutcome, .afterOutcome]

  /// Of a step, how many calls its `act` makes on the world; none when it doesn't act.
  static func points(acting: [String: Int], looking: [String]) -> [String] {
    let ofActing = acting.sorted { $0.key < $1.key }.flatMap { step, calls in
      (CrashPoint.ofStep + (1...calls).map { CrashPoint.duringAct(call: $0) })
        .map { "\(step):\($0.name)" }
    }
    let ofLooking = looking.flatMap { step in always.map { "\(step):\($0.name)" } }
    return CrashPoint.ofRun.map { "run:\($0.name)" } + ofActing + ofLooking
  }

  static let failoverPoints = points(
    acting: ["reverse-replication": 1, "truncate-failover": 1, "start-dr": 6],
    looking: ["stop-production", "no-foreign-guid", "in-control"])

  @Test("failover, production dead", arguments: failoverPoints)
  func failover(point: String) async throws {
    try await TestLab.with(Self.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.waitForShippedGUID()
      try await lab.strikeProduction()
      let killed = try await lab.failover(crashAt: point)
      try #require(killed.code == 137, "the point was not reached: \(killed)")

      try await resume(lab, after: point, with: TestLab.attestation)
      try await lab.expectInControl("dr")
      try await lab.waitForJobs(at: "dr")
      try lab.expectTurns(["production", "dr"])
      try await expectTruncatedRowsKept(lab)
      try await expectEveryActWasAnnounced(lab)
      try await lab.expectOnePermitAtEveryPrefix(endingAt: "dr")
      try await expectAllowedByModel(lab, after: point)
      #expect(try await lab.lifeboat(["audit", "verify"]).code == 0)
    }
  }

  static let switchoverPoints = points(
    acting: [
      "stop-scheduler": 6, "reverse-replication": 3, "truncate-failover": 1, "start-scheduler": 6,
    ],
    looking: ["no-foreign-guid", "in-control"])

  @Test("switchover, both sites alive", arguments: switchoverPoints)
  func switchover(point: String) async throws {
    try await TestLab.with(Self.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let killed = try await lab.lifeboat(
        ["execute", Programs.runbook("scheduler-switchover")], crashAt: point)
      try #require(killed.code == 137, "the point was not reached: \(killed)")
      let before = try JobHistory(lab).runs.filter { $0.site == "production" }

      try await resume(lab, after: point)
      try await lab.expectInControl("dr")
      try await lab.waitForJobs(at: "dr")
      try lab.expectTurns(["production", "dr"])
      #expect(try JobHistory(lab).runs.filter { $0.site == "production" }.count >= before.count)
      try await expectTruncatedRowsKept(lab)
      try await expectEveryActWasAnnounced(lab)
      try await lab.expectOnePermitAtEveryPrefix(endingAt: "dr")
      try await expectAllowedByModel(lab, after: point)
    }
  }

  /// Where the runner died within an act, half of its effect may be there: the model has all of it or nothing.
  private func expectAllowedByModel(_ lab: TestLab, after point: String) async throws {
    guard !point.contains("act.call") else { return }
    try await lab.expectAllowedByModel()
  }

  /// Resuming a run whose last entry was written finds it done.
  private func resume(
    _ lab: TestLab, after point: String, with answers: [String] = []
  ) async throws {
    let resumed = try await lab.lifeboat(["resume"] + answers)
    let isOver = point == "run:\(CrashPoint.runAfterEnd.name)"
    #expect(resumed.code == (isOver ? 2 : 0), "\(resumed)")
    if isOver { #expect(resumed.error.contains("run.ended")) }
  }

  /// The rows that were removed from Failover are in an intent, which was written before they were removed.
  private func expectTruncatedRowsKept(_ lab: TestLab) async throws {
    let production = try #require(try await lab.status().site("production").hosts.first)
    let kept = try await lab.entries().contains { entry in
      entry["kind"] as? String == "step.intent" && entry["step"] as? String == "truncate-failover"
        && String(describing: entry["body"] ?? "").lowercased()
          .contains(production.guid.lowercased())
    }
    #expect(kept, "the rows of Failover are not in the journal")
  }

  /// A step that changed something has an intent before its end.
  private func expectEveryActWasAnnounced(_ lab: TestLab) async throws {
    var announced: Set<String> = []
    for entry in try await lab.entries() {
      guard let step = entry["step"] as? String else { continue }
      if entry["kind"] as? String == "step.intent" { announced.insert(step) }
      let outcome = (entry["body"] as? [String: Any])?["outcome"] as? String
      if entry["kind"] as? String == "step.ended", outcome == "changed" {
        #expect(announced.contains(step), "\(step)")
      }
    }
  }
}
