/// One run, as its first and last entries tell.
public struct RunSummary: Sendable, Hashable, Codable {
  public let id: String
  /// The runbook's name; nil when the entry doesn't say.
  public let runbook: String?
  /// `execution` or `rehearsal`; nil when the entry doesn't say.
  public let type: String?
  public let startedAt: Timestamp
  /// nil while it runs, and when its runner died.
  public let endedAt: Timestamp?
  /// One of `RunEnded.Ending`; nil when `endedAt` is.
  public let ending: String?
  /// The place of its first entry.
  public let firstIndex: Int
}

extension Journal {
  /// All runs, in the order of their starts.
  public func runs() async throws -> [RunSummary] {
    var order: [String] = []
    var runs: [String: RunSummary] = [:]
    let filter = EntryFilter(kinds: [RunStarted.kind, RunResumed.kind, RunEnded.kind])
    for try await entry in entries(matching: filter) {
      guard let id = entry.run else { continue }
      if let run = runs[id] {
        runs[id] = run.continued(by: entry)
      } else if entry.kind == RunStarted.kind {
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
      startedAt: entry.at, endedAt: nil, ending: nil, firstIndex: entry.index)
  }

  /// A second start changes nothing: it can only be a mistake, which the entries show.
  fileprivate func continued(by entry: Entry) -> RunSummary {
    let isEnd = entry.kind == RunEnded.kind
    guard isEnd || entry.kind == RunResumed.kind else { return self }
    return RunSummary(
      id: id, runbook: runbook, type: type, startedAt: startedAt, endedAt: isEnd ? entry.at : nil,
      ending: isEnd ? entry.body["ending"]?.stringValue : nil, firstIndex: firstIndex)
  }

  enum CodingKeys: String, CodingKey {
    case id, runbook, type, ending
    case startedAt = "started_at"
    case endedAt = "ended_at"
    case firstIndex = "first_index"
  }
}
