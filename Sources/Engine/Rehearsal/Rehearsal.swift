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
    try await rehearseToSave(plan, as: run, from: origin).ended
  }

  /// As `rehearse`; beside the rehearsal's end it returns the plan with all that was seen.
  public func rehearseToSave(
    _ plan: Plan, as run: String, from origin: RunOrigin
  ) async throws -> (ended: RunEnded, plan: SavedPlan) {
    let recorder = Recorder(
      journal: surroundings.journal, run: run, planDigest: try plan.digest(), lease: nil,
      time: surroundings.time,
      watch: surroundings.watch)
    let began = Timestamp(surroundings.time.now())
    let started = try RunStarted(.rehearsal, plan, origin, surroundings, by: recorder)
    try await recorder.record(started)
    if let loss { try await recorder.record(LostSiteAssumed(sites: loss.sites)) }
    var seen: [SeenStep] = []
    let course = try await walk(recorder).go(
      through: plan,
      Walk.Keeper(
        precheck: { step, sight, glance in
          try await keep(sight, of: step, recorder)
          seen.append(SeenStep(precheck: step, glance, at: surroundings.time.now()))
        },
        step: { step, judgement, course in
          try await keep(judgement, of: step, recorder, course)
          seen.append(SeenStep(step, judgement, at: surroundings.time.now()))
        }))
    var ended = course.ended(planned: plan)
    if let loss {
      try await recorder.record(try await pointers(at: loss, in: plan, after: course))
      ended.message += "; assumed and not seen: \(loss.spoken) is lost"
    }
    ended = origin.proof?.refusing(ended) ?? ended
    try await recorder.record(ended)
    let saved = try SavedPlan(
      run: run, started, at: began, seen, ended, surroundings.journal)
    return (ended, saved)
  }

  /// The way through a plan, with the proofs that take writing where they are allowed.
  func walk(_ recorder: Recorder) -> Walk {
    var walk = Walk(surroundings: surroundings, world: world)
    if allowsProbeFiles { walk.prove = { try await prove($0, $1, recorder, seen: $2) } }
    return walk
  }

  private func keep(_ sight: Sight, of step: PlannedStep, _ recorder: Recorder) async throws {
    try await recorder.record(
      PrecheckJudged(
        name: step.name, action: step.action, critical: step.isCritical,
        verdict: VerdictRecord(sight.verdict),
        observation: sight.observation.records(at: surroundings.time.now())),
      step: step.id)
  }

  private func keep(
    _ judgement: Judgement, of step: PlannedStep, _ recorder: Recorder, _ course: Course
  ) async throws {
    let moment = surroundings.time.now()
    try await recorder.record(
      StepRehearsed(
        name: step.name, action: step.action, target: step.target?.description,
        outcome: judgement.outcome, basis: judgement.basis, message: judgement.message,
        observation: judgement.observation.records(at: moment), guards: judgement.guards,
        predicted: judgement.predicted?.records(at: moment), behind: course.blockedBy,
        operations: judgement.operations?.map(OperationRecord.init)),
      step: step.id)
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
