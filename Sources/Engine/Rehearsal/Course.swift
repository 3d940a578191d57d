import Journal
import Runbook

/// What a rehearsal has gathered on its way: the predicted world, and how the steps were judged.
struct Course: Sendable {
  /// The latest prediction of each fact.
  private(set) var predictions: [FactKey: Fact] = [:]
  private(set) var facts = StepFacts()
  /// The first step that couldn't be done: later ones are judged as if it had been.
  private(set) var blockedBy: String?
  private var isOpaque = false
  private var hasChanges = false
  private var judged:
    [(
      step: String, outcome: StepRehearsed.Outcome, basis: StepRehearsed.Basis, isTolerated: Bool
    )] = []
  /// By fan-out: the hosts on which it could not be done, or of which that can't be told.
  private var failures: [String: Int] = [:]
  private var asking: [String] = []
  private var factsUsed: [FactSource: Int] = [:]
  private var openPrechecks: [(id: String, isRefusal: Bool)] = []
  private(set) var looks: [RehearsedLook] = []

  /// What a verdict stands on that saw nothing of its own.
  var basis: StepRehearsed.Basis { isOpaque ? .opaque : .probed }

  func basis(of sight: Sight, by action: (any Action)? = nil) -> StepRehearsed.Basis {
    let isForeseeable = action.map { type(of: $0).schema.isForeseeable } ?? true
    if isOpaque || hasChanges && !isForeseeable { return .opaque }
    return sight.observation.facts.contains { $0.source == .predicted } ? .predicted : .probed
  }

  mutating func take(precheck step: PlannedStep, _ sight: Sight) {
    looks.append(
      RehearsedLook(step: step, outcome: nil, observation: sight.observation, predicted: []))
    guard step.isCritical else { return }
    switch sight.verdict {
    case .satisfied: break
    case .needed, .blocked: openPrechecks.append((step.id, true))
    case .unknown: openPrechecks.append((step.id, false))
    }
  }

  mutating func take(_ step: PlannedStep, _ judgement: Judgement) {
    let isTolerated = tolerates(judgement.outcome, of: step)
    for fact in judgement.observation.facts { factsUsed[fact.source, default: 0] += 1 }
    judged.append((step.id, judgement.outcome, judgement.basis, isTolerated))
    if judgement.asksPeople { asking.append(step.id) }
    if blockedBy == nil, judgement.outcome == .blocked, step.onError == .stop, !isTolerated {
      blockedBy = step.runbookID
    }
    isOpaque = isOpaque || judgement.isOpaque
    hasChanges = hasChanges || judgement.outcome == .wouldChange
    let predicted = ((judgement.predicted?.facts ?? []) + judgement.kept).map { fact in
      var predicted = fact
      predicted.source = .predicted
      return predicted
    }
    for fact in predicted { predictions[fact.key] = fact }
    looks.append(
      RehearsedLook(
        step: step, outcome: judgement.outcome, observation: judgement.observation,
        predicted: predicted))
    facts.outcomes[step.id] = judgement.outcome.expected?.rawValue
    facts.observations[step.id] = judgement.observation.overlaid(with: predicted)
  }

  /// Whether a fan-out may do without this host.
  private mutating func tolerates(_ outcome: StepRehearsed.Outcome, of step: PlannedStep) -> Bool {
    guard let fanOut = step.fanOut, outcome == .blocked || outcome == .unknown else { return false }
    failures[fanOut.step, default: 0] += 1
    return failures[fanOut.step, default: 0] <= fanOut.maxFailed
  }

  /// The rehearsal's last entry.
  func ended(planned plan: Plan) -> RunEnded {
    let counts = Dictionary(judged.map { ($0.outcome.rawValue, 1) }, uniquingKeysWith: +)
    let blocked = judged.filter { $0.outcome == .blocked && !$0.isTolerated }.map(\.step)
    let unknown = judged.filter { $0.outcome == .unknown && !$0.isTolerated }.map(\.step)
    let refusing = openPrechecks.filter(\.isRefusal).map(\.id)
    let unsure = openPrechecks.filter { !$0.isRefusal }.map(\.id)
    let ending: RunEnded.Ending
    let message: String
    if !(refusing + blocked).isEmpty {
      ending = .blocked
      message = "could not be executed now: \((refusing + blocked).joined(separator: ", "))"
    } else if !(unsure + unknown).isEmpty {
      ending = .unknown
      message = "can't tell of \((unsure + unknown).joined(separator: ", "))"
    } else {
      ending = .done
      let people = asking.isEmpty ? "" : ", if people answer at \(asking.joined(separator: ", "))"
      message = "could be executed now\(people); nothing was changed"
    }
    return RunEnded(
      ending: ending, step: (refusing + blocked + unsure + unknown).first, message: message,
      resumable: false, outcomes: counts, fidelityPercent: fidelity,
      factsUsed: FactsUsed(
        probed: factsUsed.filter { $0.key != .predicted }.values.reduce(0, +),
        predicted: factsUsed[.predicted, default: 0]))
  }

  /// The share of steps that were judged by what was seen alone.
  private var fidelity: Int {
    judged.isEmpty ? 100 : judged.filter { $0.basis == .probed }.count * 100 / judged.count
  }
}

extension StepRehearsed.Outcome {
  /// How the step would end in an execution, as far as that can be said.
  fileprivate var expected: StepEnded.Outcome? {
    switch self {
    case .already: .ok
    case .wouldChange: .changed
    case .wouldSkip: .skipped
    case .blocked, .unknown: nil
    }
  }
}
