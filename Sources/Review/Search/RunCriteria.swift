public import Journal

/// Which runs a reviewer asks for. All that is given must hold.
public struct RunCriteria: Sendable {
  public var since: Timestamp?
  public var until: Timestamp?
  public var runbook: String?
  public var type: RunStarted.RunKind?
  /// One of `RunEnded.Ending`, or `open` for a run that no end is written of.
  public var outcome: String?
  /// A step that its plan has, as the runbook calls it, or of one host.
  public var step: String?
  /// A target of one of its plan's steps: `dr.scheduler`, `scheduler@dr`.
  public var host: String?
  public var person: String?

  /// The outcome of a run that has none yet.
  public static let open = "open"
  /// What `outcome` may be.
  public static let outcomes = RunEnded.Ending.allCases.map(\.rawValue) + [open]

  public init(type: RunStarted.RunKind? = nil) { self.type = type }

  /// What the journal can leave out before it is read: every first entry that is admitted passes it.
  public var filter: EntryFilter {
    EntryFilter(
      since: since, until: until,
      containing: [
        runbook.map { EntryText.member("runbook", $0) },
        type.map { EntryText.member("type", $0.rawValue) },
        step.map { EntryText.memberBeginning("id", $0) },
        host.map { EntryText.valueEnding(PlannedTarget.endOfName(in: $0)) },
      ].compactMap(\.self))
  }

  /// Where an end is asked for, the entries that write such an end: there are fewer of them than of runs.
  public var filterOfEnds: EntryFilter? {
    guard let outcome, outcome != Self.open else { return nil }
    return EntryFilter(
      kinds: [RunEnded.kind], containing: [EntryText.member("ending", outcome)])
  }

  /// Whether a run's first entry is of one that is asked for, as far as that entry tells. Throws `JSONError` when its
  /// plan can't be read.
  public func admits(_ first: Entry) throws -> Bool {
    guard since.map({ first.at >= $0 }) ?? true, until.map({ first.at < $0 }) ?? true,
      runbook == nil || first.body["runbook"]?.stringValue == runbook,
      type == nil || first.body["type"]?.stringValue == type?.rawValue
    else { return false }
    guard step != nil || host != nil else { return true }
    guard let plan = first.body["plan"] else { return false }
    let outline = try plan.decode(PlanOutline.self)
    return ((outline.prechecks ?? []) + outline.steps).contains { planned in
      (step == nil || planned.id == step || planned.runbookID == step)
        && (host == nil || planned.target?.text == host)
    }
  }

  /// Whether the run ended as asked for.
  public func admits(_ run: RunSummary) -> Bool {
    outcome == nil || (run.ending ?? Self.open) == outcome
  }
}

extension Entry {
  /// Whether it names that person as the one who did what it states: by the account, or the one behind `sudo`.
  public func names(person name: String) -> Bool {
    guard let person = body["person"] else { return false }
    return person["user"]?.stringValue == name || person["real_user"]?.stringValue == name
  }
}

/// Texts that an entry's canonical bytes hold when one of its members has a value.
enum EntryText {
  static func member(_ name: String, _ value: String) -> String {
    "\(JSON.string(name)):\(JSON.string(value))"
  }

  /// When the value of some member ends so.
  static func valueEnding(_ end: String) -> String {
    String(JSON.string(end).description.dropFirst())
  }

  /// When the member's value begins so.
  static func memberBeginning(_ name: String, _ value: String) -> String {
    String(member(name, value).dropLast())
  }
}
