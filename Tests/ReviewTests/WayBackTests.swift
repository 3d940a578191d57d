import Journal
import Testing

@testable import Review

@Suite("Until when a run can be aborted, as people are told")
struct WayBackTests {
  private static let records = [
    WayBackRecord(step: "stop", undo: .exact, by: "service.start", until: ["start"]),
    WayBackRecord(step: "start", undo: .never, because: "it may have run jobs"),
  ]

  private func begun(_ type: RunStarted.RunKind = .execution) throws -> Entries {
    var entries = Entries()
    try entries.begin(type, wayBack: Self.records)
    return entries
  }

  private func standing(_ entries: Entries) throws -> Standing {
    try #require(
      try Standing(
        entries.all, isHeld: false, now: Timestamp(microsecondsSince1970: 60_000_000)))
  }

  @Test("a run says it at its beginning, and the step with which it ends says so before it acts")
  func live() throws {
    var entries = try begun()
    var narrator = Narrator()
    #expect(
      try narrator.lines(for: entries.all[0]).text.contains(
        "abort is free until step 2, start"))
    #expect(narrator.abortIsFree == "abort: free until 2/2")
    try entries.intend("stop")
    #expect(try !narrator.lines(for: entries.all[1]).text.contains("abort is over"))
    try entries.intend("start")
    try entries.intend("start")
    #expect(
      try narrator.lines(for: entries.all[2]).text.contains(
        "start can't be undone: from here on abort is over"))
    #expect(try !narrator.lines(for: entries.all[3]).text.contains("abort is over"))
    #expect(narrator.abortIsFree == "abort: over")
    #expect(try Narrator(resuming: entries.all).abortIsFree == "abort: over")
  }

  @Test("a rehearsal ends with the map")
  func rehearsal() throws {
    var entries = try begun(.rehearsal)
    try entries.finish(.done, "could be executed now")
    let text = try entries.told().text
    #expect(text.contains("Way back: abort is free until step 2, start"))
    #expect(text.contains("1 stop: undone by service.start, until start"))
    #expect(text.contains("2 start: the point of no return: it may have run jobs"))
  }

  @Test("a run of a version that made no map says nothing of it")
  func unknown() throws {
    var entries = Entries()
    try entries.begin()
    #expect(try !entries.told().text.contains("abort"))
    try entries.intend("stop")
    #expect(try standing(entries).abort.state == .notKnown)
  }

  @Test("where it stands: nothing done, free, over, undone")
  func states() throws {
    var entries = try begun()
    #expect(try standing(entries).abort.state == .nothingDone)
    try entries.intend("stop")
    try entries.end("stop", .changed, "stopped")
    #expect(try standing(entries).abort.state == .free)
    #expect(try standing(entries).abort.undoes == ["stop"])
    var undone = entries
    try undone.add(RunAborted(by: "r-2", person: Entries.person))
    #expect(try standing(undone).state == "aborted")
    #expect(try standing(undone).abort.state == .notApplicable)
    #expect(try standing(undone).lines.text.contains("next: lifeboat explain r-2"))
    try entries.intend("start")
    #expect(try standing(entries).abort.state == .over)
    #expect(try standing(entries).abort.until == ["start"])
  }

  @Test("steps side by side: whichever is first")
  func sideBySide() {
    let wayBack = WayBack([
      WayBackRecord(step: "a", undo: .never), WayBackRecord(step: "b", undo: .never),
    ])
    #expect(
      wayBack.headline == "abort is free until step 1, a, or step 2, b, whichever is first")
  }
}
