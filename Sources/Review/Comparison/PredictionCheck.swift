public import Journal

/// What a step was predicted to bring about, against what was observed when it ended.
public struct PredictionCheck: Sendable, Hashable, Encodable {
  public enum Result: String, Sendable, Hashable, Encodable {
    case cameTrue = "came_true"
    case cameOtherwise = "came_otherwise"
    /// The run didn't come to it, or what it saw had no value of it.
    case notObserved = "not_observed"
  }

  public let step: String
  /// A fact's subject; nil when the outcome was predicted.
  public let subject: String?
  /// A fact's property, or `outcome`.
  public let property: String
  public let predicted: JSON?
  public let observed: JSON?
  public let result: Result

  /// What a rehearsal's outcome says that an execution's will be; nil when it says nothing.
  private static let outcomes = [
    "already": "ok", "would_change": "changed", "would_skip": "skipped",
  ]

  /// `rehearsed` predicts, `executed` shows.
  static func checks(of rehearsed: StepAccount, against executed: StepAccount?) -> [PredictionCheck]
  {
    let outcome = rehearsed.outcome.flatMap { outcomes[$0] }.map { predicted in
      PredictionCheck(
        step: rehearsed.id, subject: nil, property: "outcome", predicted: .string(predicted),
        observed: executed?.outcome.map(JSON.string))
    }
    return (outcome.map { [$0] } ?? [])
      + facts(rehearsed.predicted ?? [], of: rehearsed.id, against: executed)
  }

  /// What an execution predicted by itself, before it acted.
  static func checks(of executed: StepAccount) -> [PredictionCheck] {
    guard executed.outcome == "changed" else { return [] }
    return facts(executed.predicted ?? [], of: executed.id, against: executed)
  }

  private static func facts(
    _ predicted: [FactRecord], of step: String, against executed: StepAccount?
  ) -> [PredictionCheck] {
    let isVerified = executed?.outcome == "ok" || executed?.outcome == "changed"
    let observed = isVerified ? executed?.observation.byName ?? [:] : [:]
    return predicted.filter { $0.value != nil }.map { fact in
      PredictionCheck(
        step: step, subject: fact.subject, property: fact.property, predicted: fact.value,
        observed: observed[FactName(subject: fact.subject, property: fact.property)]?.value)
    }
  }

  private init(step: String, subject: String?, property: String, predicted: JSON?, observed: JSON?)
  {
    self.step = step
    self.subject = subject
    self.property = property
    self.predicted = predicted
    self.observed = observed
    result =
      observed == nil ? .notObserved : observed == predicted ? .cameTrue : .cameOtherwise
  }
}
