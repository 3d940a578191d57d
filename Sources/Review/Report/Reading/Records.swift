import Journal

extension Sitting {
  /// The sitting as of a later entry of it.
  func reaching(_ entry: Entry, ms: Int, ended: RunEnded?) -> Sitting {
    Sitting(
      person: person, version: version, beganAt: beganAt, beganMs: beganMs, lastAt: entry.at,
      lastMs: ms, ending: ended?.ending.rawValue, message: ended?.message,
      takenOverFrom: takenOverFrom)
  }
}

extension PrecheckReport {
  init(_ record: PrecheckJudged, _ entry: Entry, id: String) {
    self.init(
      id: id, entry: entry.index, at: entry.at, name: record.name, action: record.action,
      critical: record.critical, verdict: record.verdict, observation: record.observation,
      accepted: record.accepted)
  }
}

extension StepReport.Attempt {
  init(_ record: StepIntent, _ entry: Entry) {
    self.init(
      attempt: record.attempt, entry: entry.index, at: entry.at, verdict: record.verdict,
      before: record.observation, guards: record.guards, predicted: record.predicted, acted: nil)
  }

  /// The attempt, and what acting said of itself.
  func acting(_ record: StepActed, _ entry: Entry) -> StepReport.Attempt {
    StepReport.Attempt(
      attempt: attempt, entry: self.entry, at: at, verdict: verdict, before: before,
      guards: guards, predicted: predicted,
      acted: Acted(
        entry: entry.index, at: entry.at, evidence: record.evidence, failure: record.failure))
  }
}

extension StepReport.End {
  init(_ record: StepEnded, _ entry: Entry, ms: Int) {
    self.init(
      entry: entry.index, at: entry.at, atMs: ms, outcome: record.outcome.rawValue,
      message: record.message, after: record.observation, guards: record.guards,
      misses: record.misses, failure: record.failure, tolerated: record.tolerated)
  }
}

extension StepReport.Rehearsed {
  init(_ record: StepRehearsed, _ entry: Entry) {
    self.init(
      entry: entry.index, at: entry.at, basis: record.basis.rawValue,
      observation: record.observation, guards: record.guards, predicted: record.predicted,
      behind: record.behind, operations: record.operations)
  }
}
