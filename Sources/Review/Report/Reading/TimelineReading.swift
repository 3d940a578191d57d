import Journal

/// Follows a run's entries and says what each stretch of time was spent on: for the run as a whole, and for each step.
struct TimelineReading {
  private struct Open {
    var activity: Activity
    var since: Int
    var attempt: Int?
  }

  private(set) var spans: [Span] = []
  private(set) var stepSpans: [String: [Span]] = [:]
  private let plan: ReportPlan
  private var open: [String: Open] = [:]
  private var last = 0
  private var isRunning = false
  private var ending: RunEnded.Ending?
  private var hasBegunSteps = false
  /// Steps that stopped the run to wait for an answer, each with when.
  private var waiting: [String: Int] = [:]

  init(_ plan: ReportPlan) { self.plan = plan }

  mutating func take(_ entry: Entry, at ms: Int) throws {
    addSpan(isResumption: entry.kind == RunResumed.kind, to: ms)
    switch entry.kind {
    case RunStarted.kind: isRunning = true
    case RunResumed.kind: resume(at: ms)
    case RunEnded.kind: try entry.record(RunEnded.self).map { end($0, at: ms) }
    default: if let step = entry.step { try take(entry, step, at: ms) }
    }
    last = ms
  }

  private mutating func take(_ entry: Entry, _ step: String, at ms: Int) throws {
    switch entry.kind {
    case StepStarted.kind:
      hasBegunSteps = true
      turn(step, to: .probing, at: ms)
    case GateAsked.kind:
      for step in plan.steps(named: step) where open[step.id] != nil {
        turn(step.id, to: .people, at: ms)
      }
    case GateAnswered.kind:
      for step in plan.steps(named: step) where open[step.id]?.activity == .people {
        turn(step.id, to: .probing, at: ms)
      }
    case StepIntent.kind:
      turn(step, to: .acting, at: ms, attempt: try entry.record(StepIntent.self)?.attempt)
    case StepActed.kind:
      turn(step, to: .probing, at: ms)
    case StepEnded.kind:
      close(step, at: ms)
      let isWaiting = try entry.record(StepEnded.self)?.outcome == .waiting
      waiting[step] = isWaiting ? ms : nil
    default: break
    }
  }

  // MARK: - The run

  private mutating func addSpan(isResumption: Bool, to ms: Int) {
    let activity = activity(isResumption: isResumption)
    if let previous = spans.last, previous.activity == activity {
      spans[spans.count - 1] = Span(
        activity: activity, fromMs: previous.fromMs, toMs: ms, attempt: nil)
    } else if ms > last {
      spans.append(Span(activity: activity, fromMs: last, toMs: ms, attempt: nil))
    }
  }

  /// What has been going on since the last entry.
  private func activity(isResumption: Bool) -> Activity {
    guard isRunning else { return ending == .waiting ? .people : .stopped }
    // Its runner had died, nobody knows when.
    if isResumption { return .stopped }
    for activity in [Activity.acting, .probing, .people]
    where open.values.contains(where: { $0.activity == activity }) {
      return activity
    }
    return hasBegunSteps ? .between : .probing
  }

  private mutating func resume(at ms: Int) {
    for step in open.keys.sorted() { close(step, at: last) }
    if ending == .waiting {
      for (step, since) in waiting { add(.people, from: since, to: ms, of: step) }
    }
    waiting = [:]
    isRunning = true
    ending = nil
    hasBegunSteps = false
  }

  private mutating func end(_ record: RunEnded, at ms: Int) {
    for step in open.keys.sorted() { close(step, at: ms) }
    isRunning = false
    ending = record.ending
  }

  // MARK: - A step

  private mutating func turn(
    _ step: String, to activity: Activity, at ms: Int, attempt: Int? = nil
  ) {
    close(step, at: ms)
    open[step] = Open(activity: activity, since: ms, attempt: attempt)
  }

  private mutating func close(_ step: String, at ms: Int) {
    guard let state = open.removeValue(forKey: step) else { return }
    add(state.activity, from: state.since, to: ms, of: step, attempt: state.attempt)
  }

  private mutating func add(
    _ activity: Activity, from start: Int, to end: Int, of step: String, attempt: Int? = nil
  ) {
    stepSpans[step, default: []].append(
      Span(activity: activity, fromMs: start, toMs: end, attempt: attempt))
  }

  /// What is still open at the last entry ends there, as far as anybody knows.
  func spans(of step: String) -> [Span] {
    var spans = stepSpans[step] ?? []
    if let state = open[step] {
      spans.append(
        Span(
          activity: state.activity, fromMs: state.since, toMs: last, attempt: state.attempt))
    }
    return spans
  }
}
