public import Journal

/// How long a run will take, by what a rehearsal says is to be done and by how long that took before.
public struct Forecast: Sendable, Encodable {
  public struct Step: Sendable, Hashable, Encodable {
    public let id: String
    /// Whether the rehearsal says that it would act, or can't say that it wouldn't.
    public let acts: Bool
    /// How many executions say how long it takes.
    public let samples: Int
    /// In seconds; nil without samples.
    public let median: Double?
    public let p90: Double?
    public let isOnCriticalPath: Bool

    enum CodingKeys: String, CodingKey {
      case id, acts, samples, median, p90
      case isOnCriticalPath = "on_critical_path"
    }
  }

  public let runbook: String
  /// How many executions it stands on.
  public let executions: Int
  /// In seconds, from the run's start to its end; nil without any execution to go by.
  public let median: Double?
  /// The same if every step took as long as nine tenths of its executions at most.
  public let p90: Double?
  /// In seconds, what comes before the first step.
  public let prechecksMedian: Double?
  public let criticalPath: [String]
  public let steps: [Step]
  /// Steps that would act and never have: the forecast leaves them out.
  public let withoutHistory: [String]
  /// The objective for the recovery time, in seconds.
  public let objective: Double?
  /// How the predictions of the runbook's last execution came out; nil when none predicted anything.
  public let lastPredictions: LastPredictions?

  /// Of which run, and how they came out.
  public struct LastPredictions: Sendable, Encodable {
    public let run: String
    public let tally: PredictionTally
  }

  enum CodingKeys: String, CodingKey {
    case runbook, executions, median, p90, steps, objective
    case prechecksMedian = "prechecks_median"
    case criticalPath = "critical_path"
    case withoutHistory = "without_history"
    case lastPredictions = "last_predictions"
  }

  /// `objective`: the runbook's, for the recovery time.
  public init(_ rehearsal: RunAccount, from history: RunbookHistory, objective: Duration?) {
    var medians: [String: Double] = [:]
    var p90s: [String: Double] = [:]
    var steps: [Step] = []
    var unknown: [String] = []
    let planned = Dictionary(rehearsal.plan.steps.map { ($0.id, $0) }) { first, _ in first }
    for step in rehearsal.steps where step.outcome != "would_skip" {
      let acts = step.outcome != "already"
      let seconds = history.seconds(of: step, acting: acts)
      medians[step.id] = seconds.median
      p90s[step.id] = seconds.ninetiethPercentile
      if acts, seconds.isEmpty { unknown.append(step.id) }
      steps.append(
        Step(
          id: step.id, acts: acts, samples: seconds.count, median: seconds.median,
          p90: seconds.ninetiethPercentile, isOnCriticalPath: false))
    }
    let path = CriticalPath(rehearsal.plan.steps) { medians[$0.id] ?? 0 }
    let slowPath = CriticalPath(rehearsal.plan.steps) { p90s[$0.id] ?? 0 }
    let onPath = Set(path.steps)
    runbook = rehearsal.started.runbook
    executions = history.executions
    criticalPath = history.executions == 0 ? [] : path.steps
    withoutHistory = unknown
    self.objective = objective?.inSeconds
    lastPredictions = history.lastPredictions.map {
      LastPredictions(run: $0.run, tally: $0.tally)
    }
    self.steps = steps.map { step in
      Step(
        id: step.id, acts: step.acts, samples: step.samples, median: step.median, p90: step.p90,
        isOnCriticalPath: onPath.contains(planned[step.id]?.runbookID ?? step.id))
    }
    let before = history.beforeFirstStep
    prechecksMedian = before.median
    median = before.median.map { $0 + path.seconds }
    p90 = before.ninetiethPercentile.map { $0 + slowPath.seconds }
  }
}

extension Forecast {
  public var lines: [Line] { durationLines + predictionLines }

  private var predictionLines: [Line] {
    guard let last = lastPredictions else { return [] }
    return [
      Line(
        "predictions of the last execution, \(last.run): \(last.tally.spoken)",
        last.tally.missed.isEmpty ? .good : .attention)
    ]
  }

  private var durationLines: [Line] {
    guard let median, let p90 else {
      return [
        Line(""),
        Line("Forecast: none, since no execution of \(runbook) has acted yet.", .attention),
      ]
    }
    return [
      Line(""),
      Line(
        "Forecast, from \(executions) \(executions == 1 ? "execution" : "executions") of \(runbook)",
        .heading),
    ] + stepLines + [conclusion(median: median, p90: p90)] + gaps
  }

  private var stepLines: [Line] {
    let onPath = steps.filter { $0.isOnCriticalPath && ($0.median ?? 0) > 0 }
    let rows =
      [["prechecks", Self.spoken(prechecksMedian), "", "\(executions)"]]
      + onPath.map { [$0.id, Self.spoken($0.median), Self.spoken($0.p90), "\($0.samples)"] }
    return TextTable(["CRITICAL PATH", "MEDIAN", "90TH PERCENTILE", "SAMPLES"], rows).lines.map {
      Line("  " + $0.text, .faint)
    }
  }

  private static func spoken(_ seconds: Double?) -> String {
    seconds.map { Duration.seconds($0).spoken } ?? "-"
  }

  private func conclusion(median: Double, p90: Double) -> Line {
    let least = withoutHistory.isEmpty ? "about" : "at least"
    let text = "\(least) \(Self.spoken(median)), 90th percentile \(Self.spoken(p90))"
    guard let objective else { return Line("\(text); the runbook has no objective for it") }
    let rto = "the objective of \(Self.spoken(objective))"
    if median > objective { return Line("\(text): longer than \(rto)", .bad) }
    if p90 > objective { return Line("\(text): \(rto) may be missed", .attention) }
    return Line("\(text): within \(rto)", withoutHistory.isEmpty ? .good : .attention)
  }

  private var gaps: [Line] {
    withoutHistory.isEmpty
      ? []
      : [
        Line(
          "not in it, since they have not acted in an execution yet: "
            + withoutHistory.joined(separator: ", "),
          .attention)
      ]
  }
}
