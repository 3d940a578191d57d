public import Journal

/// An execution that stopped, and can be resumed yet.
public struct UnfinishedRun: Sendable, Hashable, Encodable {
  public let run: String
  public let runbook: String
  /// As a standing's `state`.
  public let state: String
  public let lastEntryAt: Timestamp

  enum CodingKeys: String, CodingKey {
    case run, runbook, state
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
  }

  /// What happened to it, when, and how it goes on.
  public func text(at now: Timestamp) -> String {
    let ending = RunEnded.Ending(rawValue: state).map { Words.ending($0).lowercased() } ?? state
    let ago = now.duration(since: lastEntryAt).spoken
    return
      "\(run) (\(runbook)) is unfinished: \(ending), \(ago) ago; 'lifeboat resume \(run)' goes on with it"
  }
}
