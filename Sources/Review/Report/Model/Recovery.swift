public import Journal

/// Recovery time: from the start of the disaster to verified control.
public struct RecoveryTime: Sendable, Hashable, Codable {
  public enum Source: String, Sendable, Hashable, Codable {
    /// A person said when the disaster began.
    case declared
    /// The last heartbeat of the lost site's scheduler that was seen: it lived at least until then.
    case heartbeat
    /// Nothing says when the disaster began.
    case runStarted = "run_started"
  }

  public enum Verdict: String, Sendable, Hashable, Codable {
    case met, missed
    /// It is over the objective already, or not yet, and control isn't verified.
    case notReached = "not_reached"
    /// Measured, and the runbook has no objective.
    case noObjective = "no_objective"
    /// The run changed nothing, so it recovered nothing.
    case notMeasured = "not_measured"
  }

  public let from: Timestamp
  public let source: Source
  /// When control was verified; absent when it wasn't.
  public let to: Timestamp?
  /// The step that verified it.
  public let step: String?
  public let entry: Int?
  public let ms: Int?
  public let objective: String?
  public let objectiveMs: Int?
  public let verdict: Verdict
  public let explanation: String
  public let spent: [Spent]

  enum CodingKeys: String, CodingKey {
    case from, source, to, step, entry, ms, objective, verdict, explanation, spent
    case objectiveMs = "objective_ms"
  }
}

/// What was lost when a copy of a database became the primary, in the database's own terms.
public struct DataLoss: Sendable, Hashable, Codable {
  public enum Verdict: String, Sendable, Hashable, Codable {
    /// Nothing was lost.
    case none
    /// What may be lost is within the objective.
    case met
    /// It can't be excluded that more is lost than the objective allows.
    case mayExceed = "may_exceed"
    case notKnown = "not_known"
    case noObjective = "no_objective"
    /// No copy was promoted in this run.
    case noPromotion = "no_promotion"
  }

  /// A position, time or count that the database gave.
  public struct Term: Sendable, Hashable, Codable {
    public let name: String
    public let value: JSON
    /// `evidence` of the act, or `observation` before it.
    public let source: String
    public let entry: Int
  }

  public let step: String
  /// The copy that became the primary, as `scheduler@dr`.
  public let target: String?
  /// `graceful` or `ungraceful`.
  public let mode: String?
  /// All that was committed until then is there.
  public let asOf: String?
  /// Until then the old primary may have committed more.
  public let promotedAt: Timestamp?
  /// What may be lost, as time: from `asOf` to `promotedAt`.
  public let atMostMs: Int?
  /// The same, to the declared start of the disaster.
  public let toDisasterMs: Int?
  public let objective: String?
  public let objectiveMs: Int?
  public let verdict: Verdict
  public let explanation: String
  public let terms: [Term]
  /// Who consented to the loss.
  public let consents: [Consent]

  public struct Consent: Sendable, Hashable, Codable {
    public let entry: Int
    public let at: Timestamp
    public let prompt: String
    public let words: String
    public let person: PersonRecord
  }

  enum CodingKeys: String, CodingKey {
    case step, target, mode, objective, verdict, explanation, terms, consents
    case asOf = "as_of"
    case promotedAt = "promoted_at"
    case atMostMs = "at_most_ms"
    case toDisasterMs = "to_disaster_ms"
    case objectiveMs = "objective_ms"
  }
}
