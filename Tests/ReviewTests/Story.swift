import Journal

@testable import Review

/// A run told second by second, for what is worked out from times.
struct Story {
  private(set) var entries: [Entry] = []
  private let run: String

  static let steps: [JSON] = [
    ["id": "stop", "name": "Stop it", "action": "service.stop", "depends": []],
    ["id": "start", "name": "Start it", "action": "service.start", "depends": ["stop"]],
  ]

  init(
    _ type: RunStarted.RunKind = .execution, run: String = "r-1", steps: [JSON] = Self.steps
  ) throws {
    self.run = run
    try add(
      RunStarted(
        type: type, runbook: "failover", runType: "failover", description: "Moves it.",
        planDigest: "sha256:01", plan: ["steps": .array(steps)], runbookFile: "/a.yaml",
        inventoryFile: "/sites.yaml", givenParameters: [:], sites: ["dr"], person: Entries.person,
        version: "0", acceptedPrechecks: [:], takenOverFrom: []), at: 0)
  }

  mutating func add<R: Record>(_ record: R, _ step: String? = nil, at second: Double) throws {
    entries.append(
      Entry(
        index: entries.count, at: Self.time(second), kind: R.kind, run: run, step: step, epoch: 1,
        body: try JSON(encoding: record)))
  }

  static func time(_ second: Double) -> Timestamp {
    Timestamp(microsecondsSince1970: Int64(second * 1_000_000))
  }

  static func fact(_ subject: String, _ value: JSON?, _ property: String = "state") -> FactRecord {
    FactRecord(subject: subject, property: property, value: value, source: "probed", at: time(0))
  }

  /// A step that acts; with `tries`, so often.
  mutating func act(
    _ step: String, from begin: Double, to end: Double, tries: Int = 1,
    _ outcome: StepEnded.Outcome = .changed, predicted: [FactRecord]? = nil,
    observed: [FactRecord] = [], guards: [GuardRecord] = []
  ) throws {
    try turn(to: step, at: begin)
    for number in 1...tries {
      try add(
        StepIntent(
          attempt: number, verdict: VerdictRecord(verdict: "needed", explanation: "do it"),
          observation: [Self.fact("before", "here")], guards: guards, predicted: predicted), step,
        at: begin + Double(number) / 10)
    }
    try add(
      StepEnded(outcome: outcome, message: "\(step) is so", observation: observed), step, at: end)
  }

  mutating func turn(to step: String, at second: Double) throws {
    try add(
      StepStarted(name: step, action: "a.b", target: nil, place: 1, count: 2), step, at: second)
  }

  /// A step that is so already.
  mutating func find(_ step: String, from begin: Double, to end: Double) throws {
    try turn(to: step, at: begin)
    try add(StepEnded(outcome: .ok, message: "it is so"), step, at: end)
  }

  mutating func rehearse(
    _ step: String, _ outcome: StepRehearsed.Outcome, predicted: [FactRecord]? = nil,
    at second: Double
  ) throws {
    try add(
      StepRehearsed(
        name: step, action: "a.b", target: nil, outcome: outcome, basis: .probed, message: "m",
        observation: [Self.fact("before", "here")], guards: [], predicted: predicted), step,
      at: second)
  }

  mutating func ask(_ step: String, at second: Double) throws {
    try add(
      GateAsked(gate: "approval", prompt: "Go on?", required: 1, answerOption: "--approve"), step,
      at: second)
  }

  mutating func answer(_ step: String, _ words: String, at second: Double) throws {
    try add(
      GateAnswered(
        gate: "approval", prompt: "Go on?", granted: true, words: words, person: Entries.person,
        planDigest: "sha256:01", facts: []), step, at: second)
  }

  mutating func end(_ ending: RunEnded.Ending = .done, at second: Double) throws {
    try add(
      RunEnded(ending: ending, message: "m", resumable: ending != .done, outcomes: [:]), at: second)
  }

  mutating func resume(at second: Double) throws {
    try add(
      RunResumed(planDigest: "sha256:01", person: Entries.person, version: "0", takenOverFrom: []),
      at: second)
  }

  func account() throws -> RunAccount {
    guard let account = try RunAccount(entries) else { throw NoRun() }
    return account
  }

  struct NoRun: Error {}
}
