import Journal
import Testing

@testable import Review

@Suite("The timeline of a run")
struct TimelineTests {
  private func resumed() throws -> Timeline {
    var story = try Story()
    try story.act("stop", from: 0, to: 10, tries: 2)
    try story.turn(to: "start", at: 10)
    try story.ask("start", at: 11)
    try story.end(.waiting, at: 12)
    try story.resume(at: 1012)
    try story.turn(to: "start", at: 1012)
    try story.answer("start", "go", at: 1013)
    try story.act("start", from: 1013, to: 1020)
    try story.end(at: 1020)
    return Timeline(try story.account())
  }

  @Test("steps, tries, gates, answers and halts, by their offsets")
  func events() throws {
    let events = try resumed().events
    #expect(events.map(\.kind) == [.step, .try, .step, .gate, .answer, .halt])
    #expect(events.map(\.offset) == [0, 0.2, 10, 11, 1013, 12])
    #expect(events[3].seconds == 1002)
    #expect(events[5].seconds == 1000)
    #expect(events[2].outcome == "changed")
  }

  @Test("the bars fill the width, and leave out what the run stood still")
  func bars() throws {
    let lines = try resumed().lines(width: 100).map(\.text)
    for line in lines.dropFirst(3) { #expect(line.count <= 100, "\(line)") }
    let stop = try #require(lines.first { $0.contains("stop") && $0.contains("█") })
    let start = try #require(lines.first { $0.contains("✓ start") })
    // Half of the 20 seconds that it lived each.
    let difference = stop.count { $0 == "█" } - start.count { $0 == "█" }
    #expect(abs(difference) <= 1)
    #expect(
      stop.lastIndex(of: "█").map { stop.distance(from: stop.startIndex, to: $0) }! + 1
        == start.firstIndex(of: "█").map { start.distance(from: start.startIndex, to: $0) }!)
    #expect(lines.contains { $0.contains("? Go on?") && $0.contains("░") })
    #expect(lines.contains { $0.contains("‖ stood still until people had it go on") })
    #expect(lines[1].contains("leave out 16 min 40 s"))
  }

  @Test("something that took no time has a mark all the same; so has a narrow terminal")
  func short() throws {
    var story = try Story()
    try story.act("stop", from: 0, to: 100)
    try story.find("start", from: 100, to: 100)
    try story.end(at: 100)
    let timeline = Timeline(try story.account())
    for width in [1, 40, 200] {
      let lines = timeline.lines(width: width).map(\.text)
      #expect(lines.contains { $0.contains("start") && $0.contains("█") }, "\(width)")
    }
  }

  @Test("as JSON")
  func json() throws {
    let json = try JSON(encoding: try resumed())
    #expect(json["run"] == "r-1" && json["outcome"] == "done" && json["seconds"] == 1020)
    #expect(json["events"]?[3]?["kind"] == "gate" && json["events"]?[3]?["text"] == "Go on?")
  }
}
