import Journal
import Runbook

/// One step of an execution: from its condition and gates to its verified end.
struct StepExecution: Sendable {
  let step: PlannedStep
  let place: Int
  let context: RunContext
  /// What the journal says of an earlier try, when the run was resumed.
  let progress: RecordedProgress
  let recordedOutcome: StepEnded.Outcome?
  let recordedAttempts: Int
  /// What the last of them had said would hold afterwards.
  let recordedPrediction: Observation?

  /// Runs the step, and writes down how it ended before it returns.
  func run() async throws -> StepEnding {
    try await context.recorder.record(
      StepStarted(
        name: step.name, action: step.action, target: step.target?.description, place: place,
        count: context.plan.steps.count),
      step: step.id)
    context.crashes.reach(.stepStarted, step: step.id)
    var ending: StepEnding
    do {
      ending = try await perform()
    } catch let error as ActionError {
      ending = .failed(
        Sight(observation: Observation(), verdict: .unknown(error.message)), FailureRecord(error))
    }
    ending.findMisses(
      of: step.action,
      FactMotion(catalogue: context.catalogue, inventory: context.plan.inventory))
    let isTolerated = await tolerates(ending)
    if isTolerated { ending.ending = nil }
    context.crashes.reach(.beforeOutcome, step: step.id)
    try await write(ending, isTolerated: isTolerated)
    context.crashes.reach(.afterOutcome, step: step.id)
    return ending
  }

  /// Of a fan-out also what is in doubt or was refused is one host among several.
  private func tolerates(_ ending: StepEnding) async -> Bool {
    switch ending.ending {
    case .failed where step.onError == .continue: return true
    case .failed, .inDoubt, .refused:
      guard let fanOut = step.fanOut else { return false }
      return await context.board.tolerates(failureIn: fanOut)
    default: return false
    }
  }

  private func write(_ ending: StepEnding, isTolerated: Bool) async throws {
    await context.board.keep(ending.outcome, ending.observation, of: step.id)
    await context.board.keep(ending.checkedPrediction, of: step.id)
    try await context.recorder.record(
      StepEnded(
        outcome: ending.outcome, message: ending.message,
        observation: ending.observation.records(at: context.time.now()),
        failure: ending.failure, guards: ending.guards, misses: ending.misses,
        tolerated: isTolerated),
      step: step.id)
  }

  private func perform() async throws -> StepEnding {
    let facts = await context.board.facts(of: step.references)
    // A step that was begun is recovered, whatever its condition says by now.
    if progress == .nothing, let condition = step.when,
      !(try condition.holds(facts.value(of:)))
    {
      return StepEnding(outcome: .skipped, message: "'\(condition.text)' does not hold")
    }
    let action = try step.makeAction(
      from: context.catalogue, inventory: context.plan.inventory, facts: facts)
    if let gate = action as? any GateAction { return try await pass(gate) }

    let work = StepWork(
      step: step, action: action, context: context, timeout: try step.duration(step.timeout),
      attemptsBefore: recordedAttempts)
    var sight = try await work.look()
    if let question = work.attestation(for: sight) {
      if let stop = try await ask(question) { return stop.seeing(sight) }
      sight = try await work.look()
    }
    let ending = try await recover(from: sight, with: work)
    if ending.isSatisfied {
      await context.fences.keep(action, of: step.id, timeout: work.timeout)
    }
    return ending
  }

  /// The recovery table's decision, carried out. In a fresh run it is always `start`.
  private func recover(from sight: Sight, with work: StepWork) async throws -> StepEnding {
    switch RecoveryTable.decide(
      recorded: progress, verdict: sight.verdict, isRepeatable: work.isRepeatable)
    {
    case .start, .redo:
      // People are asked only where something would be done.
      return try await work.bringAbout(from: sight, asking: ask)
    case .skip:
      return .done(recordedOutcome ?? .ok, sight)
    case .conclude:
      return concluded(sight)
    case .await:
      let last = try await work.awaitEffect()
      return last.verdict.isSatisfied ? concluded(last) : try await settle(last, with: work)
    case .ask:
      return try await settle(sight, with: work)
    }
  }

  /// A try before this runner's time took effect.
  private func concluded(_ sight: Sight) -> StepEnding {
    var ending = StepEnding.done(.changed, sight)
    ending.predicted = recordedPrediction
    return ending
  }

  /// A step that was begun, may not be repeated unasked, and isn't done. Whoever has looked may say that it is to be done
  /// again; the answer is for this try alone.
  private func settle(_ sight: Sight, with work: StepWork) async throws -> StepEnding {
    let doubt =
      "try \(recordedAttempts) of \(step.id) was begun, and it can't be told how far it came"
    if case .needed(let what) = sight.verdict {
      let question = Question(
        .redo,
        prompt: "\(doubt). It is not done: \(what). Have you looked, and may it be done again?")
      let demanded = step.approval?.signed == true ? question.signed : question
      if case .granted = try await context.gates.ask(demanded, step: step.id) {
        return try await work.bringAbout(from: try await work.look(), asking: ask)
      }
    }
    return .inDoubt(
      sight,
      FailureRecord(
        code: "step.in_doubt", message: "\(doubt): \(sight.verdict.explanation)",
        advice:
          "look at the target; finish the step by hand and resume the run, or, where nothing of it was "
          + "done, resume it with \(Question.Kind.redo.option) \(step.id)=\"WHAT YOU SAW\""))
  }

  private func pass(_ gate: any GateAction) async throws -> StepEnding {
    if let stop = try await ask(gate.question) { return stop }
    return StepEnding(
      outcome: .ok, message: gate.question.kind == .approval ? "approved" : "vouched for")
  }

  /// Nil when it was granted. A fan-out is approved as a whole; all else is asked of the one host.
  private func ask(_ question: Question) async throws -> StepEnding? {
    let asker = question.kind == .approval ? step.runbookID : step.id
    // Where the approval must be signed, no other answer of the step gets round that.
    let question = step.approval?.signed == true ? question.signed : question
    switch try await context.gates.ask(question, step: asker) {
    case .granted:
      return nil
    case .refused(let words):
      return StepEnding(
        outcome: .failed, message: "a person said no: \(words)",
        failure: FailureRecord(
          code: "gate.refused", message: "a person said no: \(words)",
          advice: "resume the run when the answer is yes"),
        ending: .refused)
    case .open(let missing, let why):
      let people = missing == 1 ? "a person" : "\(missing) people"
      return .waiting(
        "waits for \(people) to answer" + (why.map { ": \($0)" } ?? ""),
        advice:
          "lifeboat resume \(context.recorder.run) \(question.kind.option) \(asker)=\"YOUR WORDS\""
          + (question.isSigned ? " --signing-key KEY" : ""))
    }
  }
}
