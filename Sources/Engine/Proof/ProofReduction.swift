import Journal
import Runbook

/// Of the states from which it goes on in the same way, picks the one that stands for them all.
///
/// Two of its reasons are guesses, which an exploration makes at its beginning and checks at its end: what is refuted is
/// noted, and it is explored again without.
struct ProofReduction: Sendable {
  /// By step, what stands for each recorded progress.
  private let recorded: [[RecordedProgress: RecordedProgress]]
  /// The same of steps that can be looked at, and tell how they stand.
  private let recordedInSight: [[RecordedProgress: RecordedProgress]]
  private let nothingVouched: Int32

  /// Acts that came to nothing in one world, and would have an effect in a later one.
  private var lasting: Set<Int32> = []
  /// Steps that can't tell how they stand, although every site answers.
  private var unclear: Set<Int>

  /// The acts that were taken to come to nothing from then on.
  private var dropped: Set<Int32> = []
  private var changes: Set<Change> = []

  private struct Change: Hashable {
    let before: Int32
    let after: Int32
  }

  init(
    _ steps: [ProofStep], asksOutcomes: Bool, nothingVouched: Int32, unclear: Set<Int>
  ) {
    let all = Self.verdicts
    let clear = all.filter { if case .unknown = $0 { false } else { true } }
    recorded = steps.map { Self.representatives(for: $0, on: all, asksOutcomes: asksOutcomes) }
    recordedInSight = steps.map {
      Self.representatives(for: $0, on: clear, asksOutcomes: asksOutcomes)
    }
    self.nothingVouched = nothingVouched
    self.unclear = unclear
  }

  mutating func representative(of state: ProofState, _ model: ProofModel) -> ProofState {
    var state = state
    let staysLight = state.outagesLeft == 0 && model.world(state.world).outages.isEmpty
    for step in state.steps.indices {
      switch state.steps[step].phase {
      case .idle, .stopped:
        let progress = state.steps[step].recorded
        let table = staysLight && !unclear.contains(step) ? recordedInSight : recorded
        state.steps[step].recorded = table[step][progress] ?? progress
      // A runner's own step goes by its phase; what it records then follows from that.
      case .intends, .acted, .done: break
      }
    }
    // What answers is asked, whatever somebody vouched for.
    if staysLight || state.runner == .isDone { state.vouched = nothingVouched }
    // Nothing breaks after the end; only whether something did makes a difference.
    if state.runner == .isDone, state.outagesLeft < model.outages { state.outagesLeft = 0 }
    if state.late >= 0, !lasting.contains(state.late), model.isVoid(state.late, in: state.world) {
      dropped.insert(state.late)
      state.late = -1
    }
    return state
  }

  // MARK: - Guesses

  mutating func note(_ before: Int32, _ after: Int32) {
    if before != after { changes.insert(Change(before: before, after: after)) }
  }

  /// Notes the guesses that what was explored refutes. Whether there were any.
  mutating func refute(_ model: ProofModel) -> Bool {
    var isRefuted = false
    for act in dropped {
      for change in changes
      where model.isVoid(act, in: change.before) && !model.isVoid(act, in: change.after)
        && !model.isOver(act, in: change.before) && !model.isOver(act, in: change.after)
      {
        lasting.insert(act)
        isRefuted = true
        break
      }
    }
    let seen = model.unclear.subtracting(unclear)
    unclear.formUnion(seen)
    (dropped, changes) = ([], [])
    return isRefuted || !seen.isEmpty
  }

  // MARK: - The recovery table

  /// What recovery comes to, as far as it makes a difference to what can happen next.
  private enum Recovery: Hashable {
    case acts
    case isDone(isChanged: Bool)
    /// Whether the run goes on all the same.
    case halts(isTolerated: Bool)
    case haltsOrActs
  }

  private static func representatives(
    for step: ProofStep, on verdicts: [Verdict], asksOutcomes: Bool
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
    case .await, .ask:
      if case .needed = verdict {
        .haltsOrActs
      } else {
        .halts(isTolerated: false)
      }
    case .start, .redo:
      switch verdict {
      case .satisfied: .isDone(isChanged: false)
      case .needed: .acts
      case .blocked, .unknown: .halts(isTolerated: step.planned.onError == .continue)
      }
    }
  }
}
