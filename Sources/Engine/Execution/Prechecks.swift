import Journal
import Runbook

/// The checks before an execution's first step. They only look; all are evaluated, and all findings are shown at once.
struct Prechecks: Sendable {
  let context: RunContext
  /// Reasons for going on without a critical one, by id.
  let accepted: [String: String]

  /// Nil when the run may go on.
  func run() async throws -> RunEnded? {
    let sights = try await lookAtAll()
    var refusals: [String] = []
    for (step, sight) in zip(context.plan.prechecks, sights) {
      let isRefusal = step.isCritical && !sight.verdict.isSatisfied
      let reason = isRefusal ? accepted[step.id] : nil
      try await context.recorder.record(
        PrecheckJudged(
          name: step.name, action: step.action, critical: step.isCritical,
          verdict: VerdictRecord(sight.verdict),
          observation: sight.observation.records(at: context.time.now()), accepted: reason),
        step: step.id)
      if isRefusal, reason == nil { refusals.append(step.id) }
    }
    return refusals.isEmpty ? nil : refusal(by: refusals)
  }

  private func lookAtAll() async throws -> [Sight] {
    try await context.plan.prechecks.sideBySide { try await look(at: $0) }
  }

  private func look(at step: PlannedStep) async throws -> Sight {
    let timeout = try step.duration(step.timeout)
    do {
      let action = try step.makeAction(
        from: context.catalogue, inventory: context.plan.inventory, facts: StepFacts())
      return try await action.look(
        with: context.world.makeObserver(), within: timeout, time: context.time, lay: { $0 })
    } catch let error as ActionError {
      return Sight(observation: Observation(), verdict: .unknown(error.description))
    }
  }

  private func refusal(by ids: [String]) -> RunEnded {
    RunEnded(
      ending: .refused, message: "not begun: \(ids.joined(separator: ", ")) not satisfied",
      advice: "put it right and execute again, or go on without it by "
        + ids.map { "--accept \($0)=REASON" }.joined(separator: " "),
      resumable: false, outcomes: [:])
  }
}
