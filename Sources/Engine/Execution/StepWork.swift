import Journal
import Runbook

/// The part of a step that looks and acts: guards, intent, act, and probing until it is so.
struct StepWork: Sendable {
  let step: PlannedStep
  let action: any Action
  let context: RunContext
  /// For one try: acting and verifying. Gates don't count.
  let timeout: Duration
  let attemptsBefore: Int

  var isRepeatable: Bool { (action as? any ActingAction)?.isRepeatable ?? true }

  func look() async throws -> Sight {
    try await action.look(
      with: context.world.makeObserver(), within: timeout, time: context.time
    ) { try await context.fill($0) }
  }

  /// What a person has to vouch for because its target can't be asked; nil when there is nothing.
  func attestation(for sight: Sight) -> Question? {
    let facts = step.factsToVouchFor(action, sight)
    guard !facts.isEmpty else { return nil }
    let target = step.target?.description ?? step.name
    return Question(
      .attest,
      prompt: "\(target) can't be asked. Do you vouch for this: "
        + "\(Observation(facts).claims(under: target))?",
      facts: facts)
  }

  /// From a fresh sight to the step's end: nothing to do, a failure, or acting until it is so. `ask` puts a question to
  /// people before each act that needs one, and answers at once what was granted before; nil means go on.
  func bringAbout(
    from first: Sight, asking ask: (Question) async throws -> StepEnding?
  ) async throws -> StepEnding {
    var sight = first
    var tries = Tries(step.retry)
    var looksInVain = 0
    var hasActed = false
    while true {
      if let stop = try await getLeave(toActOn: &sight, asking: ask) { return stop.seeing(sight) }
      if hasActed, sight.verdict.isSatisfied { return .done(.changed, sight) }
      if hasActed, case .unknown(let why) = sight.verdict { return .actedAndDark(sight, why) }
      let ending = try await attempt(from: sight, number: attemptsBefore + tries.count)
      hasActed = hasActed || ending.hasActed
      if ending.isTooLate, looksInVain < Self.looksInVain {
        looksInVain += 1
        sight = try await look()
        continue
      }
      guard ending.mayRetry, try await tries.waitForNext(context.time) else {
        return ending.result
      }
      sight = try await look()
    }
  }

  /// The step's own approval, and then what the action wants consent for. While people think the world may move: it is
  /// looked at again after each answer, and another question may then be the right one.
  private func getLeave(
    toActOn sight: inout Sight, asking ask: (Question) async throws -> StepEnding?
  ) async throws -> StepEnding? {
    if case .needed = sight.verdict, let approval = step.approval {
      let question = Question(.approval, prompt: approval.prompt, required: approval.required)
      if let stop = try await ask(question) { return stop }
      sight = try await look()
    }
    var granted: Question?
    while case .needed = sight.verdict, let question = action.consentQuestion(for: sight),
      question != granted
    {
      if let stop = try await ask(question) { return stop }
      granted = question
      sight = try await look()
    }
    return nil
  }

  /// How one try ended.
  private struct AttemptEnding {
    let result: StepEnding
    /// Nothing is in doubt, and trying again may help.
    var mayRetry = false
    var hasActed = false
    /// Nothing was done: too much time has passed since it was looked at.
    var isTooLate = false

    static func tooLate(_ sight: Sight) -> AttemptEnding {
      AttemptEnding(
        result: .failed(
          sight,
          FailureRecord(
            code: "step.seen_too_long_ago",
            message:
              "again and again more than \(Sight.lifetime.runbookText) pass between looking and acting",
            advice: "nothing was done: see what holds this machine or its disk up, and resume")),
        isTooLate: true)
    }
  }

  /// How often it is looked at again because too much time has passed.
  private static let looksInVain = 3

  private func isFresh(_ sight: Sight) -> Bool { sight.isFresh(at: context.time.uptime()) }

  private func attempt(from sight: Sight, number: Int) async throws -> AttemptEnding {
    let effect = type(of: action).schema.effect
    switch sight.verdict {
    case .satisfied:
      return AttemptEnding(result: .done(.ok, sight))
    case .blocked(let why):
      return AttemptEnding(
        result: .failed(sight, FailureRecord(code: "step.blocked", message: why)))
    case .unknown where effect == .waits:
      return AttemptEnding(result: try await wait())
    case .unknown(let why):
      return AttemptEnding(
        result: .failed(
          sight,
          FailureRecord(
            code: "step.unknown", message: why,
            advice: "nothing was done; resume when the target can be asked")),
        mayRetry: true)
    case .needed(let what):
      switch effect {
      case .changes: return try await act(on: sight, number: number)
      case .waits: return AttemptEnding(result: try await wait())
      case .checks, .asks:
        return AttemptEnding(
          result: .failed(sight, FailureRecord(code: "step.check_failed", message: what)),
          mayRetry: true)
      }
    }
  }

  // MARK: - Acting

  private func act(on sight: Sight, number: Int) async throws -> AttemptEnding {
    guard let acting = action as? any ActingAction else {
      throw EngineError(
        "action.cannot_act", "'\(step.action)' says that it changes something and can't act")
    }
    let check = GuardCheck(
      acting.guards, on: sight.observation, overridden: step.overriddenGuards)
    guard check.refusals.isEmpty else { return AttemptEnding(result: .refused(sight, check)) }
    guard isFresh(sight) else { return .tooLate(sight) }
    let predicted = acting.predict(sight.observation)
    try await writeIntent(sight, check, predicted, number: number)
    guard isFresh(sight) else { return .tooLate(sight) }
    let deadline = Deadline(in: timeout, time: context.time)
    let error = try await performAct(acting, sight, deadline, number: number)
    var ending = try await verify(after: error, until: deadline)
    ending.result.guards = check.records
    ending.result.predicted = predicted
    return AttemptEnding(result: ending.result, mayRetry: ending.mayRetry, hasActed: true)
  }

  private func writeIntent(
    _ sight: Sight, _ check: GuardCheck, _ predicted: Observation?, number: Int
  ) async throws {
    let moment = context.time.now()
    try await context.abortMark?.make()
    context.crashes.reach(.beforeIntent, step: step.id)
    try await context.recorder.record(
      StepIntent(
        attempt: number, verdict: VerdictRecord(sight.verdict),
        observation: sight.observation.records(at: moment), guards: check.records,
        predicted: predicted?.records(at: moment)),
      step: step.id)
    context.crashes.reach(.afterIntent, step: step.id)
  }

  /// Acts, writes down what `act` said, and returns the error, if there was one. A cancelled act is not written down:
  /// the intent stands alone, and resuming probes.
  private func performAct(
    _ acting: any ActingAction, _ sight: Sight, _ deadline: Deadline, number: Int
  ) async throws -> ActionError? {
    var evidence: Evidence?
    var failure: ActionError?
    let capability = makeOperator()
    do {
      evidence = try await deadline.run {
        try await acting.act(capability, given: sight.observation)
      }
      try Task.checkCancellation()
      if evidence == nil {
        failure = ActionError(
          "step.timed_out", "not done within \(timeout.runbookText)", kind: .inDoubt)
      }
    } catch let error as ActionError {
      try Task.checkCancellation()
      failure = error
    }
    context.crashes.reach(.afterAct, step: step.id)
    try await context.recorder.record(
      StepActed(
        attempt: number, evidence: evidence.map { JSON(.mapping($0.details)) },
        failure: failure.map(FailureRecord.init)),
      step: step.id)
    context.crashes.reach(.afterActed, step: step.id)
    return failure
  }

  private func makeOperator() -> any Operator {
    let capability = context.world.makeOperator(token: "\(context.recorder.run)-\(step.id)")
    return context.crashes.isWithinAct(of: step.id)
      ? CrashingOperator(capability, step: step.id, crashes: context.crashes) : capability
  }

  // MARK: - Verifying

  /// Only a probe says whether acting took effect, whatever `act` itself said.
  private func verify(
    after error: ActionError?, until deadline: Deadline
  ) async throws -> (result: StepEnding, mayRetry: Bool) {
    let sight = try await poll(until: error == nil ? deadline : nil)
    switch sight.verdict {
    case .satisfied:
      return (.done(.changed, sight), false)
    case .needed, .blocked:
      let failure =
        error.map(FailureRecord.init)
        ?? FailureRecord(
          code: "step.no_effect",
          message: "acted, and not so within \(timeout.runbookText): \(sight.verdict.explanation)")
      // What isn't there yet may still come, when the answer was lost or nobody knows why it is missing.
      if !isRepeatable, error?.kind != .failed, error?.kind != .unreachable {
        return (.inDoubt(sight, failure), false)
      }
      return (.failed(sight, failure), isRepeatable || error?.kind == .unreachable)
    case .unknown(let why):
      let message = error.map { "\($0.message), and afterwards it can't be told: \(why)" } ?? why
      return (
        .inDoubt(
          sight,
          FailureRecord(
            code: "step.in_doubt", message: message,
            advice: "resume the run when the target can be asked: it looks before it does anything")
        ),
        false
      )
    }
  }

  /// After a crash between acting and verifying: the effect may still be coming. What was seen last.
  func awaitEffect() async throws -> Sight {
    try await poll(until: Deadline(in: timeout, time: context.time))
  }

  private func wait() async throws -> StepEnding {
    let sight = try await poll(until: Deadline(in: timeout, time: context.time))
    switch sight.verdict {
    case .satisfied: return .done(.ok, sight)
    default:
      return .failed(
        sight,
        FailureRecord(
          code: "step.not_in_time",
          message: "not so within \(timeout.runbookText): \(sight.verdict.explanation)"))
    }
  }

  /// Looks until it is so, or the time is up; once when there is no deadline.
  private func poll(until deadline: Deadline?) async throws -> Sight {
    var pause = Duration.milliseconds(50)
    while true {
      let sight = try await look()
      guard let deadline, !sight.verdict.isSatisfied, !deadline.isOver else { return sight }
      try await context.time.sleep(for: min(pause, deadline.remaining))
      pause = min(pause * 2, .seconds(2))
    }
  }
}

extension PlannedStep {
  /// What a person would vouch for, where the step allows it and its target can't be asked: what would be so after it.
  func factsToVouchFor(_ action: any Action, _ sight: Sight) -> [Fact] {
    guard onUnreachable == .attest, case .unknown = sight.verdict else { return [] }
    let dark = Set(sight.observation.unreachable.map(\.key))
    return (action.predict(sight.observation)?.facts ?? []).filter { dark.contains($0.key) }
  }
}
