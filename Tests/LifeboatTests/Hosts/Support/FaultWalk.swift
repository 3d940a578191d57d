import Engine
import Foundation
import TestSupport
import Testing

/// One run of a runbook, struck at step after step: killed where a step begins, resumed under a fault, healed, resumed.
struct FaultWalk {
  /// A run under a fault says within this time that it can't go on.
  private static let patience = Duration.seconds(90)

  /// The exit code of a run that waits for a person.
  static let waits: Int32 = 4

  let lab: HostsLab
  let runbook: String
  let direction: HostsLab.Direction
  var answers: [String] = []
  let strikes: [Strike]

  func run() async throws {
    try await lab.prepareForFaults()
    let first = try #require(strikes.first)
    try await expectKilled(
      lab.lifeboat(
        ["execute", HostsLab.impatientRunbook(runbook)] + direction.parameters(of: runbook)
          + answers, crashAt: Self.begin(first.step)))
    for (place, strike) in strikes.enumerated() {
      let next = strikes[(place + 1)...].first { $0.step != strike.step }?.step
      try await meet(strike, next: next)
      try await lab.expectNeverDouble("after \(strike)")
      let isLastOfStep = place + 1 == strikes.count || strikes[place + 1].step != strike.step
      if isLastOfStep { try await goOn(to: next, after: strike) }
    }
  }

  /// Resumes under the fault, and heals it.
  private func meet(_ strike: Strike, next: String?) async throws {
    let began = ContinuousClock.now
    let ran: Ran
    switch strike.moment {
    case .before:
      try await disaster(strike)
      ran = try await resume(upTo: next)
    case .during:
      ran = try await resumeInto(strike)
    }
    let took = ContinuousClock.now - began
    #expect(strike.ends.contains(ran.code), "\(strike): \(ran)")
    #expect(took < Self.patience, "\(strike): \(took)")
    if Strike.stopped.contains(ran.code) {
      #expect((ran.output + ran.error).contains("lifeboat resume"), "\(strike): \(ran)")
    }
    let healed = try await lab.lab("heal", strike.remedy(direction))
    try #require(healed.code == 0, "\(strike): \(healed)")
    if strike.needsGrant { try await grantAndStart(strike.place.site(direction)) }
  }

  /// What a person does with a primary that came back without a permit.
  private func grantAndStart(_ site: String) async throws {
    let refused = try await resume(upTo: nil)
    #expect(refused.code == 2, "\(refused)")
    #expect(refused.output.contains("lifeboat permit grant --site \(site)"), "\(refused)")
    let granted = try await lab.lifeboat(
      ["permit", "grant", "--site", site, "--because", "seen by the test: it is the primary"])
    try #require(granted.code == 0, "\(granted)")
    let started = try await lab.at("\(site)-database", ["systemctl", "start", lab.databaseUnit])
    try #require(started.code == 0, "\(started)")
  }

  private func disaster(_ strike: Strike) async throws {
    let struck = try await lab.lab("disaster", strike.disaster(direction))
    try #require(struck.code == 0, "\(strike): \(struck)")
  }

  /// Goes on, and strikes when the step's intent is in the journal.
  private func resumeInto(_ strike: Strike) async throws -> Ran {
    var child = try lab.start(["resume", "--output", "json"] + answers)
    if try await !hasIntent(strike.step, child) {
      let code = await child.end()
      try #require(code == Self.waits, "\(strike): \(code) \(child.output)")
      child = try lab.start(["resume", "--output", "json"] + answers + Self.consent(strike.step))
      try #require(try await hasIntent(strike.step, child), "\(strike): \(child.output)")
    }
    try await disaster(strike)
    let code = await child.end()
    return Ran(code: code, output: child.output, error: "")
  }

  /// Whether the run comes to the step's intent before its end.
  private func hasIntent(_ step: String, _ child: Child) async throws -> Bool {
    func holds(_ parts: String...) -> Bool {
      child.output.split(separator: "\n").contains { line in parts.allSatisfy(line.contains) }
    }
    func isIntended() -> Bool { holds("\"kind\":\"step.intent\"", "\"step\":\"\(step)\"") }
    try await eventually("the intent of \(step)") {
      isIntended() || holds("\"kind\":\"run.ended\"")
    }
    return isIntended()
  }

  /// Only whoever has seen what would be lost can consent to it.
  static func consent(_ step: String) -> [String] {
    ["--consent", "\(step)=seen by the test: what is lost is known"]
  }

  /// Without the fault the step is done: the run comes to the next one's beginning, or to its end.
  private func goOn(to next: String?, after strike: Strike) async throws {
    var ran = try await resumeOnceReplicaStreams(upTo: next)
    if ran.code == Self.waits { ran = try await resume(upTo: next, Self.consent(strike.step)) }
    if next != nil {
      #expect(ran.code == Strike.passes, "healed after \(strike): \(ran)")
    } else {
      // A fault that did not touch the last step let the run come to its end.
      let isOver = ran.code == 2 && ran.error.contains("run.ended")
      #expect(ran.code == 0 || isOver, "healed after \(strike): \(ran)")
    }
    try await lab.expectNeverDouble("healed after \(strike)")
  }

  /// A replica that was cut off comes back to its primary some seconds after its network; whoever resumes before is
  /// refused, and told so.
  private func resumeOnceReplicaStreams(upTo next: String?) async throws -> Ran {
    var ran = try await resume(upTo: next)
    try await eventually("the replica streams again") {
      guard ran.code == 2, ran.output.contains("guard replica-streams") else { return true }
      ran = try await resume(upTo: next)
      return false
    }
    return ran
  }

  private func resume(upTo next: String?, _ more: [String] = []) async throws -> Ran {
    try await lab.lifeboat(["resume"] + answers + more, crashAt: next.map(Self.begin))
  }

  private func expectKilled(_ ran: Ran) throws {
    try #require(ran.code == 137, "the point was not reached: \(ran)")
  }

  private static func begin(_ step: String) -> String { "\(step):\(CrashPoint.stepStarted.name)" }
}
