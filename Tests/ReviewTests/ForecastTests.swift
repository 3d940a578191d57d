import Journal
import Testing

@testable import Review

@Suite("How long a run will take")
struct ForecastTests {
  /// Executions in which the first step took the given seconds, and the second four.
  private func history(_ seconds: [Double]) throws -> RunbookHistory {
    var history = RunbookHistory()
    for took in seconds {
      var story = try Story()
      try story.act("stop", from: 1, to: 1 + took)
      try story.act("start", from: 1 + took, to: 5 + took)
      try story.end(at: 6 + took)
      history.add(try story.account())
    }
    return history
  }

  private func rehearsal(
    _ first: StepRehearsed.Outcome = .wouldChange, _ second: StepRehearsed.Outcome = .wouldChange,
    steps: [JSON] = Story.steps
  ) throws -> RunAccount {
    var story = try Story(.rehearsal, run: "r-9", steps: steps)
    try story.rehearse("stop", first, at: 1)
    try story.rehearse("start", second, at: 2)
    try story.end(at: 3)
    return try story.account()
  }

  @Test("median and 90th percentile of each step, along the path, with what comes before")
  func medians() throws {
    let history = try history([10, 20, 30, 40, 50, 60, 70, 80, 90, 1000])
    let forecast = Forecast(try rehearsal(), from: history, objective: .seconds(120))
    #expect(forecast.executions == 10)
    #expect(forecast.steps.map(\.median) == [55, 4])
    #expect(forecast.steps.map(\.p90) == [90, 4])
    #expect(forecast.median == 60)
    #expect(forecast.p90 == 95)
    #expect(forecast.criticalPath == ["stop", "start"])
    #expect(forecast.lines.last?.tone == .good)
    let text = forecast.lines.text
    #expect(text.contains("from 10 executions of failover"))
    #expect(
      text.contains(
        "about 1 min 00 s, 90th percentile 1 min 35 s: within the objective of 2 min 00 s"))
  }

  @Test(
    "the objective is missed, or may be, or kept",
    arguments: [(59, "longer than"), (94, "may be missed"), (100, "within")])
  func objectives(objective: Int, words: String) throws {
    let history = try history([10, 20, 30, 40, 50, 60, 70, 80, 90, 1000])
    let forecast = Forecast(try rehearsal(), from: history, objective: .seconds(objective))
    #expect(forecast.lines.text.contains(words))
  }

  @Test("no history: said so, and no number")
  func none() throws {
    let forecast = Forecast(try rehearsal(), from: RunbookHistory(), objective: .seconds(60))
    #expect(forecast.median == nil && forecast.p90 == nil && forecast.executions == 0)
    #expect(forecast.lines.text.contains("none, since no execution of failover has acted yet"))
    #expect(try JSON(encoding: forecast)["executions"] == 0)
  }

  @Test("a step that never acted is named, and the forecast is a least")
  func gap() throws {
    var history = RunbookHistory()
    var story = try Story()
    try story.act("stop", from: 1, to: 11)
    try story.act("start", from: 11, to: 30, .failed)
    history.add(try story.account())
    let forecast = Forecast(try rehearsal(), from: history, objective: .seconds(60))
    #expect(forecast.withoutHistory == ["start"])
    #expect(forecast.median == 11)
    let text = forecast.lines.text
    #expect(text.contains("at least 11 s"))
    #expect(text.contains("not in it, since they have not acted in an execution yet: start"))
    #expect(forecast.lines.allSatisfy { $0.tone != .good })
  }

  @Test("what is so already costs a look, and what is skipped costs nothing")
  func lookingOnly() throws {
    var history = try history([10])
    var found = try Story()
    try found.find("stop", from: 1, to: 3)
    try found.act("start", from: 3, to: 7)
    history.add(try found.account())
    #expect(Forecast(try rehearsal(.already), from: history, objective: nil).median == 1 + 2 + 4)
    #expect(Forecast(try rehearsal(.wouldSkip), from: history, objective: nil).median == 1 + 4)
  }

  @Test("a rehearsal is no history, nor is a step of the same name that does something else")
  func otherThings() throws {
    var history = RunbookHistory()
    history.add(try rehearsal())
    #expect(history.executions == 0)
    let other = try self.history([10])
    let steps: [JSON] = [
      ["id": "stop", "name": "n", "action": "command.run", "depends": []], Story.steps[1],
    ]
    let forecast = Forecast(try rehearsal(steps: steps), from: other, objective: nil)
    #expect(forecast.withoutHistory == ["stop"])
  }

  @Test(
    "steps side by side: the slower one decides, and a fan-out runs as many hosts at once as it allows"
  )
  func criticalPath() throws {
    func step(_ id: String, _ depends: [JSON], host: Int? = nil) throws -> PlanOutline.Step {
      var json: [String: JSON] = ["id": .string(id), "name": "n", "depends": .array(depends)]
      if let host {
        json["id"] = .string("\(id)@\(host)")
        json["fan_out"] = ["step": .string(id), "group": "g", "max_parallel": 2]
      }
      return try JSON.object(json).decode(PlanOutline.Step.self)
    }
    let steps =
      try [step("first", []), step("quick", ["first"])]
      + (1...5).map { try step("hosts", ["first"], host: $0) } + [step("last", ["quick", "hosts"])]
    let path = CriticalPath(steps) { $0.id == "quick" ? 20 : 10 }
    // Five hosts of ten seconds, two at a time.
    #expect(path.seconds == 10 + 30 + 10)
    #expect(path.steps == ["first", "hosts", "last"])
    let other = CriticalPath(steps) { $0.id == "quick" ? 40 : 10 }
    #expect(other.seconds == 60 && other.steps == ["first", "quick", "last"])
  }
}
