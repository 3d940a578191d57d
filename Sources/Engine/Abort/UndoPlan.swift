public import Journal
public import Runbook

/// The exact undo of an execution that has stopped, as a plan of its own: each step that acted is taken back, the last one
/// first, to what was observed before it acted.
public struct UndoPlan: Sendable {
  /// Its first step asks people.
  public let plan: Plan
  /// The run that is undone.
  public let aborts: AbortsRecord

  /// The id of the step that asks.
  public static let gate = "abort"

  /// Looks at what each step that acted has come to. Throws `EngineError` when the run can't be undone, with the reason and
  /// the way on.
  ///
  /// - Parameter approval: the action that asks people, by its name in the catalogue.
  public init(
    of recorded: RecordedRun, _ surroundings: Surroundings, _ world: any ObservableWorld,
    approvedBy approval: String
  ) async throws {
    let catalogue = surroundings.catalogue
    try recorded.requireAbortable()
    let acted = recorded.plan.steps.filter { recorded.before[$0.id] != nil }
    if let step = acted.first(where: { $0.isPointOfNoReturn(catalogue, recorded.plan.inventory) }) {
      throw Self.pastNoReturn(step, recorded, catalogue)
    }
    let order = acted.sorted { left, right in
      (recorded.before[left.id]?.entry ?? 0) > (recorded.before[right.id]?.entry ?? 0)
    }
    guard let last = order.last, let firstIntent = recorded.before[last.id]?.entry else {
      throw Self.nothingDone(recorded)
    }
    var steps = [Self.gateStep(undoing: order, of: recorded, action: approval)]
    for step in order {
      let action = try step.makeAction(
        from: catalogue, inventory: recorded.plan.inventory, facts: StepFacts())
      let now = try await action.look(
        with: world.makeObserver(), within: try step.duration(step.timeout),
        time: surroundings.time, lay: { $0 })
      guard let before = recorded.before[step.id]?.observation,
        let undos = (action as? any ActingAction)?.undo(
          restoring: before, from: now.observation)
      else { throw Self.notExact(step, recorded) }
      let planned = try Self.planned(undos, of: step, catalogue, after: steps.last)
      do { try Self.requireMakeable(planned, of: recorded.plan, catalogue) } catch let error
        as ActionError
      {
        throw Self.notExact(step, recorded, because: error.message)
      }
      steps += planned
    }
    guard steps.count > 1 else { throw Self.nothingDone(recorded) }
    plan = Self.plan(steps, undoing: recorded.plan, of: "the run \(recorded.id)")
    aborts = AbortsRecord(
      run: recorded.id, firstIntent: firstIntent, lastEntry: recorded.lastEntry)
  }

  // MARK: - Steps

  /// One approval for the whole, signed where any of the steps that are undone had to be.
  private static func gateStep(
    undoing steps: [PlannedStep], of recorded: RecordedRun, action: String
  ) -> PlannedStep {
    let names = steps.map(\.id).joined(separator: ", ")
    var arguments: [String: PlannedValue] = [
      "prompt": .value(
        .string("Undo \(names) of \(recorded.id)? It can't be resumed once that has begun."))
    ]
    if steps.contains(where: { $0.approval?.signed == true }) {
      arguments["signed"] = .value(true)
    }
    return PlannedStep(
      id: gate, name: "Have people agree to undo it", action: action, target: nil,
      arguments: arguments, timeout: "1d")
  }

  /// - Parameter run: as people read it.
  static func plan(_ steps: [PlannedStep], undoing plan: Plan, of run: String) -> Plan {
    Plan(
      runbook: "abort-of-\(plan.runbook)", description: "Undo what \(run) has done.",
      runType: .failback, objectives: Objectives(), parameters: [:], prechecks: [], steps: steps,
      inventory: plan.inventory)
  }

  /// The steps that undo one, each after the one before it.
  static func planned(
    _ undos: [UndoStep], of step: PlannedStep, _ catalogue: ActionCatalogue,
    after last: PlannedStep?
  ) throws -> [PlannedStep] {
    var previous = last?.id
    return try undos.enumerated().map { place, undo in
      guard let type = catalogue[undo.action] else {
        throw EngineError("action.unknown", "there is no action '\(undo.action)'")
      }
      let planned = PlannedStep(
        // No id of a runbook has a full stop in it.
        id: "undo-\(step.id)" + (place == 0 ? "" : ".\(place + 1)"),
        name: "Undo: \(step.name)", action: undo.action, target: undo.target,
        arguments: undo.arguments.mapValues { .value($0) }, depends: previous.map { [$0] } ?? [],
        timeout: try longer(step, type.schema.defaultTimeout))
      previous = planned.id
      return planned
    }
  }

  /// Throws `ActionError` for a step that isn't one.
  private static func requireMakeable(
    _ steps: [PlannedStep], of plan: Plan, _ catalogue: ActionCatalogue
  ) throws {
    for step in steps {
      _ = try step.makeAction(from: catalogue, inventory: plan.inventory, facts: StepFacts())
    }
  }

  /// Who gave a step more time had a reason, and it may be one for taking it back too.
  private static func longer(_ step: PlannedStep, _ usual: Duration) throws -> String {
    try step.duration(step.timeout) > usual ? step.timeout : usual.runbookText
  }

  // MARK: - Refusals

  private static func pastNoReturn(
    _ step: PlannedStep, _ recorded: RecordedRun, _ catalogue: ActionCatalogue
  ) -> EngineError {
    var why = ""
    if case .inexact(let reason)? = step.undoability(catalogue, recorded.plan.inventory) {
      why = ": \(reason)"
    }
    return EngineError(
      "abort.no_return",
      "\(recorded.id) is past the point of no return: \(step.id) has begun to act\(why)",
      advice:
        "go on: 'lifeboat resume \(recorded.id)'. Once it is done, a runbook leads back: a failback, or a "
        + "switchover with the sites exchanged")
  }

  private static func notExact(
    _ step: PlannedStep, _ recorded: RecordedRun, because why: String? = nil
  ) -> EngineError {
    EngineError(
      "abort.not_exact",
      "\(step.id) can't be undone exactly: "
        + (why
          ?? "entry \(recorded.before[step.id]?.entry ?? 0) holds how things were when it began"),
      advice: "go on: 'lifeboat resume \(recorded.id)'; or take it back by a runbook of your own")
  }

  private static func nothingDone(_ recorded: RecordedRun) -> EngineError {
    EngineError(
      "abort.nothing_done", "\(recorded.id) has changed nothing: there is nothing to undo",
      advice: recorded.hasBegunSteps
        ? "leave it as it is. Where somebody vouched that a scheduler is down, its site has lost its permit: "
          + "'lifeboat permit --site SITE' says so, 'lifeboat permit grant' gives it back"
        : "leave it as it is")
  }
}

extension RecordedRun {
  /// Throws `EngineError` for a run of which nothing is to be undone, whatever it has done.
  fileprivate func requireAbortable() throws {
    guard started.type == .execution else {
      throw EngineError(
        "run.not_an_execution", "\(id) is a rehearsal: there is nothing to undo")
    }
    if let aborts = started.aborts {
      throw EngineError(
        "abort.of_abort", "\(id) itself undoes \(aborts.run)",
        advice: "'lifeboat resume \(id)' goes on with it")
    }
    try requireNotAborted()
    if let ended, !ended.resumable {
      throw EngineError(
        "run.ended", "\(id) has ended (\(ended.ending.rawValue)): there is nothing to abort",
        advice: ended.ending == .done
          ? "a run that is done is taken back by a runbook: a failback, or a switchover with the sites exchanged"
          : "it changed nothing")
    }
  }

  /// Throws `EngineError` when another run has begun to undo this one.
  public func requireNotAborted() throws {
    guard let aborted else { return }
    throw EngineError(
      "run.aborted", "\(id) is being undone, or was, by \(aborted.by)",
      advice: "'lifeboat explain \(aborted.by)' says where that stands")
  }
}

extension PlannedStep {
  fileprivate func isPointOfNoReturn(_ catalogue: ActionCatalogue, _ inventory: Inventory) -> Bool {
    if case .inexact? = undoability(catalogue, inventory) { true } else { false }
  }
}
