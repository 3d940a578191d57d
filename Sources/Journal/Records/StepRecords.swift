/// The run turned to a step.
public struct StepStarted: Record {
  public static let kind = "step.started"
  public let name: String
  public let action: String
  public let target: String?
  /// 1-based place in the plan, and how many steps there are.
  public let place: Int
  public let count: Int

  public init(name: String, action: String, target: String?, place: Int, count: Int) {
    self.name = name
    self.action = action
    self.target = target
    self.place = place
    self.count = count
  }
}

/// Written before acting: what was seen, what is about to be done, and that every guard held.
public struct StepIntent: Record {
  public static let kind = "step.intent"
  /// 1 for the first try.
  public let attempt: Int
  public let verdict: VerdictRecord
  public let observation: [FactRecord]
  public let guards: [GuardRecord]
  /// What the action says will hold afterwards; absent when it can't say.
  public let predicted: [FactRecord]?

  public init(
    attempt: Int, verdict: VerdictRecord, observation: [FactRecord], guards: [GuardRecord],
    predicted: [FactRecord]?
  ) {
    self.attempt = attempt
    self.verdict = verdict
    self.observation = observation
    self.guards = guards
    self.predicted = predicted
  }
}

/// `act` returned, or failed. Its word is evidence; what counts is the probe that follows.
public struct StepActed: Record {
  public static let kind = "step.acted"
  public let attempt: Int
  public let evidence: JSON?
  public let failure: FailureRecord?

  public init(attempt: Int, evidence: JSON?, failure: FailureRecord? = nil) {
    self.attempt = attempt
    self.evidence = evidence
    self.failure = failure
  }
}

/// How a step of an execution ended.
public struct StepEnded: Record {
  public static let kind = "step.ended"

  public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
    /// It was so already.
    case ok
    case changed
    /// Its `when` didn't hold.
    case skipped
    case failed
    case inDoubt = "in_doubt"
    /// A gate has not been answered yet, or the run was told to stop first: the step is still to be done.
    case waiting
  }

  /// A fact that came out otherwise than the action had predicted.
  public struct Miss: Sendable, Hashable, Codable {
    public let subject: String
    public let property: String
    public let predicted: JSON?
    public let observed: JSON?

    public init(subject: String, property: String, predicted: JSON?, observed: JSON?) {
      self.subject = subject
      self.property = property
      self.predicted = predicted
      self.observed = observed
    }
  }

  public let outcome: Outcome
  public let message: String
  public let observation: [FactRecord]
  public let failure: FailureRecord?
  public let guards: [GuardRecord]
  public let misses: [Miss]
  /// Whether a failure was tolerated: `on_error: continue`.
  public let tolerated: Bool

  public init(
    outcome: Outcome, message: String, observation: [FactRecord] = [],
    failure: FailureRecord? = nil, guards: [GuardRecord] = [], misses: [Miss] = [],
    tolerated: Bool = false
  ) {
    self.outcome = outcome
    self.message = message
    self.observation = observation
    self.failure = failure
    self.guards = guards
    self.misses = misses
    self.tolerated = tolerated
  }
}

/// How a step of a rehearsal was judged, in the world as the steps before it would leave it.
public struct StepRehearsed: Record {
  public static let kind = "step.rehearsed"

  public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
    case already
    case wouldChange = "would_change"
    case blocked
    case unknown
    /// Its `when` doesn't hold.
    case wouldSkip = "would_skip"
  }

  /// What the verdict stands on.
  public enum Basis: String, Sendable, Hashable, Codable {
    case probed, predicted
    /// An earlier step can't say what it would bring about.
    case opaque
  }

  public let name: String
  public let action: String
  public let target: String?
  public let outcome: Outcome
  public let basis: Basis
  public let message: String
  public let observation: [FactRecord]
  public let guards: [GuardRecord]
  public let predicted: [FactRecord]?
  /// The step that would have to be unblocked first, for this judgement to matter.
  public let behind: String?
  /// What acting would do, in order; absent when the step wouldn't act.
  public let operations: [OperationRecord]?

  public init(
    name: String, action: String, target: String?, outcome: Outcome, basis: Basis,
    message: String, observation: [FactRecord], guards: [GuardRecord],
    predicted: [FactRecord]?, behind: String? = nil, operations: [OperationRecord]? = nil
  ) {
    self.name = name
    self.action = action
    self.target = target
    self.outcome = outcome
    self.basis = basis
    self.message = message
    self.observation = observation
    self.guards = guards
    self.predicted = predicted
    self.behind = behind
    self.operations = operations
  }
}
