public import Journal

/// Two runs side by side, step by step: rehearsal against execution, or one drill against another.
public struct RunComparison: Sendable, Encodable {
  /// What is said of each of the two runs.
  public struct Side: Sendable, Encodable {
    public let run: String
    public let type: String
    public let runbook: String
    public let planDigest: String
    public let startedAt: Timestamp
    /// In seconds, from its first entry to its last.
    public let seconds: Double
    public let outcome: String
    public let person: String

    enum CodingKeys: String, CodingKey {
      case run, type, runbook, seconds, outcome, person
      case planDigest = "plan_digest"
      case startedAt = "started_at"
    }
  }

  /// One of two values; nil where that run has none.
  public struct Pair: Sendable, Hashable, Encodable {
    public let a: String?
    public let b: String?
    public var differs: Bool { a != b }
  }

  public struct Step: Sendable, Encodable {
    public let id: String
    public let outcome: Pair
    /// Whether the two ended alike; of a rehearsal and an execution, whether the one foretold the other.
    public let endedAlike: Bool
    public let secondsA: Double?
    public let secondsB: Double?
    /// What was seen last in each of the two; of a rehearsal and an execution, before acting.
    public let facts: [FactDifference]
    /// By guard, its finding, where they differ.
    public let guards: [String: Pair]
    /// Who answered its gates, and how, where they differ.
    public let answers: Pair?

    enum CodingKeys: String, CodingKey {
      case id, outcome, facts, guards, answers
      case endedAlike = "ended_alike"
      case secondsA = "seconds_a"
      case secondsB = "seconds_b"
    }
  }

  public let a: Side
  public let b: Side
  public let steps: [Step]
  /// Of a rehearsal and an execution, what the one predicted and the other showed; of two of a kind, nothing.
  public let predictions: [PredictionCheck]

  public init(_ a: RunAccount, _ b: RunAccount) {
    self.a = Side(a)
    self.b = Side(b)
    let left = Dictionary(a.steps.map { ($0.id, $0) }) { first, _ in first }
    let right = Dictionary(b.steps.map { ($0.id, $0) }) { first, _ in first }
    let ids = a.steps.map(\.id) + b.steps.map(\.id).filter { left[$0] == nil }
    steps = ids.map { id in
      a.isRehearsal == b.isRehearsal
        ? Step(
          id, left[id], right[id], \.observation,
          endedAlike: left[id]?.outcome == right[id]?.outcome)
        : Step(
          id, left[id], right[id], \.observationBefore,
          endedAlike: a.isRehearsal
            ? Self.foretells(left[id], right[id]) : Self.foretells(right[id], left[id]))
    }
    predictions =
      switch (a.isRehearsal, b.isRehearsal) {
      case (true, false): a.steps.flatMap { PredictionCheck.checks(of: $0, against: right[$0.id]) }
      case (false, true): b.steps.flatMap { PredictionCheck.checks(of: $0, against: left[$0.id]) }
      default: []
      }
  }

  private static func foretells(_ rehearsed: StepAccount?, _ executed: StepAccount?) -> Bool {
    guard let outcome = executed?.outcome else { return false }
    return PredictionCheck.outcomes(foretoldBy: rehearsed?.outcome).contains(outcome)
  }

  /// How many predictions came to this.
  public func count(_ result: PredictionCheck.Result) -> Int {
    predictions.count { $0.result == result }
  }
}

extension RunComparison.Side {
  init(_ run: RunAccount) {
    self.run = run.run
    type = run.started.type.rawValue
    runbook = run.started.runbook
    planDigest = run.started.planDigest
    startedAt = run.beganAt
    seconds = run.duration.inSeconds
    outcome = run.outcome
    person = run.started.person.spoken
  }
}

extension RunComparison.Step {
  /// `seen`: which of what each of the two saw is compared.
  fileprivate init(
    _ id: String, _ a: StepAccount?, _ b: StepAccount?, _ seen: KeyPath<StepAccount, [FactRecord]>,
    endedAlike: Bool
  ) {
    self.id = id
    self.endedAlike = endedAlike
    outcome = .init(a: a?.outcome, b: b?.outcome)
    secondsA = a?.duration?.inSeconds
    secondsB = b?.duration?.inSeconds
    facts = FactDifference.between(a?[keyPath: seen] ?? [], b?[keyPath: seen] ?? [])
    let (left, right) = (a?.findings ?? [:], b?.findings ?? [:])
    guards = Dictionary(
      uniqueKeysWithValues: Set(left.keys).union(right.keys).map { guardID in
        (guardID, .init(a: left[guardID], b: right[guardID]))
      }
    ).filter { $0.value.differs }
    let answers = RunComparison.Pair(a: a?.answersText, b: b?.answersText)
    self.answers = answers.differs ? answers : nil
  }

  /// Whether there is nothing to tell but how long it took.
  var isAlike: Bool { endedAlike && facts.isEmpty && guards.isEmpty && answers == nil }
}

extension StepAccount {
  /// By guard: `holds`, or why it was overridden.
  fileprivate var findings: [String: String] {
    Dictionary(
      guards.map { ($0.id, $0.finding + ($0.overridden.map { ", overridden: \($0)" } ?? "")) }
    ) { $1 }
  }

  fileprivate var answersText: String? {
    let answers = gates.flatMap(\.answers).map(\.record).map { answer in
      "\(answer.granted ? Words.granted(answer.gate) : "refused") by \(answer.person.spoken): “\(answer.words)”"
    }
    return answers.isEmpty ? nil : answers.joined(separator: "; ")
  }
}

extension Duration {
  /// As a number, for JSON: to the microsecond.
  var inSeconds: Double {
    Double(components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000) / 1_000_000
  }
}
