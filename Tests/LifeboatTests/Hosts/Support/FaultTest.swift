import Foundation
import TestSupport
import Testing

/// A move of control under faults, from one state that is right to the next.
enum FaultTest {
  static func switchover(_ strikes: [Strike]) async throws {
    try await move { lab, _, direction in
      try await FaultWalk(
        lab: lab, runbook: "scheduler-switchover", direction: direction, strikes: strikes
      ).run()
    }
  }

  /// The site that is given up has lost its power, with rows that it never shipped: its way back needs more than to
  /// follow.
  static func failover(_ strikes: [Strike]) async throws {
    try await move(mayLose: true) { lab, client, direction in
      try await lab.require("disaster", [direction.from, direction.to, "--partition"])
      try await client.untilAcknowledged(20)
      try await lab.require("disaster", [direction.from])
      try await lab.require("heal", [direction.from, direction.to])
      try await FaultWalk(
        lab: lab, runbook: "scheduler-failover", direction: direction,
        answers: ["--attest", "stop-production=seen by the test: no power"], strikes: strikes
      ).run()
      try await reprotect(lab, direction)
    }
  }

  /// The operator alone doesn't reach the site that is to be given up. Nobody vouches for what isn't so: the run waits, and
  /// when the network is whole it stops that site's services itself.
  static func failoverFromLivingSite() async throws {
    try await move(mayLose: true) { lab, _, direction in
      try await lab.require("disaster", ["operator", direction.from, "--partition"])
      let waiting = try await lab.execute("scheduler-failover", direction)
      #expect(waiting.code == FaultWalk.waits, "\(waiting)")
      #expect(waiting.output.contains("--attest stop-production="), "\(waiting)")
      try await lab.expectInControl(direction.from)
      try await lab.require("heal", ["operator", direction.from])
      var ran = try await lab.lifeboat(["resume"])
      if ran.code == FaultWalk.waits {
        ran = try await lab.lifeboat(["resume"] + FaultWalk.consent("reverse-replication"))
      }
      try #require(ran.code == 0, "\(ran)")
      try await reprotect(lab, direction)
    }
  }

  /// The site that was given up comes back, and follows.
  private static func reprotect(_ lab: HostsLab, _ direction: HostsLab.Direction) async throws {
    try await lab.require("heal", [])
    try await lab.expectNeverDouble("when \(direction.from) is back")
    var rejoined = try await lab.execute("reprotect", direction)
    if rejoined.code == FaultWalk.waits {
      rejoined = try await lab.lifeboat(["resume"] + FaultWalk.consent("rejoin"))
    }
    try #require(rejoined.code == 0, "\(rejoined)")
  }

  /// The runner is killed at point after point.
  static func crashes(_ points: [String], of runbook: String) async throws {
    try await move { lab, _, direction in
      try await CrashWalk(
        lab: lab, runbook: runbook, direction: direction, points: points
      ).run()
    }
  }

  private static func move(
    mayLose: Bool = false,
    _ body: (HostsLab, WritingClient, HostsLab.Direction) async throws -> Void
  ) async throws {
    let lab = try HostsLab.get()
    let direction = try await lab.direction()
    try await lab.expectInControl(direction.from)
    let client = try WritingClient(lab)
    let watch = try ControlWatch(lab)
    do {
      try await client.untilAcknowledged(10)
      try await body(lab, client, direction)
      try await lab.expectInControl(direction.to)
    } catch {
      Issue.record(error)
    }
    try await client.stop()
    let findings = try await watch.stop()
    #expect(findings.isEmpty, "\(findings)")
    try await expectKept(client, at: direction, mayLose, lab)
    #expect(try await lab.lifeboat(["audit", "verify"]).code == 0)
  }

  /// Nothing acknowledged is lost; of a failover, nothing that the new primary acknowledged.
  private static func expectKept(
    _ client: WritingClient, at direction: HostsLab.Direction, _ mayLose: Bool, _ lab: HostsLab
  ) async throws {
    let rows = try await lab.writtenRows(at: direction.to)
    let missing = try client.attempts.filter { attempt in
      attempt.acknowledged && !rows.contains(attempt.number)
        && !(mayLose && lab.isOf(direction.from, attempt))
    }
    #expect(missing.map(\.number) == [])
  }
}
