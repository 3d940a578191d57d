import Journal

/// When a run did what: its steps, gates, tries and halts, with their offsets from the start.
public struct Timeline: Sendable {
  public struct Event: Sendable, Hashable, Encodable {
    public enum Kind: String, Sendable, Hashable, Encodable {
      case prechecks, step, gate, answer
      /// Acting again, after a first try.
      case `try`
      /// The runner ended or died, until people had the run go on.
      case halt
    }

    public let kind: Kind
    public let step: String?
    /// In seconds from the run's first entry.
    public let offset: Double
    /// How long it took; of a step, without the time in which the run stood still. Nil for what takes no time.
    public let seconds: Double?
    /// Of a step as in `step.ended` or `step.rehearsed`.
    public let outcome: String?
    public let text: String
  }

  public let account: RunAccount
  /// By their offsets, those of a step together.
  public let events: [Event]

  public init(_ account: RunAccount) {
    self.account = account
    let begun = account.steps.filter { !$0.spans.isEmpty }.sorted {
      ($0.spans[0].begin, $0.id) < ($1.spans[0].begin, $1.id)
    }
    let groups =
      [Self.prechecks(of: account)] + begun.map { Self.events(of: $0, in: account) }
      + Self.halts(in: account).map { [$0] }
    events = groups.filter { !$0.isEmpty }.enumerated()
      .sorted { ($0.element[0].offset, $0.offset) < ($1.element[0].offset, $1.offset) }
      .flatMap(\.element)
  }

  private static func prechecks(of account: RunAccount) -> [Event] {
    guard let last = account.prechecks.last else { return [] }
    let count = account.prechecks.count
    return [
      Event(
        kind: .prechecks, step: nil, offset: 0,
        seconds: last.at.duration(since: account.beganAt).inSeconds, outcome: nil,
        text: "\(count) \(count == 1 ? "precheck" : "prechecks")")
    ]
  }

  private static func events(of step: StepAccount, in account: RunAccount) -> [Event] {
    func event(
      _ kind: Event.Kind, at moment: Timestamp, seconds: Double? = nil, _ text: String
    ) -> Event {
      Event(
        kind: kind, step: step.id, offset: moment.duration(since: account.beganAt).inSeconds,
        seconds: seconds, outcome: kind == .step ? step.outcome : nil, text: text)
    }
    let gates = step.gates.flatMap { gate in
      [event(.gate, at: gate.at, seconds: gate.waited, gate.record.prompt)]
        + gate.answers.map { answer in
          let record = answer.record
          let verb = record.granted ? Words.granted(record.gate) : "refused"
          return event(
            .answer, at: answer.at, "\(verb) by \(record.person.spoken): “\(record.words)”")
        }
    }
    let tries = step.tries.filter { $0.number > 1 }.map {
      event(.try, at: $0.at, "try \($0.number)")
    }
    return [
      event(
        .step, at: step.spans[0].begin, seconds: step.duration?.inSeconds, step.message.firstLine)
    ] + (gates + tries).sorted { $0.offset < $1.offset }
  }

  private static func halts(in account: RunAccount) -> [Event] {
    zip(account.alive, account.alive.dropFirst()).map { before, after in
      Event(
        kind: .halt, step: nil, offset: before.end.duration(since: account.beganAt).inSeconds,
        seconds: after.begin.duration(since: before.end).inSeconds, outcome: nil,
        text: "stood still until people had it go on")
    }
  }
}

extension StepAccount.Gate {
  /// From asking to the last answer, in seconds; nil when nobody answered.
  var waited: Double? { answers.last.map { $0.at.duration(since: at).inSeconds } }
}
