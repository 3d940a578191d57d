/// The kinds of entries whose bodies the journal itself reads, to list runs.
public enum EntryKind {
  /// Body: `runbook` (its name) and `type` (`execution` or `rehearsal`), both strings.
  public static let runStarted = "run.started"
  /// Body: `outcome`, a string. A run that is resumed after it ended has several; the last counts.
  public static let runFinished = "run.finished"
}

/// One run, as its first and last entries tell.
public struct RunSummary: Sendable, Hashable {
  public let id: String
  /// The runbook's name; nil when the entry doesn't say.
  public let runbook: String?
  /// `execution` or `rehearsal`; nil when the entry doesn't say.
  public let type: String?
  public let startedAt: Timestamp
  /// nil while it is not finished: running, stopped, or crashed.
  public let finishedAt: Timestamp?
  public let outcome: String?
  /// The place of its first entry.
  public let firstIndex: Int
}

extension Journal {
  /// All runs, in the order of their starts.
  public func runs() async throws -> [RunSummary] {
    var order: [String] = []
    var runs: [String: RunSummary] = [:]
    let filter = EntryFilter(kinds: [EntryKind.runStarted, EntryKind.runFinished])
    for try await entry in entries(matching: filter) {
      guard let id = entry.run else { continue }
      if let run = runs[id] {
        runs[id] = run.continued(by: entry)
      } else if entry.kind == EntryKind.runStarted {
        order.append(id)
        runs[id] = RunSummary(startedBy: entry, id: id)
      }
    }
    return order.compactMap { runs[$0] }
  }
}

extension RunSummary {
  fileprivate init(startedBy entry: Entry, id: String) {
    self.init(
      id: id, runbook: entry.body["runbook"]?.stringValue, type: entry.body["type"]?.stringValue,
      startedAt: entry.at, finishedAt: nil, outcome: nil, firstIndex: entry.index)
  }

  /// A second start changes nothing: it can only be a mistake, which the entries show.
  fileprivate func continued(by entry: Entry) -> RunSummary {
    guard entry.kind == EntryKind.runFinished else { return self }
    return RunSummary(
      id: id, runbook: runbook, type: type, startedAt: startedAt, finishedAt: entry.at,
      outcome: entry.body["outcome"]?.stringValue, firstIndex: firstIndex)
  }
}
