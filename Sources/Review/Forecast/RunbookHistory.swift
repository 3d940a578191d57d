import Journal

/// How long the steps of a runbook took in its executions so far.
public struct RunbookHistory: Sendable {
  /// How many executions there are in which a step acted.
  public private(set) var executions = 0
  /// From a run's start to its first step: the prechecks, in seconds.
  private(set) var beforeFirstStep: [Double] = []
  /// How the predictions of the last execution came out that predicted anything.
  private(set) var lastPredictions: (run: String, tally: PredictionTally)?
  private var acting: [String: [Double]] = [:]
  private var looking: [String: [Double]] = [:]

  /// The kinds of entries that an account needs for this.
  public static let kinds: Set<String> = [
    RunStarted.kind, RunResumed.kind, StepStarted.kind, StepIntent.kind, StepEnded.kind,
    RunEnded.kind,
  ]

  public init() {}

  /// Adds an execution of the runbook, the last one first. Of its steps those count that were verified in the end.
  public mutating func add(_ run: RunAccount) {
    guard !run.isRehearsal else { return }
    if lastPredictions == nil, let tally = run.ended?.predictions {
      lastPredictions = (run.run, tally)
    }
    let verified = run.steps.filter { $0.outcome == "ok" || $0.outcome == "changed" }
    for step in verified {
      guard let seconds = step.duration?.inSeconds else { continue }
      if step.hasActed {
        acting[Self.key(step), default: []].append(seconds)
      } else {
        looking[Self.key(step), default: []].append(seconds)
      }
    }
    guard verified.contains(where: \.hasActed) else { return }
    executions += 1
    if let first = run.steps.compactMap({ $0.spans.first?.begin }).min() {
      beforeFirstStep.append(first.duration(since: run.beganAt).inSeconds)
    }
  }

  /// What a step took in which it acted, or in which it was so already.
  func seconds(of step: StepAccount, acting isActing: Bool) -> [Double] {
    (isActing ? acting : looking)[Self.key(step)] ?? []
  }

  /// A step that does something else by now is another step, whatever its name.
  private static func key(_ step: StepAccount) -> String { "\(step.id) \(step.action ?? "")" }
}

extension [Double] {
  /// Nil when there are none.
  var median: Double? {
    guard !isEmpty else { return nil }
    let sorted = sorted()
    let middle = count / 2
    return count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  /// The smallest value that nine tenths don't exceed; nil when there are none.
  var ninetiethPercentile: Double? {
    isEmpty ? nil : sorted()[(count * 9 + 9) / 10 - 1]
  }
}
