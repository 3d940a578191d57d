public import Journal
public import Runbook

/// Executes plans, and resumes executions. Nothing else in Lifeboat makes an `Operator`.
public struct Executor: Sendable {
  /// How long a lease lasts without being renewed. Only a runner on another machine, whose life can't be looked up, is
  /// waited for that long.
  static let leaseLifetime = Duration.seconds(60)

  let surroundings: Surroundings
  let world: any OperableWorld
  let answers: any GateAnswers
  let signatures: any GateSignatures
  let control: RunControl
  let crashes: CrashPlan

  public init(
    surroundings: Surroundings, world: any OperableWorld, answers: any GateAnswers,
    signatures: any GateSignatures = NoSignatures(), control: RunControl = RunControl(),
    crashes: CrashPlan = .none
  ) {
    self.surroundings = surroundings
    self.world = world
    self.answers = answers
    self.signatures = signatures
    self.control = control
    self.crashes = crashes
  }

  /// Executes a plan under a new run; of a saved one, the world is first compared with what its rehearsal saw. Throws
  /// `JournalError` when another runner holds the lease on one of the plan's sites, and `EngineError` when what the plan is
  /// to undo isn't as it was: nothing was done then.
  public func execute(
    _ plan: Plan, as run: String, from origin: RunOrigin
  ) async throws -> RunEnded {
    try origin.savedPlan?.saved.requireSame(plan)
    return try await underLease(run: run, plan) { recorder in
      let mark = try await abortMark(on: origin.aborts, plan, recorder)
      // In the first entry, so that no run can go on that has not been compared.
      let comparison = try await origin.savedPlan?.compare(plan, with: surroundings, in: world)
      try await recorder.record(
        try RunStarted(
          .execution, plan, origin, surroundings, savedPlan: comparison, by: recorder))
      crashes.reach(.runStarted)
      if let refusal = origin.proof?.refusal ?? comparison?.refusal {
        return try await end(refusal, recorder)
      }
      return try await perform(
        plan, recorder: recorder, recorded: nil, accepted: origin.accepted, mark)
    }
  }

  /// Goes on with a run. `plan` is the runbook as it is now; it must be what the run began with.
  public func resume(_ recorded: RecordedRun, with plan: Plan) async throws -> RunEnded {
    try requireResumable(recorded)
    try plan.requireSame(asRecorded: recorded.plan)
    return try await underLease(run: recorded.id, plan) { recorder in
      // What the journal holds now that nobody else can write: the run may have moved on since it was read.
      let current = try await RecordedRun.read(recorded.id, from: surroundings.journal)
      try requireResumable(current)
      let mark = try await abortMark(on: current.started.aborts, plan, recorder)
      try await recorder.record(
        RunResumed(
          planDigest: current.started.planDigest, person: surroundings.person,
          version: surroundings.version,
          takenOverFrom: recorder.takenOverFrom))
      crashes.reach(.runStarted)
      if let refusal = current.started.proof?.refusal ?? current.started.savedPlan?.refusal {
        return try await end(refusal, recorder)
      }
      return try await perform(
        plan, recorder: recorder, recorded: current, accepted: current.started.acceptedPrechecks,
        mark)
    }
  }

  /// Nobody else can write by now: what holds here holds until the mark is made.
  private func abortMark(
    on aborts: AbortsRecord?, _ plan: Plan, _ recorder: Recorder
  ) async throws -> AbortMark? {
    guard let aborts else { return nil }
    let isMade = try await aborts.requireUnmoved(
      in: surroundings.journal, sites: plan.sites, undoneBy: recorder.run)
    return AbortMark(recorder, on: aborts.run, by: surroundings.person, isMade: isMade)
  }

  private func requireResumable(_ recorded: RecordedRun) throws {
    guard recorded.started.type == .execution else {
      throw EngineError(
        "run.not_an_execution", "\(recorded.id) is a rehearsal: there is nothing to resume",
        advice: "'lifeboat execute' begins a run")
    }
    try recorded.requireNotAborted()
    if let ended = recorded.ended, !ended.resumable {
      throw EngineError(
        "run.ended",
        "\(recorded.id) has ended (\(ended.ending.rawValue)): there is nothing to resume",
        advice: "'lifeboat audit show \(recorded.id)' shows it")
    }
  }

  /// The whole run, in order.
  private func perform(
    _ plan: Plan, recorder: Recorder, recorded: RecordedRun?, accepted: [String: String],
    _ mark: AbortMark?
  ) async throws -> RunEnded {
    let context = makeContext(plan, recorder: recorder, recorded: recorded, mark)
    // Nobody waits for it: a step that comes sooner waits for the log-in that it needs, and the run's end ends the rest.
    async let _ = world.approach(context.destinations)
    do {
      try await context.gates.endOldAttestations()
      if recorded?.hasBegunSteps != true {
        let refusal = try await Prechecks(context: context, accepted: accepted).run()
        if let refusal { return try await end(refusal, context) }
      }
      let run = StepsRun(context: context, recorded: recorded, control: control)
      let ended = try await run.run()
      crashes.reach(.runBeforeEnd)
      return try await end(ended, context)
    } catch is CancellationError {
      return try await end(await interrupted(context), context)
    }
  }

  private func makeContext(
    _ plan: Plan, recorder: Recorder, recorded: RecordedRun?, _ mark: AbortMark?
  ) -> RunContext {
    RunContext(
      plan: plan, catalogue: surroundings.catalogue, world: world, recorder: recorder,
      gates: GateKeeper(
        recorder: recorder, answers: answers, person: surroundings.person,
        planDigest: recorder.planDigest, signatures: signatures,
        allowedSigners: plan.inventory.allowedSigners, kept: recorded?.answers ?? []),
      fences: Fences(world: world, time: surroundings.time),
      board: Board(
        observations: recorded?.observations ?? [:], outcomes: recorded?.outcomes ?? [:],
        predictions: recorded?.predictions ?? [:]),
      crashes: crashes, abortMark: mark)
  }

  private func end(_ ended: RunEnded, _ context: RunContext) async throws -> RunEnded {
    var ended = ended
    ended.predictions = await context.board.tally(of: context.plan)
    return try await end(ended, context.recorder)
  }

  private func end(_ ended: RunEnded, _ recorder: Recorder) async throws -> RunEnded {
    // The task may have been cancelled: a store commits all the same, so that it stopped is written down.
    try await recorder.record(ended)
    crashes.reach(.runAfterEnd)
    return ended
  }

  private func interrupted(_ context: RunContext) async -> RunEnded {
    RunEnded(
      ending: .interrupted, message: "stopped at once, as asked; what was being done is in doubt",
      advice: "'lifeboat resume \(context.recorder.run)' looks before it does anything",
      resumable: true, outcomes: await context.board.counts)
  }
}
