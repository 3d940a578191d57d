public import Journal

/// One step of the plan: what was seen, by which guards it was allowed, what was done, and what was seen afterwards.
public struct StepReport: Sendable, Hashable, Codable {
  public enum State: String, Sendable, Hashable, Codable {
    case notBegun = "not_begun"
    /// Begun, nothing was done, and its end isn't written.
    case begun
    /// The intent is written and the end isn't: nobody knows how far it came, until it is looked at.
    case mayHaveActed = "may_have_acted"
    case ended
    case rehearsed
  }

  public let id: String
  public let name: String
  public let action: String
  public let target: String?
  /// From 1.
  public let place: Int
  /// Of one host's part: the step of the runbook.
  public let partOf: String?
  public let depends: [String]
  public let state: State
  /// The last one that is written.
  public let outcome: String?
  public let message: String?
  public let tolerated: Bool
  public let failure: FailureRecord?
  public let beganMs: Int?
  /// When it first was as it stayed.
  public let endedMs: Int?
  public let isCritical: Bool
  public let spans: [Span]
  public let attempts: [Attempt]
  /// One for each sitting that came to it.
  public let ends: [End]
  public let rehearsed: Rehearsed?

  public struct Attempt: Sendable, Hashable, Codable {
    public let attempt: Int
    public let entry: Int
    public let at: Timestamp
    public let verdict: VerdictRecord
    public let before: [FactRecord]
    public let guards: [GuardRecord]
    public let predicted: [FactRecord]?
    /// Absent when nothing says that acting returned.
    public let acted: Acted?

    public struct Acted: Sendable, Hashable, Codable {
      public let entry: Int
      public let at: Timestamp
      public let evidence: JSON?
      public let failure: FailureRecord?
    }
  }

  public struct End: Sendable, Hashable, Codable {
    public let entry: Int
    public let at: Timestamp
    public let atMs: Int
    public let outcome: String
    public let message: String
    public let after: [FactRecord]
    public let guards: [GuardRecord]
    public let misses: [StepEnded.Miss]
    public let failure: FailureRecord?
    public let tolerated: Bool

    enum CodingKeys: String, CodingKey {
      case entry, at, outcome, message, after, guards, misses, failure, tolerated
      case atMs = "at_ms"
    }
  }

  public struct Rehearsed: Sendable, Hashable, Codable {
    public let entry: Int
    public let at: Timestamp
    public let basis: String
    public let observation: [FactRecord]
    public let guards: [GuardRecord]
    public let predicted: [FactRecord]?
    public let behind: String?
    /// What acting would do, in order; absent when the step wouldn't act.
    public let operations: [OperationRecord]?
  }

  enum CodingKeys: String, CodingKey {
    case id, name, action, target, place, depends, state, outcome, message, tolerated, failure
    case spans, attempts, ends, rehearsed
    case partOf = "part_of"
    case beganMs = "began_ms"
    case endedMs = "ended_ms"
    case isCritical = "critical_path"
  }
}

/// A precheck, as it was judged.
public struct PrecheckReport: Sendable, Hashable, Codable {
  public let id: String
  public let entry: Int
  public let at: Timestamp
  public let name: String
  public let action: String
  public let critical: Bool
  public let verdict: VerdictRecord
  public let observation: [FactRecord]
  /// The reason for which a person went on without it.
  public let accepted: String?
}

/// One question to people, and what became of it.
public struct GateReport: Sendable, Hashable, Codable {
  public enum State: String, Sendable, Hashable, Codable {
    case open, granted, refused
    /// It was granted, and doesn't count any more.
    case voided
  }

  public let step: String
  /// `approval`, `consent`, `attest` or `redo`.
  public let gate: String
  public let prompt: String
  /// How many different people it takes.
  public let required: Int
  /// How many different people have granted it for sure, as a run counts them: docs/people.md.
  public let people: Int
  /// Whether only signed answers count.
  public let signed: Bool
  public let state: State
  public let asked: [Moment]
  public let answers: [Answer]
  public let voided: [Voided]

  public struct Moment: Sendable, Hashable, Codable {
    public let entry: Int
    public let at: Timestamp
    public let ms: Int
  }

  public struct Answer: Sendable, Hashable, Codable {
    public let entry: Int
    public let at: Timestamp
    public let ms: Int
    public let granted: Bool
    public let words: String
    public let person: PersonRecord
    public let planDigest: String
    /// Whether it was given for the plan of this run: otherwise it doesn't count.
    public let isForThisPlan: Bool
    public let facts: [FactRecord]
    /// Absent when it isn't signed.
    public let signature: Signature?

    enum CodingKeys: String, CodingKey {
      case entry, at, ms, granted, words, person, facts, signature
      case planDigest = "plan_digest"
      case isForThisPlan = "for_this_plan"
    }
  }

  /// What was found when the answer was given. A report verifies nothing anew: `lifeboat audit people` does.
  public struct Signature: Sendable, Hashable, Codable {
    public let at: Timestamp
    /// Whose key it was; absent when the file of allowed signers didn't know it.
    public let principal: String?
  }

  public struct Voided: Sendable, Hashable, Codable {
    public let entry: Int
    public let at: Timestamp
    public let person: PersonRecord
    /// `contradicted` or `expired`.
    public let reason: String
    public let facts: [FactRecord]
  }
}
