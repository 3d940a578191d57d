import Journal
import Runbook

/// What a rehearsal says of one step.
struct Judgement: Sendable {
  var outcome: StepRehearsed.Outcome
  var message: String
  var basis: StepRehearsed.Basis
  var observation = Observation()
  var guards: [GuardRecord] = []
  /// The facts that the step would bring about; nil when it can't say, or brings nothing about.
  var predicted: Observation?
  /// What acting would do, in order; nil when the step wouldn't act.
  var operations: [Operation]?
  /// What is so already, and would be kept so: a site that still runs may change it while the rehearsal goes on.
  var kept: [Fact] = []
  /// An execution would wait here for people.
  var asksPeople = false
  /// The step would change something, and can't say what.
  var isOpaque = false
  /// What it stands on, before predictions and proofs; nil when nothing was looked at.
  var glance: Glance?

  init(outcome: StepRehearsed.Outcome, message: String, basis: StepRehearsed.Basis) {
    self.outcome = outcome
    self.message = message
    self.basis = basis
  }

  init(
    of step: PlannedStep, _ action: (any Action)?, _ sight: Sight, basis: StepRehearsed.Basis
  ) {
    self.init(outcome: .unknown, message: sight.verdict.explanation, basis: basis)
    observation = sight.observation
    guard let action else { return }
    switch sight.verdict {
    case .satisfied:
      outcome = .already
      kept = (action.predict(sight.observation)?.facts ?? []).compactMap {
        sight.observation[$0.key]
      }
    case .blocked: outcome = .blocked
    case .unknown: judgeUnknown(step, action, sight)
    case .needed: judgeNeeded(step, action, sight)
    }
  }

  private mutating func judgeNeeded(_ step: PlannedStep, _ action: any Action, _ sight: Sight) {
    switch type(of: action).schema.effect {
    case .asks:
      outcome = .wouldChange
      asksPeople = true
      if let gate = action as? any GateAction {
        message = "would ask \(Self.people(gate.question.required)): \(gate.question.prompt)"
        predicted = Observation(gate.question.facts)
      }
    case .checks where basis == .opaque:
      outcome = .unknown
      message = "not so now, and what earlier steps would change can't be said: \(message)"
    case .checks:
      outcome = .blocked
    case .waits:
      predicted = action.predict(sight.observation)
      outcome = predicted == nil ? .unknown : .wouldChange
      message = "\(sight.verdict.explanation); the run waits until it is so"
    case .changes:
      judgeChange(step, action, sight)
    }
  }

  private mutating func judgeChange(_ step: PlannedStep, _ action: any Action, _ sight: Sight) {
    outcome = .wouldChange
    predicted = action.predict(sight.observation)
    isOpaque = predicted == nil || type(of: action).schema.isOpaque
    if let approval = step.approval {
      asksPeople = true
      message += "; would first ask \(Self.people(approval.required)): \(approval.prompt)"
    }
    if let question = action.consentQuestion(for: sight) {
      asksPeople = true
      message += "; would ask \(Self.people(question.required)) to consent: \(question.prompt)"
    }
    guard let acting = action as? any ActingAction else { return }
    let check = GuardCheck(
      acting.guards, on: sight.observation, overridden: step.overriddenGuards)
    guards = check.records
    guard !check.refusals.isEmpty else {
      operations = acting.operations(given: sight.observation)
      return
    }
    let isCertain = check.refusals.contains { $0.finding == "violated" }
    outcome = isCertain ? .blocked : .unknown
    message = (isCertain ? "would be refused: " : "can't tell: ") + check.explanation
  }

  /// A target that can't be asked: in the run a person would vouch, where the step allows it.
  private mutating func judgeUnknown(_ step: PlannedStep, _ action: any Action, _ sight: Sight) {
    guard step.onUnreachable == .attest, !sight.observation.unreachable.isEmpty,
      let expected = action.predict(sight.observation)
    else { return }
    asksPeople = true
    outcome = .wouldChange
    predicted = expected
    let target = step.target?.description ?? step.name
    message =
      "can't be asked; would ask a person to vouch for this: \(expected.claims(under: target))"
  }

  private static func people(_ count: Int) -> String {
    count == 1 ? "a person" : "\(count) people"
  }
}
