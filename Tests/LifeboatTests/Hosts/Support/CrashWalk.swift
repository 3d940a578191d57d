import Engine
import Foundation
import TestSupport
import Testing

/// One run of a runbook whose runner is killed again and again, each time at a later point, and resumed each time; every
/// other time at another machine's terminal.
struct CrashWalk {
  let lab: HostsLab
  let runbook: String
  let direction: HostsLab.Direction
  var answers: [String] = []
  /// `STEP:POINT`, in the order in which a run comes to them.
  let points: [String]

  func run() async throws {
    try await lab.prepareForFaults()
    try await lab.admitColleague()
    let first = try #require(points.first)
    let killed = try await lab.lifeboat(
      ["execute", HostsLab.impatientRunbook(runbook)] + direction.parameters(of: runbook)
        + answers, crashAt: first)
    try #require(killed.code == Strike.passes, "\(first): \(killed)")
    for (place, point) in points.enumerated() {
      try await lab.expectNeverDouble("killed at \(point)")
      let next = place + 1 < points.count ? points[place + 1] : nil
      let ran = try await resume(killedAt: next, fromAfar: !place.isMultiple(of: 2))
      try #require(
        ran.code == (next == nil ? Strike.done : Strike.passes),
        "resumed after \(point) up to \(next ?? "the end"): \(ran)")
    }
  }

  private func resume(killedAt point: String?, fromAfar: Bool) async throws -> Ran {
    let resumed = ["resume"] + answers
    let ran =
      fromAfar
      ? try await lab.lifeboatFromAfar(resumed, crashAt: point)
      : try await lab.lifeboat(resumed, crashAt: point)
    // Of a signal on the other side ssh says no more than 255, which is also what it says when it doesn't get there.
    let isKilledThere = fromAfar && ran.code == 255 && ran.output.contains("Resumed by")
    return isKilledThere ? Ran(code: Strike.passes, output: ran.output, error: ran.error) : ran
  }

  /// The points of these steps that one run can pass one after the other: a step whose act was done, and not written down, is
  /// not done again.
  static func points(acting: [String], in steps: [String]) -> [String] {
    steps.flatMap { step in
      let points: [CrashPoint] =
        acting.contains(step)
        ? [
          .stepStarted, .beforeIntent, .afterIntent, .duringAct(call: 1), .afterAct,
          .beforeOutcome, .afterOutcome,
        ] : [.stepStarted, .beforeOutcome, .afterOutcome]
      return points.map { "\(step):\($0.name)" }
    }
  }
}
