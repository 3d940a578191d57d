/// One run, as its first and last entries tell.
public struct RunSummary: Sendable, Hashable, Codable {
  public let id: String
  /// The runbook's name; nil when the entry doesn't say.
  public let runbook: String?
  /// `failover`, `drill`, …; nil when the entry doesn't say.
  public let runType: String?
  /// `execution`, `rehearsal` or `readiness`; nil when the entry doesn't say.
  public let type: String?
  /// Who began it; nil when the entry doesn't say.
  public let person: PersonRecord?
  public let startedAt: Timestamp
  /// nil while it runs, and when its runner died.
  public let endedAt: Timestamp?
  /// One of `RunEnded.Ending`; nil when `endedAt` is.
  public let ending: String?
  /// The place of its first entry.
  public let firstIndex: Int
  /// The place of the entry that ended it; nil when `endedAt` is.
  public let endIndex: Int?

  /// `last` is the last of the run's entries that say that it ended or went on; nil when there is none.
  public init(first: Entry, last: Entry?) {
    let end = last?.kind == RunEnded.kind ? last : nil
    id = first.run ?? ""
    runbook = first.body["runbook"]?.stringValue
    runType = first.body["run_type"]?.stringValue
    type = first.body["type"]?.stringValue
    person = first.body["person"].flatMap { person in
      guard let user = person["user"]?.stringValue, let host = person["host"]?.stringValue
      else { return nil }
      return PersonRecord(user: user, host: host, realUser: person["real_user"]?.stringValue)
    }
    startedAt = first.at
    endedAt = end?.at
    ending = end?.body["ending"]?.stringValue
    firstIndex = first.index
    endIndex = end?.index
  }

  enum CodingKeys: String, CodingKey {
    case id, runbook, type, person, ending
    case runType = "run_type"
    case startedAt = "started_at"
    case endedAt = "ended_at"
    case firstIndex = "first_index"
    case endIndex = "end_index"
  }
}

extension Journal {
  /// The first entries of runs, the last run's first. Of `filter` the kinds are set here.
  public func runStarts(matching filter: EntryFilter = .all) -> EntrySequence {
    var filter = filter
    filter.kinds = [RunStarted.kind]
    return entriesFromTheEnd(matching: filter)
  }

  /// The run that this first entry begins.
  public func summary(ofRunBeginningWith first: Entry) async throws -> RunSummary {
    guard let run = first.run else { return RunSummary(first: first, last: nil) }
    let ends = EntryFilter(run: run, kinds: [RunEnded.kind, RunResumed.kind])
    var iterator = entriesFromTheEnd(matching: ends, pageSize: 1).makeAsyncIterator()
    return RunSummary(first: first, last: try await iterator.next())
  }

  /// The first entry of the run of this name; nil when there is no such run.
  public func start(ofRun run: String) async throws -> Entry? {
    var iterator = runStarts(matching: EntryFilter(run: run)).makeAsyncIterator()
    return try await iterator.next()
  }
}
