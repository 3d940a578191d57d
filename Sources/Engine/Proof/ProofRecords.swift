public import Journal
public import Runbook

extension ProofRecord {
  /// What a proof found, as far as it counts for executing the plan.
  public init(_ result: ProofResult, of plan: Plan) {
    let broken = result.findings.filter { plan.runType.movesControl || $0.isUnsafe }.map {
      Broken(code: $0.code, message: $0.words, step: $0.step)
    }
    self.init(
      verdict: !broken.isEmpty ? .broken : result.isComplete ? .holds : .incomplete,
      states: result.explored.map(\.states).reduce(0, +), broken: broken)
  }

  /// Why the execution may not begin; nil when it may.
  var refusal: RunEnded? {
    why.map {
      RunEnded(
        ending: .refused, step: broken.first?.step, message: $0, code: Self.code,
        advice: Self.advice, resumable: false, outcomes: [:])
    }
  }

  /// What a rehearsal ends with, if its execution would be refused.
  func refusing(_ rehearsed: RunEnded) -> RunEnded {
    guard let why, rehearsed.ending == .done || rehearsed.ending == .unknown else {
      return rehearsed
    }
    return RunEnded(
      ending: .blocked, step: broken.first?.step, message: "\(rehearsed.message); but \(why)",
      code: Self.code, advice: Self.advice, resumable: false, outcomes: rehearsed.outcomes,
      fidelityPercent: rehearsed.fidelityPercent, factsUsed: rehearsed.factsUsed)
  }

  private var why: String? {
    guard verdict == .broken, overrideReason == nil else { return nil }
    return "the proof found what can go wrong: "
      + broken.map { "\($0.message) (\($0.code))" }.joined(separator: "; ")
  }

  private static let code = "proof.broken"
  private static let advice =
    "'lifeboat prove' with the same runbook shows how, and the step to change; to execute it all the same: "
    + "--override-proof REASON, which the journal keeps"
}

extension RunType {
  /// Whether a run of this type is to end with one scheduler in control. Another may leave it down on purpose.
  var movesControl: Bool {
    switch self {
    case .switchover, .failover, .failback: true
    case .drill, .install, .upgrade: false
    }
  }
}

extension ProofFinding {
  /// Whether it does harm, rather than not coming to its end.
  var isUnsafe: Bool { !["no-way-to-control", "no-end"].contains(code) }
}
