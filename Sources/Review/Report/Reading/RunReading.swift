import Journal

/// One run's entries, read once, in the order in which they were written.
struct RunReading {
  /// What the entries of one step say.
  struct StepReading {
    var attempts: [StepReport.Attempt] = []
    var ends: [StepReport.End] = []
    var rehearsed: (record: StepRehearsed, entry: Entry)?
    var target: String?
    var beganMs: Int?
    /// Begun, or acting, with no end written since.
    var openState: StepReport.State?
  }

  let run: String
  let first: Entry
  private(set) var last: Entry
  let started: RunStarted
  let plan: ReportPlan
  private(set) var steps: [String: StepReading] = [:]
  private(set) var prechecks: [PrecheckReport] = []
  private(set) var gates = GateLedger()
  private(set) var sittings: [Sitting] = []
  private(set) var timeline: TimelineReading
  private(set) var ended: RunEnded?
  /// Another run has begun to undo it.
  private(set) var aborted: RunAborted?
  /// Entries whose time is before that of an earlier one.
  private(set) var clockSetBack: [Int] = []
  /// What a rehearsal took for lost.
  private(set) var assumedLost: (record: LostSiteAssumed, entry: Int)?
  /// What pointed there.
  private(set) var pointers: (record: LostSitePointers, entry: Int)?
  /// Entries of kinds that this version doesn't know.
  private(set) var unknownKinds: [Entry] = []
  /// Milliseconds since the run's start, by entry. They never go back.
  private var moments: [Int: Int] = [:]
  private var latestMs = 0

  /// Nil when the entries don't begin with a run's first. Throws `JSONError` when a body is not what its kind says.
  init?(_ entries: [Entry]) throws {
    guard let first = entries.first, let run = first.run,
      let started = try first.record(RunStarted.self)
    else { return nil }
    self.run = run
    self.first = first
    self.started = started
    last = first
    plan = try started.plan.decode(ReportPlan.self)
    timeline = TimelineReading(plan)
    for entry in entries { try take(entry) }
  }

  func ms(of entry: Entry) -> Int { moments[entry.index] ?? 0 }

  /// Milliseconds from the run's start to a moment; negative before it.
  func ms(at moment: Timestamp) -> Int {
    moment.duration(since: first.at).wholeMilliseconds
  }

  private mutating func take(_ entry: Entry) throws {
    // Another run's word, however long after this one's end.
    if let record = try entry.record(RunAborted.self) {
      aborted = record
      return
    }
    let own = ms(at: entry.at)
    if own < latestMs { clockSetBack.append(entry.index) }
    latestMs = max(latestMs, own)
    moments[entry.index] = latestMs
    try timeline.take(entry, at: latestMs)
    try takeRun(entry)
    if let step = entry.step { try takeStep(entry, step) }
    last = entry
    if !Self.knownKinds.contains(entry.kind) { unknownKinds.append(entry) }
  }

  private static let knownKinds: Set<String> = [
    RunStarted.kind, RunResumed.kind, RunAborted.kind, RunEnded.kind, PrecheckJudged.kind,
    StepStarted.kind,
    StepIntent.kind, StepActed.kind, StepEnded.kind, StepRehearsed.kind, GateAsked.kind,
    GateAnswered.kind, GateVoided.kind, ProbeFilesPlanned.kind, ProbeFilesRemoved.kind,
    LostSiteAssumed.kind, LostSitePointers.kind,
  ]

  // MARK: - The run

  private mutating func takeRun(_ entry: Entry) throws {
    if entry.index == first.index {
      sit(entry, started.person, started.version, started.takenOverFrom)
    } else if let record = try entry.record(RunResumed.self) {
      ended = nil
      sit(entry, record.person, record.version, record.takenOverFrom)
    } else if let record = try entry.record(RunEnded.self) {
      ended = record
    } else if let record = try entry.record(LostSiteAssumed.self) {
      assumedLost = (record, entry.index)
    } else if let record = try entry.record(LostSitePointers.self) {
      pointers = (record, entry.index)
    }
    if let sitting = sittings.popLast() {
      sittings.append(sitting.reaching(entry, ms: latestMs, ended: ended))
    }
  }

  private mutating func sit(
    _ entry: Entry, _ person: PersonRecord, _ version: String, _ takenOverFrom: [String]
  ) {
    sittings.append(
      Sitting(
        person: person, version: version, beganAt: entry.at, beganMs: latestMs, lastAt: entry.at,
        lastMs: latestMs, ending: nil, message: nil, takenOverFrom: takenOverFrom))
  }

  // MARK: - A step

  private mutating func takeStep(_ entry: Entry, _ step: String) throws {
    if let record = try entry.record(PrecheckJudged.self) {
      prechecks.append(PrecheckReport(record, entry, id: step))
      return
    }
    try gates.take(entry, step: step, ms: latestMs, planDigest: started.planDigest)
    guard entry.kind.hasPrefix("step.") else { return }
    try steps[step, default: StepReading()].take(entry, ms: latestMs)
  }
}

extension RunReading.StepReading {
  mutating func take(_ entry: Entry, ms: Int) throws {
    if let record = try entry.record(StepStarted.self) {
      target = record.target ?? target
      beganMs = beganMs ?? ms
      // That it was looked at again doesn't undo that it may have acted.
      openState = openState == .mayHaveActed ? .mayHaveActed : .begun
    } else if let record = try entry.record(StepIntent.self) {
      beganMs = beganMs ?? ms
      openState = .mayHaveActed
      attempts.append(StepReport.Attempt(record, entry))
    } else if let record = try entry.record(StepActed.self) {
      if let attempt = attempts.popLast() { attempts.append(attempt.acting(record, entry)) }
    } else if let record = try entry.record(StepEnded.self) {
      openState = nil
      ends.append(StepReport.End(record, entry, ms: ms))
    } else if let record = try entry.record(StepRehearsed.self) {
      target = record.target ?? target
      rehearsed = (record, entry)
    }
  }

  /// The end by which it first was as it stayed: a later sitting looks at it again, and its end isn't new then.
  var settledEnd: StepReport.End? {
    guard let last = ends.last, openState == nil else { return nil }
    guard last.isSatisfied else { return last }
    let lastAttempt = attempts.last?.entry ?? -1
    return ends.reversed().prefix { $0.isSatisfied && $0.entry > lastAttempt }.last ?? last
  }
}

extension StepReport.End {
  /// `ok`, `changed` or `skipped`: nothing is left to do.
  var isSatisfied: Bool { ["ok", "changed", "skipped"].contains(outcome) }
  /// A probe saw that it is so.
  var isVerified: Bool { outcome == "ok" || outcome == "changed" }
}
