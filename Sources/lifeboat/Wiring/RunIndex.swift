import Engine
import Journal
import Review

/// Finds runs by what a person types, without reading more of the journal than that takes.
struct RunIndex {
  let journal: Journal

  func entries(of run: String) async throws -> [Entry] {
    try await journal.entries(run: run).collect()
  }

  /// Whether a living runner holds the sites of the run whose entries these are.
  func isHeld(_ entries: [Entry]) async throws -> Bool {
    guard let epoch = entries.last?.epoch else { return false }
    return try await journal.leases().contains { record in
      guard record.epoch == epoch, let tenure = record.tenure else { return false }
      return try HolderCheck.onThisMachine(tenure.holder) != .dead
    }
  }

  /// What the run of that name did, by step; the last one's when none is named.
  func account(of name: String?) async throws -> RunAccount {
    let id = try await resolve(name, onlyExecutions: false)
    guard let account = try RunAccount(try await entries(of: id)) else {
      throw JournalError(
        code: .damaged, message: "the run \(id) doesn't begin with its first entry",
        advice: "Run 'lifeboat audit verify'.", path: journal.path)
    }
    return account
  }

  /// How long the steps of a runbook took, in its last executions.
  func history(of runbook: String) async throws -> RunbookHistory {
    var criteria = RunCriteria(type: .execution)
    criteria.runbook = runbook
    var history = RunbookHistory()
    for run in try await matching(criteria, limit: Self.historyLength).runs {
      let filter = EntryFilter(run: run.id, kinds: RunbookHistory.kinds)
      let entries = try await journal.entries(matching: filter).collect()
      if let account = try RunAccount(entries) { history.add(account) }
    }
    return history
  }

  /// What the last readiness run of a runbook that came to its end found; nil when there is none.
  func lastReadiness(of runbook: String) async throws -> ReadinessReport? {
    var criteria = RunCriteria(type: .readiness)
    criteria.runbook = runbook
    for run in try await matching(criteria, limit: Self.historyLength).runs where run.ending != nil
    {
      if let report = try ReadinessReport(try await entries(of: run.id)) { return report }
    }
    return nil
  }

  /// The executions that can be resumed, but for `run`, since the last one that was done: what it left behind is done. The
  /// last one first.
  func unfinished(besides run: String? = nil) async throws -> [UnfinishedRun] {
    var found: [UnfinishedRun] = []
    for each in try await matching(RunCriteria(type: .execution), limit: Self.historyLength).runs {
      let entries = try await entries(of: each.id)
      if each.ending == RunEnded.Ending.done.rawValue, entries.first?.body["aborts"] == nil {
        break
      }
      guard each.id != run else { continue }
      let isHeld = try await isHeld(entries)
      do {
        guard let unfinished = try UnfinishedRun(entries, isHeld: isHeld) else { continue }
        // What others have done since keeps no run but an undo from being resumed.
        let isUndo = entries.first?.body["aborts"] != nil
        if isUndo, try await impasse(of: entries) != nil { continue }
        found.append(unfinished)
      } catch let error as JSONError {
        // What an old run wrote is no reason to say nothing of another, or not to begin a new one.
        found.append(UnfinishedRun(each, unreadable: error, lastEntryAt: entries.last?.at))
      }
    }
    return found
  }

  /// Of an unfinished run: what other runs have done since it stopped that keeps it from being resumed, where it undoes
  /// another one, and from being undone, where it doesn't.
  func impasse(of entries: [Entry]) async throws -> Impasse? {
    guard let first = entries.first, let run = first.run, let last = entries.last,
      let started = try first.record(RunStarted.self)
    else { return nil }
    do {
      if let aborts = started.aborts {
        try await aborts.requireUnmoved(in: journal, sites: started.sites, undoneBy: run)
      } else if let intent = entries.first(where: { $0.kind == StepIntent.kind }) {
        let undo = AbortsRecord(run: run, firstIntent: intent.index, lastEntry: last.index)
        try await undo.requireNotOvertaken(in: journal, sites: started.sites)
      }
      return nil
    } catch let error as EngineError {
      return Impasse(message: error.message, advice: error.advice)
    } catch let error as JSONError {
      return Impasse(
        message: "a run that has to do with it can't be read: \(error)",
        advice: "'lifeboat audit verify' checks the journal")
    }
  }

  /// How many executions a forecast goes by: those of long ago tell little of what a run takes today.
  private static let historyLength = 50

  /// The runs that meet `criteria`, the last one first, or, when an end is asked for, the one that ended last: at most
  /// `limit`, and whether there are more.
  func matching(
    _ criteria: RunCriteria, limit: Int
  ) async throws -> (runs: [RunSummary], hasMore: Bool) {
    if let ends = criteria.filterOfEnds {
      return try await collect(limit, from: journal.entriesFromTheEnd(matching: ends)) { end in
        guard let id = end.run, let first = try await journal.start(ofRun: id) else { return nil }
        let run = try await run(beginningWith: first, meeting: criteria)
        // A run may have ended so before, and have gone on since.
        return run?.endIndex == end.index ? run : nil
      }
    }
    return try await collect(limit, from: journal.runStarts(matching: criteria.filter)) { first in
      try await run(beginningWith: first, meeting: criteria)
    }
  }

  private func collect(
    _ limit: Int, from entries: EntrySequence, _ summary: (Entry) async throws -> RunSummary?
  ) async throws -> (runs: [RunSummary], hasMore: Bool) {
    var runs: [RunSummary] = []
    for try await entry in entries {
      guard let run = try await summary(entry) else { continue }
      if runs.count == limit { return (runs, true) }
      runs.append(run)
    }
    return (runs, false)
  }

  private func run(
    beginningWith first: Entry, meeting criteria: RunCriteria
  ) async throws -> RunSummary? {
    guard try criteria.admits(first), try await isOfPerson(criteria, first) else { return nil }
    let run = try await journal.summary(ofRunBeginningWith: first)
    return criteria.admits(run) ? run : nil
  }

  /// Whoever began a run, went on with it, or answered one of its gates, was of it.
  private func isOfPerson(_ criteria: RunCriteria, _ first: Entry) async throws -> Bool {
    guard let person = criteria.person else { return true }
    if first.names(person: person) { return true }
    guard let run = first.run else { return false }
    let filter = EntryFilter(run: run, kinds: [RunResumed.kind, GateAnswered.kind])
    for try await entry in journal.entries(matching: filter) where entry.names(person: person) {
      return true
    }
    return false
  }

  /// The run of that name, or whose name alone ends so; the last one when none is named.
  func resolve(_ name: String?, onlyExecutions: Bool) async throws -> String {
    guard let name else { return try await last(onlyExecutions: onlyExecutions) }
    if try await journal.start(ofRun: name) != nil { return name }
    let matching = try await journal.runs(endingIn: name)
    guard matching.count == 1, let match = matching.first else {
      throw EngineError(
        "run.not_found",
        matching.isEmpty
          ? "the journal has no run \(name)" : "\(matching.count) runs end in \(name)",
        advice: "'lifeboat audit list' shows them")
    }
    return match
  }

  private func last(onlyExecutions: Bool) async throws -> String {
    let criteria = RunCriteria(type: onlyExecutions ? .execution : nil)
    guard let last = try await matching(criteria, limit: 1).runs.first else {
      throw EngineError(
        "run.not_found", "the journal has no \(onlyExecutions ? "execution" : "run") yet",
        advice: "'lifeboat rehearse' and 'lifeboat execute' begin one")
    }
    return last.id
  }
}
