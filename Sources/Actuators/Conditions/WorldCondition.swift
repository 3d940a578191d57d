import Runbook

/// Something that a runbook's author asks of the world: an `unless`, a check, or what a step waits for.
///
/// Each kind states facts under subjects that hold all of the question, so that the prediction of one step is never
/// taken for the answer to another's question.
protocol WorldCondition: Sendable {
  /// Asks. A target that can't be reached gives gaps, not an error.
  func observe(_ observer: any Observer) async throws -> [Fact]
  /// Pure.
  func judge(_ observation: Observation) -> ConditionFinding
  /// The facts that hold when the condition does.
  var factsWhenMet: [Fact] { get }
}

enum ConditionFinding: Sendable, Hashable {
  case met(String)
  case unmet(String)
  case unknown(String)

  /// For an action that brings it about, or checks it.
  var verdict: Verdict {
    switch self {
    case .met(let text): .satisfied(text)
    case .unmet(let text): .needed(text)
    case .unknown(let text): .unknown(text)
    }
  }
}

extension WorldCondition {
  func prediction() -> Observation {
    Observation(factsWhenMet)
  }
}
