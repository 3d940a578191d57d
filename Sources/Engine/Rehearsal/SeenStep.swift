import Foundation
public import Journal
import Runbook

/// What a rehearsal saw and made of one precheck or step.
public struct SeenStep: Sendable, Hashable, Codable {
  public let step: String
  public let action: String
  public let at: Timestamp
  /// `satisfied`, `needed`, `blocked`, `unknown`, or `skipped` when its condition didn't hold.
  public let verdict: String
  /// The guards' findings, by id.
  public let guards: [String: String]
  /// As they were seen, without what earlier steps would change.
  public let facts: [FactRecord]

  init(precheck step: PlannedStep, _ glance: Glance, at moment: Date) {
    self.init(step, glance.verdict.name, [], glance.seen, at: moment)
  }

  init(_ step: PlannedStep, _ judgement: Judgement, at moment: Date) {
    let isSkipped = judgement.outcome == .wouldSkip
    self.init(
      step, judgement.glance?.verdict.name ?? (isSkipped ? "skipped" : "unknown"),
      judgement.guards, judgement.glance?.seen ?? Observation(), at: moment)
  }

  private init(
    _ step: PlannedStep, _ verdict: String, _ guards: [GuardRecord], _ seen: Observation,
    at moment: Date
  ) {
    self.step = step.id
    action = step.action
    at = Timestamp(moment)
    self.verdict = verdict
    self.guards = Dictionary(guards.map { ($0.id, $0.finding) }) { $1 }
    facts = seen.records(at: moment)
  }
}
