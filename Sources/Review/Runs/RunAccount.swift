public import Journal

/// A run as its entries tell it, put together by step.
public struct RunAccount: Sendable {
  public let run: String
  public let started: RunStarted
  public let beganAt: Timestamp
  public private(set) var lastAt: Timestamp
  /// How it ended; nil when that isn't written.
  public private(set) var ended: RunEnded?
  /// When people had it go on.
  public private(set) var resumedAt: [Timestamp] = []
  public private(set) var prechecks: [Precheck] = []
  /// In the plan's order, also those that the run didn't come to.
  public private(set) var steps: [StepAccount]
  /// Times in which the runner lived.
  public private(set) var alive: [StepAccount.Span] = []

  /// A precheck's finding.
  public struct Precheck: Sendable, Hashable {
    public let id: String
    public let at: Timestamp
    public let record: PrecheckJudged
  }

  let plan: PlanOutline
  private var places: [String: Int] = [:]
  private var openSince: [Int: Timestamp] = [:]
  private var aliveSince: Timestamp?

  /// Nil when the entries don't begin with a run's first. Throws `JSONError` when a body is not what its kind says.
  public init?(_ entries: [Entry]) throws {
    guard let first = entries.first, let run = first.run,
      let started = try first.record(RunStarted.self)
    else { return nil }
    self.run = run
    self.started = started
    beganAt = first.at
    lastAt = first.at
    aliveSince = first.at
    plan = try started.plan.decode(PlanOutline.self)
    steps = plan.steps.map { step in
      var account = StepAccount(id: step.id, name: step.name)
      account.action = step.action
      account.target = step.target?.text
      return account
    }
    for (place, step) in steps.enumerated() { places[step.id] = place }
    for entry in entries.dropFirst() { try take(entry) }
    stop(at: lastAt)
  }

  /// Whether it only looked.
  public var isRehearsal: Bool { started.type != .execution }

  /// One of `RunEnded.Ending`, or `open`.
  public var outcome: String { ended?.ending.rawValue ?? RunCriteria.open }

  /// From its first entry to its last.
  public var duration: Duration { lastAt.duration(since: beganAt) }

  private mutating func take(_ entry: Entry) throws {
    // Written by another run, long after this one's end.
    if entry.kind == RunAborted.kind { return }
    if let record = try entry.record(RunResumed.self) { resume(record, at: entry.at) }
    if let place = entry.step.flatMap({ places[$0] }) { try take(entry, ofStepAt: place) }
    if let record = try entry.record(PrecheckJudged.self) {
      prechecks.append(Precheck(id: entry.step ?? "", at: entry.at, record: record))
    }
    lastAt = entry.at
    if let record = try entry.record(RunEnded.self) {
      ended = record
      stop(at: entry.at)
    }
  }

  /// A runner that was killed wrote no end: its last entry is all that is known of how long it lived.
  private mutating func resume(_ record: RunResumed, at moment: Timestamp) {
    stop(at: lastAt)
    ended = nil
    resumedAt.append(moment)
    aliveSince = moment
  }

  private mutating func stop(at moment: Timestamp) {
    for place in openSince.keys.sorted() { close(place, at: moment) }
    if let since = aliveSince { alive.append(StepAccount.Span(begin: since, end: moment)) }
    aliveSince = nil
  }

  private mutating func close(_ place: Int, at moment: Timestamp) {
    guard let since = openSince.removeValue(forKey: place) else { return }
    steps[place].spans.append(StepAccount.Span(begin: since, end: moment))
  }

  private mutating func take(_ entry: Entry, ofStepAt place: Int) throws {
    if let record = try entry.record(StepStarted.self) {
      steps[place].name = record.name
      openSince[place] = openSince[place] ?? entry.at
    } else if let record = try entry.record(StepIntent.self) {
      steps[place].tries.append(StepAccount.Try(number: record.attempt, at: entry.at))
      if steps[place].tries.count == 1 { steps[place].observationBefore = record.observation }
      steps[place].observation = record.observation
      steps[place].predicted = record.predicted
      steps[place].guards = record.guards
    } else if let record = try entry.record(GateAsked.self) {
      steps[place].gates.append(StepAccount.Gate(at: entry.at, record: record))
    } else if let record = try entry.record(GateAnswered.self) {
      answer(record, at: entry.at, place)
    } else if let record = try entry.record(StepEnded.self) {
      end(record, place)
      close(place, at: entry.at)
    } else if let record = try entry.record(StepRehearsed.self) {
      rehearse(record, at: entry.at, place)
    }
  }

  private mutating func rehearse(_ record: StepRehearsed, at moment: Timestamp, _ place: Int) {
    steps[place].name = record.name
    steps[place].outcome = record.outcome.rawValue
    steps[place].message = record.message
    steps[place].observationBefore = record.observation
    steps[place].observation = record.observation
    steps[place].predicted = record.predicted
    steps[place].guards = record.guards
    // Hosts are looked at side by side, and written one after the other: how long each took isn't known.
    guard plan.steps[place].fanOut == nil else { return }
    steps[place].spans = [StepAccount.Span(begin: lastAt, end: moment)]
  }

  private mutating func answer(_ record: GateAnswered, at moment: Timestamp, _ place: Int) {
    guard
      let asked = steps[place].gates.lastIndex(where: {
        $0.record.gate == record.gate && $0.record.prompt == record.prompt
      })
    else { return }
    steps[place].gates[asked].answers.append(.init(at: moment, record: record))
  }

  private mutating func end(_ record: StepEnded, _ place: Int) {
    steps[place].outcome = record.outcome.rawValue
    steps[place].message = record.message
    steps[place].failure = record.failure
    if steps[place].tries.isEmpty { steps[place].observationBefore = record.observation }
    if !record.observation.isEmpty { steps[place].observation = record.observation }
    if !record.guards.isEmpty { steps[place].guards = record.guards }
  }
}
