public import Journal

/// Which entries a reviewer looks for. All that is given must hold.
public struct EntryCriteria: Sendable {
  /// Each occurs in the entry's text; ASCII letters match in either case.
  public var words: [String] = []
  public var run: String?
  /// `step.ended`, or the part before the dot: `gate`.
  public var kinds: [String] = []
  /// As the runbook calls it, or of one host.
  public var step: String?
  /// What the entry is about: the target of its step, or a subject of one of its facts, `dr.scheduler`, `scheduler@dr`.
  public var host: String?
  public var person: String?
  /// How a step, a gate or a run ended: `changed`, `would_change`, `granted`, `in_doubt`.
  public var outcome: String?
  public var since: Timestamp?
  public var until: Timestamp?

  public init() {}

  /// The kinds of entries that there are.
  public static let allKinds = [
    RunStarted.kind, RunResumed.kind, RunAborted.kind, RunEnded.kind, PrecheckJudged.kind,
    StepStarted.kind,
    StepIntent.kind, StepActed.kind, StepEnded.kind, StepRehearsed.kind, GateAsked.kind,
    GateAnswered.kind, GateVoided.kind, PermitGranted.kind, ProbeFilesPlanned.kind,
    ProbeFilesRemoved.kind, ReadinessJudged.kind, LostSiteAssumed.kind, LostSitePointers.kind,
    KeyCreated.kind,
    KeyRotated.kind,
  ]

  /// What the journal can leave out before it is read: every entry that is admitted passes it.
  public var filter: EntryFilter {
    EntryFilter(
      run: run, kinds: kinds.isEmpty ? nil : Set(kinds.flatMap(Self.kinds)), since: since,
      until: until,
      containing: words.map { String(JSON.string($0).description.dropFirst().dropLast()) }
        + [
          step.map { EntryText.memberBeginning("step", $0) },
          person.map { JSON.string($0).description },
          host.map { String(JSON.string($0).description.dropLast()) },
        ].compactMap(\.self))
  }

  /// A kind of a later version, or of another's, is taken as it is.
  private static func kinds(named name: String) -> [String] {
    let family = allKinds.filter { $0.hasPrefix(name + ".") }
    return family.isEmpty ? [name] : family
  }

  /// Whether an entry that passed the filter is one of those looked for.
  public func admits(_ entry: Entry) -> Bool {
    isOfStep(entry) && (person.map { entry.names(person: $0) } ?? true)
      && (host.map { entry.isAbout($0) } ?? true)
      && (outcome.map { entry.outcome == $0 } ?? true)
  }

  private func isOfStep(_ entry: Entry) -> Bool {
    guard let step else { return true }
    return entry.step == step || entry.step?.hasPrefix(step + "@") == true
  }
}

extension Entry {
  /// How what it tells of ended; nil when it tells of no end.
  var outcome: String? {
    if kind == GateAnswered.kind {
      return body["granted"]?.booleanValue.map { $0 ? "granted" : "refused" }
    }
    return body["outcome"]?.stringValue ?? body["ending"]?.stringValue
      ?? (kind == PrecheckJudged.kind ? body["verdict"]?["verdict"]?.stringValue : nil)
  }

  func isAbout(_ target: String) -> Bool {
    if body["target"]?.stringValue == target { return true }
    return ["observation", "predicted", "facts"].contains { list in
      (body[list]?.arrayValue ?? []).contains { fact in
        guard let subject = fact["subject"]?.stringValue else { return false }
        return subject == target || subject.hasPrefix(target + "/")
      }
    }
  }
}
