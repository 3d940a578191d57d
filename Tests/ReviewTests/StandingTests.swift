import Testing

@testable import Journal
@testable import Review

@Suite("Where a run stands")
struct StandingTests {
  private func explain(_ entries: Entries, isHeld: Bool = false) throws -> String {
    try #require(try Standing(entries.all)).lines(
      isHeld: isHeld, now: Timestamp(microsecondsSince1970: 60_000_000)
    ).text
  }

  @Test("killed while acting: which step, and that it will be looked at")
  func killed() throws {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    try entries.intend("stop")
    let text = try explain(entries)
    #expect(text.contains("? stop: begun, and its end isn't written"))
    #expect(text.contains("· start: not yet"))
    #expect(text.contains("next: lifeboat resume r-1"))
  }

  @Test("running now: nothing to do but watch")
  func running() throws {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    let text = try explain(entries, isHeld: true)
    #expect(text.contains("running now"))
    #expect(!text.contains("lifeboat resume"))
  }

  @Test("waiting: who can unblock it, and with which words")
  func waiting() throws {
    var entries = Entries()
    try entries.begin()
    try entries.add(
      GateAsked(gate: "attest", prompt: "Is it off?", required: 1, answerOption: "--attest"),
      step: "stop")
    try entries.end("stop", .waiting, "waits")
    try entries.finish(.waiting, "stop waits")
    let text = try explain(entries)
    #expect(text.contains("a person who can say: Is it off?"))
    #expect(text.contains("lifeboat resume r-1 --attest stop="))
  }

  @Test("resumed and done: nothing is open any more")
  func done() throws {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    try entries.intend("stop")
    try entries.add(
      RunResumed(planDigest: "d", person: Entries.person, version: "0", takenOverFrom: []))
    try entries.end("stop", .changed, "found done")
    try entries.end("start", .ok, "it runs")
    try entries.finish(.done, "every step is verified")
    let text = try explain(entries)
    #expect(text.contains("Done: every step is verified"))
    #expect(!text.contains("next:"))
  }

  @Test("entries that don't begin a run are no run")
  func noRun() throws {
    var entries = Entries()
    try entries.start("stop", place: 1)
    #expect(try Standing(entries.all) == nil)
  }

  @Test("the table of runs says which ones have no end")
  func table() {
    let runs = [
      RunSummary(
        id: "r-2", runbook: "failover", type: "execution",
        startedAt: Timestamp(microsecondsSince1970: 0), endedAt: nil, ending: nil, firstIndex: 4),
      RunSummary(
        id: "r-1", runbook: "failover", type: "rehearsal",
        startedAt: Timestamp(microsecondsSince1970: 0),
        endedAt: Timestamp(microsecondsSince1970: 2_000_000), ending: "in_doubt", firstIndex: 0),
    ]
    let lines = RunTable(runs).lines.map(\.text)
    #expect(lines.count == 3)
    #expect(lines[1].hasPrefix("r-2") && lines[1].hasSuffix("no end written"))
    #expect(lines[2].contains("2.0 s") && lines[2].hasSuffix("in doubt"))
    #expect(RunTable([]).lines.map(\.text) == ["No runs yet."])
  }
}
