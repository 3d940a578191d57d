public import Journal

/// What became of one planned step in a run.
public struct StepAccount: Sendable {
  /// A time that the run spent on it, while the runner lived.
  public struct Span: Sendable, Hashable {
    public let begin: Timestamp
    public let end: Timestamp
  }

  /// A try to act.
  public struct Try: Sendable, Hashable {
    public let number: Int
    public let at: Timestamp
  }

  /// A gate that asked, and what it heard.
  public struct Gate: Sendable, Hashable {
    public struct Answer: Sendable, Hashable {
      public let at: Timestamp
      public let record: GateAnswered
    }

    public let at: Timestamp
    public let record: GateAsked
    public internal(set) var answers: [Answer] = []
  }

  public let id: String
  public internal(set) var name: String
  public internal(set) var action: String?
  public internal(set) var target: String?
  public internal(set) var spans: [Span] = []
  public internal(set) var tries: [Try] = []
  public internal(set) var gates: [Gate] = []
  /// As in `step.ended` or `step.rehearsed`; nil when none is written.
  public internal(set) var outcome: String?
  public internal(set) var message = ""
  public internal(set) var failure: FailureRecord?
  /// What was seen before anything was done about it.
  public internal(set) var observationBefore: [FactRecord] = []
  /// What was seen last.
  public internal(set) var observation: [FactRecord] = []
  /// What was said last to hold afterwards; nil when nothing was.
  public internal(set) var predicted: [FactRecord]?
  /// What was found last.
  public internal(set) var guards: [GuardRecord] = []

  /// How long the run was at it, without the time in which the run stood still; nil when it wasn't.
  public var duration: Duration? {
    spans.isEmpty ? nil : spans.reduce(.zero) { $0 + $1.end.duration(since: $1.begin) }
  }

  /// Whether it was set about, and not only looked at.
  public var hasActed: Bool { !tries.isEmpty }
}
