import Testing

@testable import Journal
@testable import Review

@Suite("Where a run stands")
struct StandingTests {
  private func explain(_ entries: Entries, isHeld: Bool = false) throws -> String {
    try #require(
      try Standing(
        entries.all, isHeld: isHeld, now: Timestamp(microsecondsSince1970: 60_000_000))
    ).lines.text
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
    #expect(try Standing(entries.all, isHeld: false, now: entries.all[0].at) == nil)
  }

  @Test("the table of runs says which ones have no end, and when it is cut")
  func table() throws {
    var open = Entries()
    try open.begin()
    var ended = Entries()
    try ended.begin(.rehearsal)
    try ended.finish(.inDoubt, "m")
    let runs = [
      RunSummary(first: open.all[0], last: nil),
      RunSummary(first: ended.all[0], last: ended.all[1]),
    ]
    let lines = RunTable(runs, hasMore: true).lines.map(\.text)
    #expect(lines.count == 4)
    #expect(lines[1].hasPrefix("r-1") && lines[1].contains("no end written"))
    #expect(lines[2].contains("1.0 s") && lines[2].contains("in doubt"))
    #expect(lines[2].hasSuffix("jdoe"))
    #expect(lines[3].contains("--limit"))
    #expect(RunTable(runs).lines.count == 3)
    #expect(RunTable([]).lines.map(\.text) == ["No such runs."])
  }
}
