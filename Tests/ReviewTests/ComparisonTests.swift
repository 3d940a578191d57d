import Journal
import Testing

@testable import Review

@Suite("Two runs side by side")
struct ComparisonTests {
  @Test("a rehearsal against an execution: what came true, what came otherwise, what was not seen")
  func predictions() throws {
    var rehearsal = try Story(.rehearsal)
    try rehearsal.rehearse(
      "stop", .wouldChange,
      predicted: [Story.fact("s", "stopped"), Story.fact("t", "stopped"), Story.fact("u", "x")],
      at: 1)
    try rehearsal.rehearse("start", .already, at: 2)
    try rehearsal.end(at: 3)
    var execution = try Story(run: "r-2")
    try execution.act(
      "stop", from: 1, to: 3, observed: [Story.fact("s", "stopped"), Story.fact("t", "running")])
    try execution.act("start", from: 3, to: 4)
    try execution.end(at: 5)
    for comparison in [
      RunComparison(try rehearsal.account(), try execution.account()),
      RunComparison(try execution.account(), try rehearsal.account()),
    ] {
      #expect(comparison.predictions.count == 5)
      #expect(comparison.count(.cameTrue) == 2)
      #expect(comparison.count(.notObserved) == 1)
      let otherwise = comparison.predictions.filter { $0.result == .cameOtherwise }
      #expect(otherwise.map(\.property) == ["state", "outcome"])
      #expect(otherwise.map(\.observed) == ["running", "changed"])
      #expect(comparison.steps.map(\.endedAlike) == [true, false])
      let text = comparison.lines.text
      #expect(text.contains("2 of 5 predictions came true, 2 came otherwise, 1 was not observed"))
      #expect(text.contains("! stop t state: predicted stopped, observed running"))
      // Seen before acting by both.
      #expect(comparison.steps[0].facts.isEmpty)
    }
  }

  @Test("what a step that failed left behind confirms no prediction")
  func failedStepConfirmsNothing() throws {
    var rehearsal = try Story(.rehearsal)
    try rehearsal.rehearse("stop", .wouldChange, predicted: [Story.fact("s", "stopped")], at: 1)
    var execution = try Story(run: "r-2")
    try execution.act("stop", from: 1, to: 3, .failed, observed: [Story.fact("s", "stopped")])
    let comparison = RunComparison(try rehearsal.account(), try execution.account())
    #expect(comparison.predictions.map(\.result) == [.cameOtherwise, .notObserved])
  }

  @Test("two drills: outcomes, durations, facts, guards and answers that differ")
  func drills() throws {
    func drill(_ run: String, took: Double, _ value: JSON, _ finding: String, _ words: String)
      throws
      -> RunAccount
    {
      var story = try Story(run: run)
      try story.ask("stop", at: 1)
      try story.answer("stop", words, at: 2)
      try story.act(
        "stop", from: 3, to: 3 + took, observed: [Story.fact("s", value), Story.fact("t", 1)],
        guards: [GuardRecord(id: "g", demand: "d", finding: finding)])
      try story.find("start", from: 30, to: 31)
      try story.end(at: 32)
      return try story.account()
    }
    let comparison = RunComparison(
      try drill("r-1", took: 2, "stopped", "holds", "yes"),
      try drill("r-2", took: 14, "gone", "violated", "aye"))
    #expect(comparison.predictions.isEmpty)
    let step = comparison.steps[0]
    #expect(step.facts.map(\.subject) == ["s"])
    #expect(step.guards == ["g": .init(a: "holds", b: "violated")])
    #expect(
      step.answers?.a?.contains("“yes”") == true && step.answers?.b?.contains("“aye”") == true)
    #expect(step.secondsA == 2 && step.secondsB == 14)
    let lines = comparison.lines
    #expect(lines.contains { $0.text.hasPrefix("≠  stop") && $0.text.hasSuffix("+12 s") })
    #expect(lines.contains { $0.text.hasPrefix("=  start") })
    #expect(lines.text.contains("s state: stopped | gone"))
    #expect(lines.text.contains("both by the same plan"))
  }

  @Test("a step that only one of them has is told as such")
  func otherSteps() throws {
    let shorter = try Story(steps: [Story.steps[0]]).account()
    let longer = try Story(run: "r-2").account()
    let comparison = RunComparison(shorter, longer)
    #expect(comparison.steps.map(\.id) == ["stop", "start"])
    let json = try JSON(encoding: comparison)
    #expect(json["steps"]?[1]?["id"] == "start")
    #expect(json["a"]?["started_at"]?.stringValue?.hasPrefix("1970") == true)
  }
}
