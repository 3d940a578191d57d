import Foundation
public import Journal
public import Runbook

/// A run as the journal holds it: what resuming starts from.
public struct RecordedRun: Sendable {
  public let id: String
  public let started: RunStarted
  public let plan: Plan
  public private(set) var progress: [String: RecordedProgress] = [:]
  /// Outcomes of the steps that have ended for good.
  public private(set) var outcomes: [String: StepEnded.Outcome] = [:]
  public private(set) var answers: [GateAnswer] = []
  /// The consent that each step asked for last, in the words that people read.
  public private(set) var shownConsents: [String: String] = [:]
  /// The last observation of each step, for references to it.
  public private(set) var observations: [String: Observation] = [:]
  /// How often each step has acted: the number of its last attempt.
  public private(set) var attempts: [String: Int] = [:]
  /// What each step's last intent said would hold afterwards.
  public private(set) var predicted: [String: Observation] = [:]
  /// Of the steps that acted and were verified.
  private(set) var predictions: [String: CheckedPrediction] = [:]
  /// Nil when the run was killed, or runs.
  public private(set) var ended: RunEnded?
  /// What was seen of each step before it first acted, and the place of the entry that says so.
  public private(set) var before: [String: (entry: Int, observation: Observation)] = [:]
  /// Another run has begun to undo this one.
  public private(set) var aborted: RunAborted?
  /// The place of its last entry.
  public private(set) var lastEntry: Int
  /// The steps that have acted since the run was begun or last resumed.
  private var actedLately: Set<String> = []

  /// An answer to a gate, kept with the step that it belongs to.
  public struct GateAnswer: Sendable {
    public let step: String
    public let record: GateAnswered

    /// What targets that it vouches for say, now that they answer again, and is not the same.
    func contradictions(in seen: Observation) -> [Fact] {
      record.facts.map(\.fact).compactMap { attested in
        guard let fact = seen[attested.key], fact.source == .probed else { return nil }
        if case .unreachable = fact.reading { return nil }
        return fact.reading == attested.reading ? nil : fact
      }
    }

    /// Whether it vouches for facts, and was given before `moment`.
    func isAttestation(before moment: Timestamp) -> Bool {
      record.facts.contains { $0.at < moment }
    }
  }

  /// Throws `EngineError` when the entries are not those of one run.
  public init(id: String, entries: [Entry]) throws {
    guard let first = entries.first, let started = try first.record(RunStarted.self) else {
      throw EngineError(
        "run.not_found", "the journal has no run \(id)",
        advice: "'lifeboat audit list' shows the runs")
    }
    self.id = id
    self.started = started
    self.plan = try started.plan.decode(Plan.self)
    lastEntry = first.index
    for entry in entries.dropFirst() { try take(entry) }
  }

  /// Reads a run from the journal. Throws `EngineError` when there is none of that name.
  public static func read(_ id: String, from journal: Journal) async throws -> RecordedRun {
    var entries: [Entry] = []
    for try await entry in journal.entries(run: id) { entries.append(entry) }
    return try RecordedRun(id: id, entries: entries)
  }

  /// Whether the run came past its prechecks.
  public var hasBegunSteps: Bool { !progress.isEmpty || !outcomes.isEmpty }

  private mutating func take(_ entry: Entry) throws {
    lastEntry = entry.index
    if let record = try entry.record(RunAborted.self) { aborted = record }
    if try entry.record(RunResumed.self) != nil {
      ended = nil
      actedLately = []
    }
    if let record = try entry.record(RunEnded.self) { ended = record }
    guard let step = entry.step else { return }
    if let intent = try entry.record(StepIntent.self) {
      progress[step] = .intent
      outcomes[step] = nil
      attempts[step] = intent.attempt
      predicted[step] = intent.predicted.map { Observation($0.map(\.fact)) }
      let sight = Observation(intent.observation.map(\.fact))
      if before[step] == nil { before[step] = (entry.index, sight) }
      see(sight, at: step)
    } else if try entry.record(StepActed.self) != nil {
      progress[step] = .acted
      actedLately.insert(step)
    } else if let record = try entry.record(StepEnded.self) {
      end(step, record)
    } else if let record = try entry.record(GateAnswered.self) {
      answers.append(GateAnswer(step: step, record: record))
    } else if let record = try entry.record(GateVoided.self) {
      answers.removeAll {
        $0.step == step && $0.record.gate == record.gate && $0.record.prompt == record.prompt
          && $0.record.person == record.person
      }
    } else if let record = try entry.record(GateAsked.self),
      record.gate == Question.Kind.consent.rawValue
    {
      shownConsents[step] = record.prompt
    }
  }

  private mutating func end(_ step: String, _ record: StepEnded) {
    see(Observation(record.observation.map(\.fact)), at: step)
    switch record.outcome {
    case .ok, .changed:
      progress[step] = .verified
      outcomes[step] = record.outcome
      if record.outcome == .changed, let predicted = predicted[step] {
        predictions[step] = CheckedPrediction(
          count: predicted.facts.count, misses: record.misses)
      }
    case .skipped:
      outcomes[step] = record.outcome
    case .failed:
      // Judged after acting: what is known is that the effect isn't there. A failure before acting (a person said no, a
      // value was missing) says nothing of what an earlier try may have done.
      if progress[step] == nil || actedLately.contains(step) { progress[step] = .nothing }
      outcomes[step] = record.tolerated ? record.outcome : nil
    case .inDoubt, .waiting:
      break
    }
  }

  private mutating func see(_ observation: Observation, at step: String) {
    answers.removeAll { !$0.contradictions(in: observation).isEmpty }
    observations[step] = observation.completed(from: observations[step])
  }
}
