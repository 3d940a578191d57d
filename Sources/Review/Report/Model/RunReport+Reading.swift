public import Journal

/// A run as its entries tell it: what a report and a standing are made of.
struct RunSight {
  let reading: RunReading
  let conclusion: Conclusion
  let criticalPath: [CriticalStep]
  let steps: [StepReport]
  let gates: [GateReport]
  let recovery: RecoveryTime?
  let dataLoss: [DataLoss]
  /// Of a run that undoes another one: why it can't be resumed. Of any other: why it can't be undone.
  let impasse: Impasse?

  /// Nil when the entries don't begin with a run's first. Throws `JSONError` when a body is not what its kind says.
  init?(_ entries: [Entry], isHeld: Bool, impasse: Impasse? = nil) throws {
    guard let reading = try RunReading(entries) else { return nil }
    self.reading = reading
    self.impasse = impasse
    let critical = CriticalPathTaken(reading: reading).find()
    let onPath = Set(critical.map(\.step))
    criticalPath = critical
    conclusion = Conclusion(reading, isHeld: isHeld)
    steps = reading.plan.steps.enumerated().map { place, step in
      StepReport(step, at: place + 1, in: reading, isCritical: onPath.contains(step.id))
    }
    gates = reading.gates.reports
    recovery = RecoveryMeasure(reading: reading).measure()
    dataLoss = LossMeasure(reading: reading).measure()
  }

  /// Whether it undoes another run, and what happened since keeps it from being resumed.
  var isSuperseded: Bool { impasse != nil && reading.started.aborts != nil }
  var isResumable: Bool { conclusion.resumable && !isSuperseded }

  /// Without a proof nothing is said of signatures.
  func attention(_ proof: ReportProof?) -> [Attention] {
    AttentionList(
      reading: reading, conclusion: conclusion, steps: steps, gates: gates, recovery: recovery,
      dataLoss: dataLoss, proof: proof
    ).all
  }
}

extension RunReport {
  /// Nil when the entries don't begin with a run's first. Throws `JSONError` when a body is not what its kind says.
  ///
  /// - Parameter isHeld: whether a living runner holds the run's sites.
  public init?(_ entries: [Entry], isHeld: Bool, proof: ReportProof) throws {
    guard let sight = try RunSight(entries, isHeld: isHeld) else { return nil }
    let reading = sight.reading
    let end = reading.ms(of: reading.last)
    self.init(
      schema: Self.schema, run: RunIdentity(reading), conclusion: sight.conclusion,
      attention: sight.attention(proof), recovery: sight.recovery, dataLoss: sight.dataLoss,
      time: TimeSpent(
        totalMs: end, spent: reading.timeline.spans.spent(from: 0, to: end),
        spans: reading.timeline.spans),
      sittings: reading.sittings, prechecks: reading.prechecks, steps: sight.steps,
      gates: sight.gates, criticalPath: sight.criticalPath, proof: proof)
  }
}

extension RunIdentity {
  fileprivate init(_ reading: RunReading) {
    let started = reading.started
    self.init(
      id: reading.run, type: started.type.rawValue, runbook: started.runbook,
      runType: started.runType, description: started.description, sites: started.sites,
      parameters: reading.plan.parameters ?? [:], planDigest: started.planDigest,
      runbookFile: started.runbookFile, inventoryFile: started.inventoryFile,
      startedAt: reading.first.at, person: started.person, version: started.version,
      objectives: Objectives(
        rto: reading.plan.objectives?.rto, rpo: reading.plan.objectives?.rpo),
      savedPlan: started.savedPlan, proof: started.proof)
  }
}

extension Conclusion {
  fileprivate init(_ reading: RunReading, isHeld: Bool) {
    if let ended = reading.ended {
      self.init(
        state: .ended, ending: ended.ending.rawValue, message: ended.message,
        advice: reading.aborted.map { "lifeboat explain \($0.by)" } ?? ended.advice,
        step: ended.step, resumable: ended.resumable && reading.aborted == nil,
        at: reading.last.at,
        outcomes: ended.outcomes, fidelityPercent: ended.fidelityPercent)
      return
    }
    let open = reading.plan.steps.map(\.id).filter { reading.steps[$0]?.openState == .mayHaveActed }
    let doing =
      open.isEmpty
      ? "no step was being done"
      : "while it did \(open.joined(separator: ", ")), of which nobody knows how far it came until it is looked at"
    let outcomes = Dictionary(
      reading.steps.values.compactMap { $0.openState == nil ? $0.ends.last?.outcome : nil }
        .map { ($0, 1) }, uniquingKeysWith: +)
    let isResumable = reading.started.type == .execution && reading.aborted == nil
    self.init(
      state: isHeld ? .running : .noEndWritten, ending: nil,
      message: isHeld
        ? "It was running when this report was made: what follows is as of its last entry."
        : "No end is written: its runner was killed, \(doing).",
      advice: isHeld || !isResumable ? nil : "lifeboat resume \(reading.run)",
      step: open.first, resumable: isResumable, at: reading.last.at, outcomes: outcomes,
      fidelityPercent: nil)
  }
}

extension StepReport {
  fileprivate init(
    _ step: ReportPlan.Step, at place: Int, in reading: RunReading, isCritical: Bool
  ) {
    let own = reading.steps[step.id] ?? RunReading.StepReading()
    let state: State =
      own.openState
      ?? (own.rehearsed != nil ? .rehearsed : own.ends.isEmpty ? .notBegun : .ended)
    let last = own.ends.last
    self.init(
      id: step.id, name: step.name, action: step.action ?? "", target: own.target, place: place,
      partOf: step.fanOut?.step, depends: step.depends ?? [], state: state,
      outcome: own.rehearsed?.record.outcome.rawValue ?? last?.outcome,
      message: own.rehearsed?.record.message ?? last?.message,
      tolerated: last?.tolerated ?? false, failure: last?.failure, beganMs: own.beganMs,
      endedMs: own.settledEnd?.atMs, isCritical: isCritical,
      spans: reading.timeline.spans(of: step.id), attempts: own.attempts, ends: own.ends,
      rehearsed: own.rehearsed.map { StepReport.Rehearsed($0.record, $0.entry) })
  }
}
