import Testing

@testable import Journal
@testable import Review

@Suite("Choosing runs and entries")
struct CriteriaTests {
  private static let plan: JSON = [
    "steps": [
      [
        "id": "repoint@dr.agent-1", "name": "Repoint",
        "fan_out": ["step": "repoint", "group": "agents"],
        "target": ["host": ["site": "dr", "name": "agent-1"]],
      ],
      [
        "id": "empty", "name": "Empty it",
        "target": ["database": ["name": "scheduler"], "site": "dr"],
      ],
    ]
  ]

  private func first(
    _ type: RunStarted.RunKind = .execution, runbook: String = "failover", second: Int64 = 100
  ) throws -> Entry {
    let started = RunStarted(
      type: type, runbook: runbook, runType: "failover", description: "", planDigest: "d",
      plan: Self.plan, runbookFile: "", inventoryFile: "", givenParameters: [:], sites: [],
      person: Entries.person, version: "0", acceptedPrechecks: [:], takenOverFrom: [])
    return Entry(
      index: 0, at: Timestamp(microsecondsSince1970: second * 1_000_000), kind: "run.started",
      run: "r-1", step: nil, epoch: 1, body: try JSON(encoding: started))
  }

  private func admits(
    _ entry: Entry, _ change: (inout RunCriteria) -> Void
  ) throws -> Bool {
    var criteria = RunCriteria()
    change(&criteria)
    let admitted = try criteria.admits(entry)
    // What the journal leaves out beforehand must never be what is asked for.
    let text = entry.json.description
    if admitted { #expect(criteria.filter.containing.allSatisfy { text.contains($0) }) }
    return admitted
  }

  @Test("runs by runbook, type and time")
  func runs() throws {
    let entry = try first()
    #expect(try admits(entry) { _ in })
    #expect(try admits(entry) { $0.runbook = "failover" })
    #expect(try !admits(entry) { $0.runbook = "fail" })
    #expect(try admits(entry) { $0.type = .execution })
    #expect(try !admits(entry) { $0.type = .rehearsal })
    #expect(try admits(entry) { $0.since = entry.at })
    #expect(try !admits(entry) { $0.until = entry.at })
  }

  @Test("runs by what their plan does, and where")
  func plans() throws {
    let entry = try first()
    for step in ["repoint", "repoint@dr.agent-1", "empty"] {
      #expect(try admits(entry) { $0.step = step }, "\(step)")
    }
    #expect(try !admits(entry) { $0.step = "rep" })
    #expect(try admits(entry) { $0.host = "dr.agent-1" })
    #expect(try admits(entry) { $0.host = "scheduler@dr" })
    #expect(try !admits(entry) { $0.host = "scheduler" })
    // Of one and the same step.
    #expect(try !admits(entry) { ($0.step, $0.host) = ("empty", "dr.agent-1") })
  }

  @Test("runs by how they ended; one without an end is open")
  func outcomes() throws {
    let open = RunSummary(first: try first(), last: nil)
    var criteria = RunCriteria()
    criteria.outcome = "open"
    #expect(criteria.admits(open))
    criteria.outcome = "done"
    #expect(!criteria.admits(open))
  }

  @Test("a person is the account, or the one behind sudo")
  func persons() throws {
    let entry = try first()
    #expect(entry.names(person: "root") && entry.names(person: "jdoe"))
    #expect(!entry.names(person: "ops1") && !entry.names(person: "doe"))
  }

  private func search(_ change: (inout EntryCriteria) -> Void) throws -> [Int] {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    try entries.add(
      StepEnded(
        outcome: .changed, message: "it is \"stopped\"",
        observation: [
          FactRecord(
            subject: "dr.scheduler/server", property: "state", value: "stopped", source: "probed",
            at: Timestamp(microsecondsSince1970: 0))
        ]), step: "stop")
    try entries.add(
      GateAnswered(
        gate: "attest", prompt: "Off?", granted: false, words: "it burns", person: Entries.person,
        planDigest: "d", facts: []), step: "stop@dr.agent-1")
    try entries.finish(.failed, "no")
    var criteria = EntryCriteria()
    change(&criteria)
    return entries.all.filter { entry in
      let text = entry.json.description.lowercased()
      return criteria.filter.containing.allSatisfy { text.contains($0.lowercased()) }
        && criteria.filter.kinds?.contains(entry.kind) != false && criteria.admits(entry)
    }.map(\.index)
  }

  @Test("entries by words, kind, step, host, person and outcome")
  func entries() throws {
    #expect(try search { $0.words = ["IT IS \"stopped\""] } == [2])
    #expect(try search { $0.words = ["it", "burns"] } == [3])
    #expect(try search { $0.kinds = ["gate"] } == [3])
    #expect(try search { $0.kinds = ["step.ended", "run.ended"] } == [2, 4])
    #expect(try search { $0.kinds = ["later.kind"] } == [])
    #expect(try search { $0.step = "stop" } == [1, 2, 3])
    #expect(try search { $0.step = "sto" } == [])
    #expect(try search { $0.host = "dr.scheduler" } == [2])
    #expect(try search { $0.host = "dr.sched" } == [])
    #expect(try search { $0.person = "jdoe" } == [0, 3])
    #expect(try search { $0.outcome = "refused" } == [3])
    #expect(try search { $0.outcome = "failed" } == [4])
    #expect(try search { ($0.outcome, $0.step) = ("changed", "stop") } == [2])
  }

  @Test("a found entry is told in one line, and what is long is cut")
  func line() throws {
    var entries = Entries()
    try entries.end("stop", .failed, String(repeating: "long ", count: 100) + "\nsecond line")
    let line = EntryLine(entries.all[0]).line
    #expect(line.text.hasPrefix("0  1970-01-01 00:00:00Z  step.ended  r-1 stop  failed  long"))
    #expect(line.text.hasSuffix("…") && line.text.count < 260)
    #expect(line.tone == .bad)
  }
}
