public import Journal

/// An execution that stopped, and can be resumed yet; or one of which that can't be told.
public struct UnfinishedRun: Sendable, Hashable, Encodable {
  public let run: String
  /// Nil when its first entry doesn't say.
  public let runbook: String?
  /// As a standing's `state`; `unreadable` when it can't be told.
  public let state: String
  public let lastEntryAt: Timestamp
  /// Why it is `unreadable`.
  public let reason: String?

  enum CodingKeys: String, CodingKey {
    case run, runbook, state, reason
    case lastEntryAt = "last_entry_at"
  }

  /// Nil of a run that goes on, is done, or can't be resumed any more, and when the entries don't begin with a run's first.
  /// Throws `JSONError` when a body is not what its kind says.
  public init?(_ entries: [Entry], isHeld: Bool) throws {
    guard let sight = try RunSight(entries, isHeld: isHeld), sight.reading.aborted == nil,
      sight.conclusion.state != .running, sight.conclusion.resumable
    else { return nil }
    run = sight.reading.run
    runbook = sight.reading.started.runbook
    state = sight.state
    lastEntryAt = sight.reading.last.at
    reason = nil
  }

  /// A run with an entry whose body is not what its kind says.
  public init(_ summary: RunSummary, unreadable error: JSONError, lastEntryAt: Timestamp?) {
    run = summary.id
    runbook = summary.runbook
    state = "unreadable"
    self.lastEntryAt = lastEntryAt ?? summary.startedAt
    reason = "\(error)"
  }

  /// What happened to it, when, and how it goes on.
  public func text(at now: Timestamp) -> String {
    let name = runbook.map { "\(run) (\($0))" } ?? run
    let ago = "\(now.duration(since: lastEntryAt).spoken) ago"
    if let reason {
      return
        "\(name), \(ago), can't be read, so whether it is unfinished can't be told: \(reason); "
        + "'lifeboat audit verify' checks the journal"
    }
    let ending = RunEnded.Ending(rawValue: state).map { Words.ending($0).lowercased() } ?? state
    return "\(name) is unfinished: \(ending), \(ago); 'lifeboat resume \(run)' goes on with it"
  }
}
