import Journal
import Runbook

/// How many facts a step predicted that acted and was verified, and which of them came out otherwise.
struct CheckedPrediction: Sendable, Hashable {
  let count: Int
  let misses: [StepEnded.Miss]
}

/// How a step ended, and whether the run ends with it.
struct StepEnding: Sendable {
  let outcome: StepEnded.Outcome
  let message: String
  var observation = Observation()
  var failure: FailureRecord?
  /// What to do next, when it isn't a failure's advice.
  var advice: String?
  var guards: [GuardRecord] = []
  var predicted: Observation?
  /// The predicted facts that came out otherwise.
  var misses: [StepEnded.Miss] = []
  /// Nil: the run goes on.
  var ending: RunEnded.Ending?

  static func done(_ outcome: StepEnded.Outcome, _ sight: Sight) -> StepEnding {
    StepEnding(
      outcome: outcome, message: sight.verdict.explanation, observation: sight.observation)
  }

  static func failed(_ sight: Sight, _ failure: FailureRecord) -> StepEnding {
    StepEnding(
      outcome: .failed, message: failure.message, observation: sight.observation,
      failure: failure, ending: .failed)
  }

  static func inDoubt(_ sight: Sight, _ failure: FailureRecord) -> StepEnding {
    StepEnding(
      outcome: .inDoubt, message: failure.message, observation: sight.observation,
      failure: failure, ending: .inDoubt)
  }

  static func refused(_ sight: Sight, _ check: GuardCheck) -> StepEnding {
    StepEnding(
      outcome: .failed, message: "refused: \(check.explanation)", observation: sight.observation,
      failure: FailureRecord(
        code: "guard.refused", message: check.explanation,
        advice: "make it so, and resume the run; a guard is overridden only in the runbook, with a "
          + "reason and an approval"),
      guards: check.records, ending: .refused)
  }

  /// A try acted, and then the target could no longer be asked.
  static func actedAndDark(_ sight: Sight, _ why: String) -> StepEnding {
    .inDoubt(
      sight,
      FailureRecord(
        code: "step.in_doubt", message: "it was acted, and now it can't be told: \(why)",
        advice: "resume the run when the target can be asked: it looks before it does anything"))
  }

  static func waiting(_ message: String, advice: String) -> StepEnding {
    StepEnding(outcome: .waiting, message: message, advice: advice, ending: .waiting)
  }

  /// The same, with what was seen when it stopped there.
  func seeing(_ sight: Sight) -> StepEnding {
    var ending = self
    ending.observation = sight.observation
    return ending
  }

  /// A probe saw that it is so. A step that is skipped because it was verified once may be dark by now.
  var isSatisfied: Bool { outcome == .ok || outcome == .changed }

  /// Nil when it didn't act, or couldn't be verified, or predicted nothing.
  var checkedPrediction: CheckedPrediction? {
    guard outcome == .changed, let predicted else { return nil }
    return CheckedPrediction(count: predicted.facts.count, misses: misses)
  }

  /// Compares what was predicted with what was seen. What has moved by itself meanwhile is no miss.
  mutating func findMisses(of action: String, _ motion: FactMotion) {
    guard outcome == .changed, let predicted else { return }
    misses = predicted.facts.compactMap { fact in
      let observed = observation[fact.key]?.reading.value.map(JSON.init)
      let expected = fact.reading.value.map(JSON.init)
      func settled(_ value: JSON?) -> JSON? {
        value.flatMap {
          motion.settled($0, fact.key.property, of: fact.key.subject, statedBy: action)
        } ?? value
      }
      guard settled(observed) != settled(expected) else { return nil }
      return StepEnded.Miss(
        subject: fact.key.subject, property: fact.key.property, predicted: expected,
        observed: observed)
    }
  }
}
