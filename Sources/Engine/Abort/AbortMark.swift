public import Journal

/// Marks the run that is undone, so that it can't be resumed any more: once, before the first act of undoing.
actor AbortMark {
  private let recorder: Recorder
  private let run: String
  private let person: PersonRecord
  private var isMade: Bool

  init(_ recorder: Recorder, on run: String, by person: PersonRecord, isMade: Bool) {
    self.recorder = recorder
    self.run = run
    self.person = person
    self.isMade = isMade
  }

  /// Durable when it returns.
  func make() async throws {
    guard !isMade else { return }
    try await recorder.record(RunAborted(by: recorder.run, person: person), ofRun: run)
    isMade = true
  }
}

extension AbortsRecord {
  /// Throws `EngineError` unless the undoing still stands on what the journal holds: the run has not gone on since, and no
  /// other run has acted on its sites since it first did. Returns whether `own`, the run that undoes it, has marked it.
  @discardableResult
  public func requireUnmoved(
    in journal: Journal, sites: [String], undoneBy own: String? = nil
  ) async throws -> Bool {
    let recorded = try await RecordedRun.read(run, from: journal)
    if recorded.aborted?.by != own { try recorded.requireNotAborted() }
    let isMarked = own != nil && recorded.aborted?.by == own
    guard recorded.lastEntry == lastEntry || isMarked else {
      throw EngineError(
        "abort.moved_on", "\(run) has gone on since its undoing was planned",
        advice: "'lifeboat explain \(run)' says where it stands; 'lifeboat abort \(run)' plans anew"
      )
    }
    try await requireNotOvertaken(in: journal, sites: sites, undoneBy: own)
    return isMarked
  }

  /// Throws `EngineError` when a run other than the one that is undone and `own` has acted on the sites since the first intent.
  public func requireNotOvertaken(
    in journal: Journal, sites: [String], undoneBy own: String? = nil
  ) async throws {
    let sites = Set(sites)
    var seen = Set([run, own].compactMap(\.self))
    let intents = EntryFilter(kinds: [StepIntent.kind])
    for try await entry in journal.entries(from: firstIntent, matching: intents) {
      guard let other = entry.run, seen.insert(other).inserted,
        let started = try await journal.start(ofRun: other)?.record(RunStarted.self),
        !sites.isDisjoint(with: started.sites)
      else { continue }
      throw EngineError(
        "abort.overtaken",
        "\(other) (\(started.runbook)) has acted on \(sites.sorted().joined(separator: ", ")) since \(run) began to",
        advice:
          "what \(run) did can't be told from what that did any more: a runbook leads from here to where "
          + "you want to be")
    }
  }
}
