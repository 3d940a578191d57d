public import Journal
public import Runbook

/// The real run minus `act`: the same plan, the same probes, the same judgements, each step judged in the world as the
/// steps before it would leave it. It is given a world without operators, so it can't change anything.
public struct Rehearsal: Sendable {
  let surroundings: Surroundings
  let world: any ObservableWorld
  /// Whether probe files may be written, by `--allow-probe-files`: the only thing that a rehearsal may ever write.
  let allowsProbeFiles: Bool
  let loss: AssumedLoss?

  /// - Parameter loss: sites that are taken for lost; nothing there is asked.
  public init(
    surroundings: Surroundings, world: any ObservableWorld, allowsProbeFiles: Bool = false,
    assuming loss: AssumedLoss? = nil
  ) {
    self.surroundings = surroundings
    self.world = loss.map { WorldAfterLoss(base: world, loss: $0) } ?? world
    self.allowsProbeFiles = allowsProbeFiles
    self.loss = loss
  }

  /// Rehearses a plan, and keeps what it found in the journal under `run`.
  public func rehearse(
    _ plan: Plan, as run: String, from origin: RunOrigin
  ) async throws -> RunEnded {
    let recorder = Recorder(
      journal: surroundings.journal, run: run, planDigest: try plan.digest(), lease: nil,
      time: surroundings.time,
      watch: surroundings.watch)
    try await recorder.record(try RunStarted(.rehearsal, plan, origin, surroundings, by: recorder))
    if let loss { try await recorder.record(LostSiteAssumed(sites: loss.sites)) }
    var course = Course()
    for step in plan.prechecks { try await judge(precheck: step, plan, recorder, &course) }
    for steps in plan.steps.together {
      let judgements = try await judge(steps, plan, recorder, course)
      for (step, judgement) in zip(steps, judgements) {
        try await keep(judgement, of: step, recorder, &course)
      }
    }
    var ended = course.ended(planned: plan)
    if let loss {
      try await recorder.record(try await pointers(at: loss, in: plan, recorder, after: course))
      ended.message += "; assumed and not seen: \(loss.spoken) is lost"
    }
    try await recorder.record(ended)
    return ended
  }

  private func judge(
    precheck step: PlannedStep, _ plan: Plan, _ recorder: Recorder, _ course: inout Course
  ) async throws {
    let sight = try await look(at: step, plan, recorder, course).sight
    try await recorder.record(
      PrecheckJudged(
        name: step.name, action: step.action, critical: step.isCritical,
        verdict: VerdictRecord(sight.verdict),
        observation: sight.observation.records(at: surroundings.time.now())),
      step: step.id)
    course.take(precheck: step, sight)
  }

  /// The hosts of a fan-out are looked at side by side: none of them depends on another.
  private func judge(
    _ steps: [PlannedStep], _ plan: Plan, _ recorder: Recorder, _ course: Course
  ) async throws -> [Judgement] {
    try await withThrowingTaskGroup(of: (Int, Judgement).self) { group in
      var judgements = [Judgement?](repeating: nil, count: steps.count)
      let limit = steps.first?.fanOut?.maxParallel ?? 1
      for (index, step) in steps.enumerated() {
        if index >= limit, let (done, judgement) = try await group.next() {
          judgements[done] = judgement
        }
        group.addTask { (index, try await judge(step, plan, recorder, course)) }
      }
      for try await (done, judgement) in group { judgements[done] = judgement }
      return judgements.compactMap(\.self)
    }
  }

  private func judge(
    _ step: PlannedStep, _ plan: Plan, _ recorder: Recorder, _ course: Course
  ) async throws -> Judgement {
    do {
      if let condition = step.when, !(try condition.holds(course.facts.value(of:))) {
        return Judgement(
          outcome: .wouldSkip, message: "'\(condition.text)' does not hold", basis: course.basis)
      }
      let (action, sight) = try await look(at: step, plan, recorder, course)
      return Judgement(of: step, action, sight, basis: course.basis(of: sight))
    } catch let error as ActionError {
      // A value that an earlier step will only have at run time.
      return Judgement(outcome: .unknown, message: error.description, basis: course.basis)
    }
  }

  private func keep(
    _ judgement: Judgement, of step: PlannedStep, _ recorder: Recorder, _ course: inout Course
  ) async throws {
    let moment = surroundings.time.now()
    try await recorder.record(
      StepRehearsed(
        name: step.name, action: step.action, target: step.target?.description,
        outcome: judgement.outcome, basis: judgement.basis, message: judgement.message,
        observation: judgement.observation.records(at: moment), guards: judgement.guards,
        predicted: judgement.predicted?.records(at: moment), behind: course.blockedBy),
      step: step.id)
    course.take(step, judgement)
  }

  /// What one look gives; gates are not looked at.
  func look(
    at step: PlannedStep, _ plan: Plan, _ recorder: Recorder, _ course: Course
  ) async throws -> (action: (any Action)?, sight: Sight) {
    let action: any Action
    do {
      action = try step.makeAction(
        from: surroundings.catalogue, inventory: plan.inventory, facts: course.facts)
    } catch let error as ActionError where error.code != "step.reference_unknown" {
      return (nil, Sight(observation: Observation(), verdict: .unknown(error.description)))
    }
    if action is any GateAction {
      return (action, Sight(observation: Observation(), verdict: .needed("would ask")))
    }
    let sight = try await action.look(
      with: world.makeObserver(), within: try step.duration(step.timeout), time: surroundings.time
    ) { $0.overlaid(with: course.predictions) }
    guard allowsProbeFiles, !sight.verdict.isSatisfied,
      let provable = action as? any ProvableByProbeFiles
    else { return (action, sight) }
    return (action, try await prove(provable, step, recorder, seen: sight))
  }

  /// The proof that takes writing, with its beginning and its clean-up in the journal.
  private func prove(
    _ action: any ProvableByProbeFiles, _ step: PlannedStep, _ recorder: Recorder, seen: Sight
  ) async throws -> Sight {
    let token = "\(recorder.run)-\(step.id)"
    try await recorder.record(ProbeFilesPlanned(token: token), step: step.id)
    do {
      let deadline = Deadline(in: try step.duration(step.timeout), time: surroundings.time)
      let observation = try await deadline.run {
        try await action.prove(
          world.makeProbeFileWriter(token: token), observer: world.makeObserver())
      }
      guard let observation else {
        try Task.checkCancellation()
        return Sight(
          observation: seen.observation,
          verdict: .unknown(
            "proving took longer than \(deadline.limit.runbookText); probe files of \(token) may be left"
          ))
      }
      try await recorder.record(ProbeFilesRemoved(token: token), step: step.id)
      return Sight(observation: observation, verdict: action.judge(observation))
    } catch let error as ActionError {
      return Sight(observation: seen.observation, verdict: .unknown(error.description))
    }
  }
}

extension [PlannedStep] {
  /// The steps in order, those of one fan-out together.
  fileprivate var together: [[PlannedStep]] {
    var result: [[PlannedStep]] = []
    for step in self {
      if step.fanOut != nil, result.last?.first?.fanOut == step.fanOut {
        result[result.count - 1].append(step)
      } else {
        result.append([step])
      }
    }
    return result
  }
}
