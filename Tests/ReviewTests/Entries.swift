import Journal
import Review

/// Entries as a run would write them, one second apart.
struct Entries {
  private(set) var all: [Entry] = []
  static let person = PersonRecord(user: "root", host: "ops1", realUser: "jdoe")

  mutating func add<R: Record>(_ record: R, step: String? = nil) throws {
    all.append(
      Entry(
        index: all.count, at: Timestamp(microsecondsSince1970: Int64(all.count) * 1_000_000),
        kind: R.kind, run: "r-1", step: step, epoch: 1, body: try JSON(encoding: record)))
  }

  mutating func begin(
    _ type: RunStarted.RunKind = .execution, wayBack: [WayBackRecord]? = nil
  ) throws {
    try add(
      RunStarted(
        type: type, runbook: "failover", runType: "failover", description: "Moves it.",
        planDigest: "sha256:0123456789abcdef",
        plan: [
          "steps": [["id": "stop", "name": "Stop it"], ["id": "start", "name": "Start it"]]
        ],
        runbookFile: "/a.yaml", inventoryFile: "/sites.yaml", givenParameters: [:],
        sites: ["dr", "production"], person: Self.person, version: "0", acceptedPrechecks: [:],
        takenOverFrom: [], wayBack: wayBack))
  }

  mutating func start(_ step: String, place: Int) throws {
    try add(
      StepStarted(name: "Step \(step)", action: "a.b", target: nil, place: place, count: 2),
      step: step)
  }

  mutating func intend(_ step: String) throws {
    try add(
      StepIntent(
        attempt: 1, verdict: VerdictRecord(verdict: "needed", explanation: "stop the server"),
        observation: [], guards: [], predicted: nil), step: step)
  }

  mutating func end(_ step: String, _ outcome: StepEnded.Outcome, _ message: String) throws {
    try add(StepEnded(outcome: outcome, message: message), step: step)
  }

  mutating func finish(_ ending: RunEnded.Ending, _ message: String, advice: String? = nil) throws {
    try add(
      RunEnded(
        ending: ending, message: message, advice: advice, resumable: ending != .done,
        outcomes: ["changed": 1]))
  }

  func told() throws -> [Line] {
    var narrator = Narrator()
    return try all.flatMap { try narrator.lines(for: $0) }
  }
}

extension [Line] {
  var text: String { map(\.text).joined(separator: "\n") }
}
