import Journal
import Testing

@testable import Review

@Suite("Telling a run")
struct NarratorTests {
  @Test("a step is told with its place, what is done, its outcome and how long it took")
  func step() throws {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    try entries.intend("stop")
    try entries.end("stop", .changed, "it is stopped")
    try entries.finish(.done, "every step is verified")
    let text = try entries.told().text
    #expect(text.contains("1/2 stop  Step stop"))
    #expect(text.contains("… stop the server"))
    #expect(text.contains("✓ changed  2.0 s  it is stopped"))
    #expect(text.contains("Done after 4.0 s: every step is verified"))
    #expect(text.contains("root (jdoe) at ops1"))
  }

  @Test("the live line: what is done, since when, what comes next; nothing after the end")
  func now() throws {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    try entries.intend("stop")
    var narrator = Narrator()
    for entry in entries.all { _ = try narrator.lines(for: entry) }
    let now = try #require(narrator.now)
    #expect(now.text == "1/2 stop: acting")
    #expect(now.since == entries.all[2].at)
    #expect(now.next == "start")
    try entries.finish(.failed, "no")
    _ = try narrator.lines(for: entries.all[3])
    #expect(narrator.now == nil)
  }

  @Test("of steps that run side by side, each line says whose it is")
  func sideBySide() throws {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    try entries.start("start", place: 2)
    try entries.end("stop", .ok, "it is so")
    try entries.end("start", .failed, "it broke")
    let lines = try entries.told()
    #expect(lines.text.contains("stop: ✓ ok"))
    #expect(lines.text.contains("start: ✗ failed"))
    #expect(lines.first { $0.text.contains("it broke") }?.tone == .bad)
  }

  @Test("guards that were overridden, and predictions that failed, are told")
  func exceptions() throws {
    var entries = Entries()
    try entries.begin()
    try entries.start("stop", place: 1)
    try entries.add(
      StepIntent(
        attempt: 2, verdict: VerdictRecord(verdict: "needed", explanation: "go"), observation: [],
        guards: [
          GuardRecord(
            id: "database-is-primary", demand: "d", finding: "violated", overridden: "drill")
        ], predicted: nil), step: "stop")
    try entries.add(
      StepEnded(
        outcome: .changed, message: "m",
        misses: [.init(subject: "s", property: "role", predicted: "primary", observed: "replica")]),
      step: "stop")
    let text = try entries.told().text
    #expect(text.contains("guard database-is-primary overridden: drill"))
    #expect(text.contains("(try 2)"))
    #expect(text.contains("predicted s role = \"primary\", observed \"replica\""))
  }

  @Test("what to do next is told last")
  func advice() throws {
    var entries = Entries()
    try entries.begin()
    try entries.finish(.inDoubt, "can't tell", advice: "look at it")
    let lines = try entries.told()
    #expect(lines.last?.text == "next: look at it")
    #expect(lines.text.contains("IN DOUBT"))
  }

  @Test(
    "durations as a person reads them",
    arguments: [
      (Duration.milliseconds(40), "0.0 s"), (.milliseconds(440), "0.4 s"), (.seconds(9), "9.0 s"),
      (.seconds(59), "59 s"), (.seconds(125), "2 min 05 s"), (.seconds(3720), "1 h 02 min"),
    ])
  func durations(duration: Duration, text: String) {
    #expect(duration.spoken == text)
  }
}
