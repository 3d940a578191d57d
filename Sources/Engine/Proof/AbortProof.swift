import Runbook

/// That an abort restores the start: wherever a run may have stopped before its point of no return, undoing it brings back
/// what each step saw before it acted, also where the abort itself fails, or dies and is resumed.
struct AbortProof {
  let catalogue: ActionCatalogue
  let domain: any ProofDomain
  let limits: Proof.Limits
  let time: any TimeSource

  /// What was found, and what it took.
  struct Found {
    var findings: [ProofFinding] = []
    /// From how many different states a run was aborted.
    var aborted = 0
    var states = 0
    var isComplete = true

    mutating func add(_ other: Found) {
      findings += other.findings
      aborted += other.aborted
      states += other.states
      isComplete = isComplete && other.isComplete
    }

    var summary: ProofResult.Aborts {
      ProofResult.Aborts(places: aborted, states: states, isComplete: isComplete)
    }
  }

  /// What a run that has stopped leaves to an abort.
  private struct Stopped: Hashable {
    let world: Int32
    let permitted: Int8
    let lastPermitted: Int8
    let steps: [PlannedStep]
    let wanted: Set<Wanted>
  }

  func explore(_ part: ProofModel, from beginning: ProofBeginning) async throws -> Found {
    var model = part
    model.keepsBefore = true
    var found = Found()
    let start = model.number(of: beginning.world)
    let isOver = model.steps.map { isNeverUndone($0, model.plan) }
    guard isOver.contains(false), model.mayBegin(in: start) else { return found }
    var ways = Ways(model.first(of: beginning))
    var seen: Set<Stopped> = []
    var next = 0
    while next < ways.states.count {
      let state = ways.states[next]
      guard ways.states.count <= limits.states else {
        found.isComplete = false
        return found
      }
      for move in model.moves(from: state) where isSameRun(move.state, as: state) {
        guard !zip(move.state.steps, isOver).contains(where: { $0.before >= 0 && $1 }) else {
          continue
        }
        ways.add(move, from: next)
      }
      if let stopped = try stopped(state, model), seen.insert(stopped).inserted,
        let broken = try await abort(stopped, model, beginning, &found)
      {
        found.findings.append(
          ProofFinding(
            code: "abort-not-restoring",
            words: "aborting the run doesn't bring back what was before it",
            beginning: beginning.name, trace: ways.trace(to: next) + broken.trace,
            step: broken.step))
        return found
      }
      next += 1
    }
    found.states += ways.states.count
    return found
  }

  /// What can't be undone exactly; and what changes nothing is never undone.
  private func isNeverUndone(_ step: ProofStep, _ plan: Plan) -> Bool {
    if case .exact? = step.planned.undoability(catalogue, plan.inventory) { false } else { true }
  }

  /// A run that is begun anew is another one, and what the first did is no longer to be undone.
  private func isSameRun(_ next: ProofState, as state: ProofState) -> Bool {
    zip(next.steps, state.steps).allSatisfy { $0.before >= 0 || $1.before < 0 }
  }

  // MARK: - The abort

  /// Nil where nothing is to be undone, something is still on its way, or the abort is refused: one of the steps can't be
  /// undone from what is seen now.
  private func stopped(_ state: ProofState, _ model: ProofModel) throws -> Stopped? {
    guard state.runner == .isGone, state.late < 0 else { return nil }
    let world = model.world(state.world)
    var steps: [PlannedStep] = []
    for (place, step) in model.steps.enumerated().reversed() where state.steps[place].before >= 0 {
      let before = model.sight(state.steps[place].before).observation
      let now = step.observation(of: world, in: domain, filledWith: [:])
      guard let undos = (step.action as? any ActingAction)?.undo(restoring: before, from: now)
      else { return nil }
      steps += try UndoPlan.planned(undos, of: step.planned, catalogue, after: steps.last)
    }
    guard !steps.isEmpty else { return nil }
    return Stopped(
      world: state.world, permitted: state.permitted, lastPermitted: state.lastPermitted,
      steps: steps,
      wanted: wanted(after: state, model))
  }

  /// Undoes it in every way that can go. Nil where that restores what was.
  private func abort(
    _ stopped: Stopped, _ model: ProofModel, _ before: ProofBeginning, _ found: inout Found
  ) async throws -> (trace: [ProofEvent], step: String?)? {
    found.aborted += 1
    let plan = UndoPlan.plan(stopped.steps, undoing: model.plan, of: "the run")
    let undoing = try await ProofModel(plan, catalogue: catalogue, domain: domain, time: time)
    let beginning = ProofBeginning(
      "the run has stopped", model.world(stopped.world),
      permitted: model.permitted(stopped.permitted),
      lastPermitted: model.permitted(stopped.lastPermitted))
    let aborted = ProofEvent(kind: .person, step: nil, words: "the run is aborted")
    var anyhow = try explore(undoing, from: beginning, outages: limits.outages, &found)
    if let unsafe = anyhow.safetyFindings().first {
      return ([aborted] + unsafe.trace, unsafe.step)
    }
    // What breaks meanwhile isn't the run's to restore.
    var exploration = try explore(undoing, from: beginning, outages: 0, &found)
    guard exploration.summary.isComplete else { return nil }
    let first = before.world
    let inControl =
      first.outages.isEmpty && domain.isInOrder(first) ? domain.inControl(first) : nil
    let permitted = inControl == nil ? nil : before.permitted
    let stuck = exploration.firstStuck(countingReturns: true) { undoing, state in
      let world = undoing.world(state.world)
      return state.runner == .isDone && stopped.wanted.allSatisfy { $0.isRestored(in: world) }
        && (inControl.map { $0 == domain.inControl(world) } ?? true)
        && (permitted.map { $0 == undoing.permitted(state.permitted) } ?? true)
    }
    return stuck.map { number in
      let rest = exploration.trace(to: number) + exploration.blockade(at: number)
      return ([aborted] + rest, (rest.last { $0.step != nil }?.step))
    }
  }

  private func explore(
    _ undoing: ProofModel, from beginning: ProofBeginning, outages: Int, _ found: inout Found
  ) throws -> Exploration {
    var limits = limits
    limits.outages = outages
    var exploration = Exploration(
      undoing, of: ProofParts(whole: undoing).all[0], from: beginning, limits: limits)
    try exploration.run()
    found.states += exploration.summary.states
    found.isComplete = found.isComplete && exploration.summary.isComplete
    return exploration
  }

  /// A fact that was changed, and what it was before; nil where there was none.
  private struct Wanted: Hashable {
    let key: FactKey
    let value: Value?

    /// What only rises, as an epoch, needn't come back.
    func isRestored(in world: ModelWorld) -> Bool {
      let now = world.facts[key]
      if let before = value?.integer, let now = now?.integer { return now >= before }
      return now == value
    }
  }

  /// As the first step saw it that looked at the same before it acted.
  private func wanted(after state: ProofState, _ model: ProofModel) -> Set<Wanted> {
    let sights = state.steps.filter { $0.before >= 0 }.map { model.sight($0.before) }
    let changed = Set(sights.flatMap { ($0.effect ?? [:]).keys })
    return Set(
      changed.filter { model.world(state.world).facts[$0] != nil }.map { key in
        let first = sights.first { sight in
          sight.observation.facts.contains { $0.key.subject == key.subject }
        }
        return Wanted(key: key, value: first?.observation[key]?.reading.value)
      })
  }
}
