import Journal
import Testing

@testable import Review

@Suite("A run, put together by step")
struct RunAccountTests {
  @Test("a step's time leaves out that in which the run stood still")
  func standingStill() throws {
    var story = try Story()
    try story.turn(to: "stop", at: 1)
    try story.ask("stop", at: 2)
    try story.add(StepEnded(outcome: .waiting, message: "waits"), "stop", at: 3)
    try story.end(.waiting, at: 3)
    try story.resume(at: 1000)
    try story.turn(to: "stop", at: 1001)
    try story.answer("stop", "yes", at: 1002)
    try story.act("stop", from: 1002, to: 1005)
    try story.end(at: 1006)
    let run = try story.account()
    #expect(run.steps[0].outcome == "changed")
    #expect(run.steps[0].duration == .seconds(6) || run.steps[0].duration == .seconds(5))
    #expect(run.alive.map(\.begin) == [Story.time(0), Story.time(1000)])
    #expect(run.duration == .seconds(1006))
    #expect(run.steps[1].outcome == nil && run.steps[1].duration == nil)
    #expect(run.outcome == "done")
  }

  @Test("a runner that was killed lived until its last entry")
  func killed() throws {
    var story = try Story()
    try story.turn(to: "stop", at: 1)
    try story.add(
      StepIntent(
        attempt: 1, verdict: VerdictRecord(verdict: "needed", explanation: "e"), observation: [],
        guards: [], predicted: nil), "stop", at: 4)
    var run = try story.account()
    #expect(run.outcome == "open")
    #expect(run.steps[0].duration == .seconds(3))
    try story.resume(at: 500)
    try story.turn(to: "stop", at: 501)
    try story.add(StepEnded(outcome: .changed, message: "m"), "stop", at: 503)
    run = try story.account()
    #expect(run.steps[0].duration == .seconds(5))
    #expect(run.steps[0].hasActed)
  }

  @Test("entries that don't begin a run are none")
  func noRun() throws {
    #expect(try RunAccount([]) == nil)
    #expect(try RunAccount(Array(try Story().entries.dropFirst())) == nil)
  }
}
