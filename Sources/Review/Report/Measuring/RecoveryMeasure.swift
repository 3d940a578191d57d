import Journal

/// Measures the recovery time from what the journal holds.
struct RecoveryMeasure {
  private static let verifyingAction = "failover_table.in_control"

  let reading: RunReading

  /// Nil where there is nothing to measure: a rehearsal, and a run that isn't about recovery.
  func measure() -> RecoveryTime? {
    guard reading.started.type == .execution else { return nil }
    let objective = reading.plan.objectives?.rto
    guard objective != nil || reading.started.disaster != nil || !verifyingSteps.isEmpty else {
      return nil
    }
    let start = start
    let end = end
    let endMs = end.map { $0.end.atMs } ?? reading.ms(of: reading.last)
    let ms = endMs - start.ms
    let objectiveMs = objective.flatMap { Duration(planText: $0)?.wholeMilliseconds }
    let verdict = verdict(ms: ms, objectiveMs: objectiveMs, isReached: end != nil)
    return RecoveryTime(
      from: start.at, source: start.source, to: end?.end.at, step: end?.step,
      entry: end?.end.entry, ms: end == nil || verdict == .notMeasured ? nil : ms,
      objective: objective, objectiveMs: objectiveMs, verdict: verdict,
      explanation: explanation(verdict, start, end, ms: ms),
      spent: spent(from: start.ms, to: endMs))
  }

  // MARK: - The start

  private struct Start {
    let at: Timestamp
    let ms: Int
    let source: RecoveryTime.Source
    let words: String
  }

  private var start: Start {
    if let disaster = reading.started.disaster {
      return Start(
        at: disaster.at, ms: reading.ms(at: disaster.at), source: .declared,
        words: "from the start of the disaster as \(reading.started.person.spoken) declared it")
    }
    if let heartbeat = LastHeartbeat(reading: reading).find() {
      return Start(
        at: heartbeat.at, ms: reading.ms(at: heartbeat.at), source: .heartbeat,
        words:
          "from the last heartbeat of the lost site's scheduler that is seen in \(heartbeat.subject) (entry \(heartbeat.entry)); "
          + "it may have lived a little longer; nobody declared when the disaster began")
    }
    return Start(
      at: reading.first.at, ms: 0, source: .runStarted,
      words: "from the run's own start, as nobody declared when the disaster began and no "
        + "heartbeat before it is known; what went before is not in it")
  }

  // MARK: - The end

  private var verifyingSteps: [ReportPlan.Step] {
    reading.plan.steps.filter { $0.action == Self.verifyingAction }
  }

  /// The end of the last step that verifies control; where the runbook has none, the last end of a run that is done.
  private var end: (step: String, end: StepReport.End)? {
    let steps = verifyingSteps.isEmpty ? reading.plan.steps : verifyingSteps
    if verifyingSteps.isEmpty, reading.ended?.ending != .done { return nil }
    let ends = steps.map { ($0.id, reading.steps[$0.id]?.settledEnd) }
    if !verifyingSteps.isEmpty, ends.contains(where: { $0.1?.isVerified != true }) { return nil }
    return ends.compactMap { id, end in end.map { (id, $0) } }.max { $0.1.atMs < $1.1.atMs }
  }

  // MARK: - The verdict

  private var changedNothing: Bool {
    !reading.steps.values.contains { step in
      !step.attempts.isEmpty || step.ends.contains { $0.outcome == "changed" }
    }
  }

  private func verdict(ms: Int, objectiveMs: Int?, isReached: Bool) -> RecoveryTime.Verdict {
    let isOver = objectiveMs.map { ms > $0 } ?? false
    if !isReached { return isOver ? .missed : .notReached }
    if changedNothing, reading.started.disaster == nil { return .notMeasured }
    guard objectiveMs != nil else { return .noObjective }
    return isOver ? .missed : .met
  }

  private func explanation(
    _ verdict: RecoveryTime.Verdict, _ start: Start, _ end: (step: String, end: StepReport.End)?,
    ms: Int
  ) -> String {
    if verdict == .notMeasured {
      return "This run changed nothing: everything was so already, so it recovered nothing."
    }
    guard let end else {
      return "Control was not verified by the last entry, \(Duration.milliseconds(ms).spoken) on. "
        + "Counted \(start.words)."
    }
    let verified =
      verifyingSteps.isEmpty
      ? "to the end of the last step, \(end.step); no step of this runbook verifies control"
      : "to verified control, step \(end.step)"
    let idle =
      changedNothing ? " This run changed nothing: another one, or somebody, had recovered it." : ""
    let drill =
      reading.started.runType == "drill"
      ? " This was a drill: nothing was lost, and what a drill needs besides is in the time." : ""
    return "Counted \(start.words), \(verified).\(idle)\(drill)"
  }

  private func spent(from start: Int, to end: Int) -> [Spent] {
    let own = reading.timeline.spans.spent(from: max(0, start), to: end)
    return start < 0 ? [Spent(activity: .before, ms: -start)] + own : own
  }
}

/// The last sign of life of the lost site's scheduler: its heartbeat in the `Failover` table, as the copy that was promoted
/// had it.
struct LastHeartbeat {
  struct Found {
    let at: Timestamp
    let subject: String
    let entry: Int
  }

  let reading: RunReading

  /// Only a failover has a lost site; a heartbeat after the run's start says nothing of a loss before it.
  func find() -> Found? {
    guard reading.started.runType == "failover" else { return nil }
    for (facts, entry) in observations {
      for fact in facts where fact.property == "failover_rows" && fact.source == "probed" {
        if let found = newest(in: fact, among: facts, entry) { return found }
      }
    }
    return nil
  }

  /// In the order in which they were made.
  private var observations: [([FactRecord], Int)] {
    let before = reading.steps.values.flatMap(\.attempts).map { ($0.before, $0.entry) }
    let after = reading.steps.values.flatMap(\.ends).map { ($0.after, $0.entry) }
    return (before + after).sorted { $0.1 < $1.1 }
  }

  private func newest(in fact: FactRecord, among facts: [FactRecord], _ entry: Int) -> Found? {
    let parts = fact.subject.split(separator: "@", maxSplits: 1).map(String.init)
    guard parts.count == 2,
      let database = reading.plan.inventory?.databases?.first(where: { $0.name == parts[0] }),
      let column = database.heartbeatColumn, let rows = fact.value?.arrayValue
    else { return nil }
    let own = facts.filter { $0.property == "guid" && $0.subject.hasPrefix(parts[1] + ".") }
      .compactMap { $0.value?.stringValue.map(Self.normalised) }
    let foreign = rows.filter { row in
      !own.contains(Self.normalised(row[database.guidColumn ?? "guid"]?.stringValue ?? ""))
    }
    let beats = foreign.compactMap { $0[column]?.stringValue.flatMap(Timestamp.init(rfc3339:)) }
    guard let last = beats.max(), last < reading.first.at else { return nil }
    return Found(at: last, subject: fact.subject, entry: entry)
  }

  private static func normalised(_ guid: String) -> String {
    guid.filter { !$0.isWhitespace && $0 != "{" && $0 != "}" }.lowercased()
  }
}
