import Journal
import Testing

@testable import Review

/// Entries of a failover at moments that the test chooses, in seconds since the run's start at 1000 s.
struct ReportEntries {
  static let anna = PersonRecord(user: "anna", host: "ops1")
  static let otto = PersonRecord(user: "otto", host: "ops2")
  static let digest = "sha256:of-this-plan"

  private(set) var all: [Entry] = []

  static func moment(_ seconds: Double) -> Timestamp {
    Timestamp(microsecondsSince1970: Int64((1000 + seconds) * 1_000_000))
  }

  mutating func add<R: Record>(_ seconds: Double, _ record: R, step: String? = nil) throws {
    all.append(
      Entry(
        index: all.count + 10, at: Self.moment(seconds), kind: R.kind, run: "r-1", step: step,
        epoch: 1, body: try JSON(encoding: record)))
  }

  mutating func begin(
    rto: String? = "1m", rpo: String? = "5s", mode: String = "ungraceful",
    disaster: Double? = nil, description: String = "Moves it.", type: String = "failover",
    depends: [String: [String]] = ["control": ["reverse"]]
  ) throws {
    let names = ["reverse": "replication.reverse", "control": "failover_table.in_control"]
    let steps = ["reverse", "control"].map { id -> JSON in
      [
        "id": .string(id), "name": .string("Step \(id)"), "action": .string(names[id] ?? ""),
        "depends": .array((depends[id] ?? []).map(JSON.string)),
        "arguments": ["mode": ["value": .string(mode)]],
      ]
    }
    var objectives: [String: JSON] = [:]
    objectives["rto"] = rto.map(JSON.string)
    objectives["rpo"] = rpo.map(JSON.string)
    try add(
      0,
      RunStarted(
        type: .execution, runbook: "failover", runType: type, description: description,
        planDigest: Self.digest,
        plan: [
          "objectives": .object(objectives), "steps": .array(steps),
          "inventory": [
            "databases": [
              [
                "name": "scheduler", "guid_column": "guid", "heartbeat_column": "heartbeat_at",
              ]
            ]
          ],
        ],
        runbookFile: "/a.yaml", inventoryFile: "/sites.yaml", givenParameters: [:],
        sites: ["dr", "production"], person: Self.anna, version: "0", acceptedPrechecks: [:],
        takenOverFrom: [],
        disaster: disaster.map { DisasterRecord(at: Self.moment($0), source: .declared) }))
  }

  mutating func start(_ seconds: Double, _ step: String) throws {
    try add(
      seconds,
      StepStarted(name: "Step \(step)", action: "a.b", target: nil, place: 1, count: 2), step: step)
  }

  mutating func intend(
    _ seconds: Double, _ step: String, attempt: Int = 1, seeing facts: [FactRecord] = []
  ) throws {
    try add(
      seconds,
      StepIntent(
        attempt: attempt, verdict: VerdictRecord(verdict: "needed", explanation: "do it"),
        observation: facts, guards: [], predicted: nil), step: step)
  }

  mutating func act(_ seconds: Double, _ step: String, _ evidence: JSON? = nil) throws {
    try add(seconds, StepActed(attempt: 1, evidence: evidence), step: step)
  }

  mutating func end(
    _ seconds: Double, _ step: String, _ outcome: StepEnded.Outcome = .changed,
    seeing facts: [FactRecord] = [], message: String = "it is so"
  ) throws {
    try add(
      seconds, StepEnded(outcome: outcome, message: message, observation: facts), step: step)
  }

  mutating func finish(_ seconds: Double, _ ending: RunEnded.Ending = .done) throws {
    try add(
      seconds,
      RunEnded(ending: ending, message: "the end", resumable: ending != .done, outcomes: [:]))
  }

  mutating func resume(_ seconds: Double, by person: PersonRecord = otto) throws {
    try add(
      seconds,
      RunResumed(planDigest: Self.digest, person: person, version: "0", takenOverFrom: []))
  }

  mutating func ask(
    _ seconds: Double, _ step: String, _ gate: String = "approval", required: Int = 1,
    signed: Bool? = nil
  ) throws {
    try add(
      seconds,
      GateAsked(
        gate: gate, prompt: "May it?", required: required, answerOption: "--approve",
        signed: signed), step: step)
  }

  mutating func answer(
    _ seconds: Double, _ step: String, _ gate: String = "approval", by person: PersonRecord = anna,
    words: String = "yes", plan: String = digest, signedBy principal: String?? = nil
  ) throws {
    let signature = principal.map {
      SignatureRecord(at: Self.moment(seconds), principal: $0, armored: "")
    }
    try add(
      seconds,
      GateAnswered(
        gate: gate, prompt: "May it?", granted: true, words: words, person: person,
        planDigest: plan, facts: [], signature: signature), step: step)
  }

  /// A whole failover: promoted at 12 s with all that was committed until `asOf`, in control at 20 s.
  mutating func failOver(asOf: Double = 8) throws {
    try start(1, "reverse")
    try intend(2, "reverse", seeing: [Self.fact("scheduler@dr", "role", "replica")])
    try act(
      12, "reverse",
      ["promoted": "scheduler@dr", "mode": "ungraceful", "as_of": Self.text(asOf), "position": 7])
    try end(13, "reverse", seeing: [Self.fact("scheduler@dr", "role", "primary")])
    try start(14, "control")
    try end(20, "control", .ok)
    try finish(21)
  }

  static func text(_ seconds: Double) -> JSON { .string(moment(seconds).description) }

  static func fact(
    _ subject: String, _ property: String, _ value: JSON, source: String = "probed"
  ) -> FactRecord {
    FactRecord(
      subject: subject, property: property, value: value, source: source, at: moment(0))
  }

  func report(isHeld: Bool = false) throws -> RunReport {
    try #require(
      try RunReport(
        all, isHeld: isHeld,
        proof: ReportProof(size: 99, root: Digest(of: []), firstEntry: 10, lastEntry: 98)))
  }
}

extension RunReport {
  func has(_ code: String) -> Bool { attention.contains { $0.code == code } }
  func spent(_ activity: Activity) -> Int {
    time.spent.first { $0.activity == activity }?.ms ?? 0
  }
}
