import Journal
import Runbook

/// Of the states from which it goes on in the same way, picks the one that stands for them all.
struct ProofReduction: Sendable {
  /// By step and by rank of what is recorded, what stands for it.
  private let recorded: [[RecordedProgress: RecordedProgress]]
  private let nothingVouched: Int32

  init(_ steps: [ProofStep], asksOutcomes: Bool, nothingVouched: Int32) {
    recorded = steps.map { Self.representatives(for: $0, asksOutcomes: asksOutcomes) }
    self.nothingVouched = nothingVouched
  }

  func representative(of state: ProofState) -> ProofState {
    var state = state
    for step in state.steps.indices {
      switch state.steps[step].phase {
      case .idle, .stopped:
        let progress = state.steps[step].recorded
        state.steps[step].recorded = recorded[step][progress] ?? progress
      // A runner's own step goes by its phase; what it records then follows from that.
      case .intends, .acted, .done: break
      }
    }
    if state.runner == .isDone {
      // Nobody reads any more what was vouched for, and nothing breaks after the end.
      state.vouched = nothingVouched
      state.outagesLeft = 0
    }
    return state
  }

  // MARK: - The recovery table

  /// What recovery comes to, as far as it makes a difference to what can happen next.
  private enum Recovery: Hashable {
    case acts
    case isDone(isChanged: Bool)
    case halts
    case haltsOrActs
  }

  private static func representatives(
    for step: ProofStep, asksOutcomes: Bool
  ) -> [RecordedProgress: RecordedProgress] {
    var known: [[Recovery]: RecordedProgress] = [:]
    var found: [RecordedProgress: RecordedProgress] = [:]
    for progress in RecordedProgress.allCases {
      // A condition is asked only of a step of which nothing is recorded.
      guard progress != .nothing || step.planned.when == nil else { continue }
      let recoveries = verdicts.map {
        recovery(of: step, recorded: progress, $0, asksOutcomes: asksOutcomes)
      }
      found[progress] = known[recoveries] ?? progress
      known[recoveries] = known[recoveries] ?? progress
    }
    return found
  }

  private static let verdicts: [Verdict] = [
    .satisfied(""), .needed(""), .blocked(""), .unknown(""),
  ]

  private static func recovery(
    of step: ProofStep, recorded: RecordedProgress, _ verdict: Verdict, asksOutcomes: Bool
  ) -> Recovery {
    switch RecoveryTable.decide(
      recorded: recorded, verdict: verdict, isRepeatable: step.isRepeatable)
    {
    case .skip: .isDone(isChanged: false)
    case .conclude: .isDone(isChanged: asksOutcomes)
    case .await, .ask: if case .needed = verdict { .haltsOrActs } else { .halts }
    case .start, .redo:
      switch verdict {
      case .satisfied: .isDone(isChanged: false)
      case .needed: .acts
      case .blocked, .unknown: .halts
      }
    }
  }
}
