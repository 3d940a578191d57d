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

  /// The outcomes of an execution that a rehearsal's outcome foretells, the likeliest first; none when it foretells
  /// nothing. A step that waits for others to bring something about ends as `ok`.
  static func outcomes(foretoldBy rehearsed: String?) -> [String] {
    switch rehearsed {
    case "already": ["ok"]
    case "would_change": ["changed", "ok"]
    case "would_skip": ["skipped"]
    default: []
    }
  }

  /// `rehearsed` predicts, `executed` shows.
  static func checks(of rehearsed: StepAccount, against executed: StepAccount?) -> [PredictionCheck]
  {
    let foretold = outcomes(foretoldBy: rehearsed.outcome)
    let outcome = foretold.first.map { likeliest in
      let observed = executed?.outcome
      return PredictionCheck(
        step: rehearsed.id, subject: nil, property: "outcome", predicted: .string(likeliest),
        observed: observed.map(JSON.string),
        comesTrue: observed.map(foretold.contains) ?? false)
    }
    return (outcome.map { [$0] } ?? [])
      + facts(rehearsed.predicted ?? [], of: rehearsed.id, against: executed)
  }

  private static func facts(
    _ predicted: [FactRecord], of step: String, against executed: StepAccount?
  ) -> [PredictionCheck] {
    let isVerified = executed?.outcome == "ok" || executed?.outcome == "changed"
    let observed = isVerified ? executed?.observation.byName ?? [:] : [:]
    return predicted.filter { $0.value != nil }.map { fact in
      let value = observed[FactName(subject: fact.subject, property: fact.property)]?.value
      return PredictionCheck(
        step: step, subject: fact.subject, property: fact.property, predicted: fact.value,
        observed: value, comesTrue: value == fact.value)
    }
  }

  private init(
    step: String, subject: String?, property: String, predicted: JSON?, observed: JSON?,
    comesTrue: Bool
  ) {
    self.step = step
    self.subject = subject
    self.property = property
    self.predicted = predicted
    self.observed = observed
    result = observed == nil ? .notObserved : comesTrue ? .cameTrue : .cameOtherwise
  }
}
