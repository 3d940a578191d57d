public import Journal
public import Runbook

/// What a run is given: everything outside the engine comes through here.
public struct Surroundings: Sendable {
  public let catalogue: ActionCatalogue
  public let journal: Journal
  public let time: any TimeSource
  public let person: PersonRecord
  public let version: String
  /// Called with each entry once it is durable.
  public let watch: @Sendable (Entry) -> Void

  public init(
    catalogue: ActionCatalogue, journal: Journal, time: any TimeSource, person: PersonRecord,
    version: String, watch: @escaping @Sendable (Entry) -> Void = { _ in }
  ) {
    self.catalogue = catalogue
    self.journal = journal
    self.time = time
    self.person = person
    self.version = version
    self.watch = watch
  }
}

/// What the steps of one execution share.
struct RunContext: Sendable {
  let plan: Plan
  let catalogue: ActionCatalogue
  let world: any OperableWorld
  let recorder: Recorder
  let gates: GateKeeper
  let fences: Fences
  let board: Board
  let crashes: CrashPlan
  /// Of a run that undoes another one: the mark on that.
  let abortMark: AbortMark?

  var time: any TimeSource { recorder.time }

  /// Where prechecks and steps will go. A fan-out has its own measure of how many hosts at once; what depends on earlier
  /// steps can't be told yet.
  var destinations: [Destination] {
    let steps = (plan.prechecks + plan.steps).filter { $0.fanOut == nil && $0.references.isEmpty }
    let all = steps.flatMap { step -> [Destination] in
      let action = try? step.makeAction(
        from: catalogue, inventory: plan.inventory, facts: StepFacts())
      return action?.destinations ?? []
    }
    var seen: Set<Destination> = []
    return all.filter { seen.insert($0).inserted }
  }

  /// What was seen, with what people and fences say of targets that can't be asked.
  func fill(_ seen: Observation) async throws -> Observation {
    try await fences.fill(try await gates.fill(seen))
  }
}

/// What the steps of a run have seen and how they ended: where references to earlier steps are looked up.
actor Board {
  private var observations: [String: Observation]
  private var outcomes: [String: StepEnded.Outcome]
  private var predictions: [String: CheckedPrediction]
  /// By fan-out: the hosts that did not get through.
  private var failures: [String: Int] = [:]

  init(
    observations: [String: Observation] = [:], outcomes: [String: StepEnded.Outcome] = [:],
    predictions: [String: CheckedPrediction] = [:]
  ) {
    self.observations = observations
    self.outcomes = outcomes
    self.predictions = predictions
  }

  func keep(_ prediction: CheckedPrediction?, of step: String) {
    if let prediction { predictions[step] = prediction }
  }

  /// Nil when nothing was predicted.
  func tally(of plan: Plan) -> PredictionTally? {
    let checked = plan.steps.compactMap { step in predictions[step.id].map { (step, $0) } }
    let count = checked.reduce(0) { $0 + $1.1.count }
    guard count > 0 else { return nil }
    return PredictionTally(
      predicted: count,
      missed: checked.flatMap { step, prediction in
        prediction.misses.map { .init(step: step.id, action: step.action, $0) }
      })
  }

  func keep(_ outcome: StepEnded.Outcome, _ observation: Observation, of step: String) {
    outcomes[step] = outcome
    observations[step] = observation.completed(from: observations[step])
  }

  /// Counts a host that did not get through; whether the fan-out tolerates it.
  func tolerates(failureIn fanOut: FanOut) -> Bool {
    failures[fanOut.step, default: 0] += 1
    return failures[fanOut.step, default: 0] <= fanOut.maxFailed
  }

  var counts: [String: Int] {
    Dictionary(outcomes.values.map { ($0.rawValue, 1) }, uniquingKeysWith: +)
  }

  /// What is known of these steps, for resolving a step's values in one go.
  func facts(of steps: Set<String>) -> StepFacts {
    guard !steps.isEmpty else { return StepFacts() }
    return StepFacts(
      observations: observations.filter { steps.contains($0.key) },
      outcomes: outcomes.filter { steps.contains($0.key) }.mapValues(\.rawValue))
  }
}

extension Observation {
  /// This observation, and what was seen before where nothing can be seen now: a step that is done stays what later
  /// steps refer to when its target goes dark.
  func completed(from earlier: Observation?) -> Observation {
    var result = earlier ?? Observation()
    for fact in facts where fact.reading.value != nil || result[fact.key] == nil {
      result.state(fact)
    }
    return result
  }
}

/// Answers `${steps.ID.PROPERTY}`.
struct StepFacts: Sendable {
  var observations: [String: Observation] = [:]
  var outcomes: [String: String] = [:]

  func value(of reference: StepReference) throws -> Value {
    if reference.property == "outcome", let outcome = outcomes[reference.step] {
      return .string(outcome)
    }
    let facts = observations[reference.step]?.facts ?? []
    guard
      let value = facts.first(where: {
        $0.key.property == reference.property && $0.reading.value != nil
      })?.reading.value
    else {
      throw ActionError(
        "step.reference_unknown", "\(reference) has no value: that step saw no such fact")
    }
    return value
  }
}

extension PlannedStep {
  /// The earlier steps that its values and its condition refer to.
  var references: Set<String> {
    let values =
      Array(arguments.values) + (when?.comparisons ?? []).flatMap { [$0.left, $0.right] }
    return Set(values.flatMap(\.references).map(\.step))
  }

  /// The action, with every value known. Throws `ActionError`.
  func makeAction(
    from catalogue: ActionCatalogue, inventory: Inventory, facts: StepFacts
  ) throws -> any Action {
    guard let type = catalogue[action] else {
      throw ActionError("action.unknown", "there is no action '\(action)'")
    }
    let values = try arguments.mapValues { try $0.resolved(facts.value(of:)) }
    return try type.init(
      Arguments(step: id, values: values, target: target, inventory: inventory))
  }

  /// A plan's durations were checked when it was made; what isn't one any more came out of a damaged journal.
  func duration(_ text: String) throws -> Duration {
    guard let duration = Duration(runbook: text) else {
      throw EngineError("plan.duration", "step \(id): '\(text)' is no duration")
    }
    return duration
  }
}
