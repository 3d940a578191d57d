import Foundation
import TestSupport
import Testing

/// A move of control under faults, from one state that is right to the next.
enum FaultTest {
  static func switchover(_ strikes: [Strike]) async throws {
    try await move { lab, direction in
      try await FaultWalk(
        lab: lab, runbook: "scheduler-switchover", direction: direction, strikes: strikes
      ).run()
    }
  }

  /// - Parameter disaster: what has befallen the site that is given up, until the move is done.
  static func failover(_ disaster: Fault, _ strikes: [Strike]) async throws {
    try await move(mayLose: true) { lab, direction in
      let site = direction.from
      let struck = try await lab.lab("disaster", disaster.strike(site: site))
      try #require(struck.code == 0, "\(struck)")
      try await FaultWalk(
        lab: lab, runbook: "scheduler-failover", direction: direction,
        answers: ["--attest", "stop-production=seen by the test: \(disaster.rawValue)"],
        strikes: strikes
      ).run()
      let healed = try await lab.lab("heal")
      try #require(healed.code == 0, "\(healed)")
      try await lab.expectNeverDouble("when \(site) is back")
      var rejoined = try await lab.execute("reprotect", direction)
      if rejoined.code == FaultWalk.waits {
        rejoined = try await lab.lifeboat(["resume"] + FaultWalk.consent("rejoin"))
      }
      try #require(rejoined.code == 0, "\(rejoined)")
    }
  }

  /// The runner is killed at point after point.
  static func crashes(_ points: [String], of runbook: String) async throws {
    try await move { lab, direction in
      try await CrashWalk(
        lab: lab, runbook: runbook, direction: direction, points: points
      ).run()
    }
  }

  private static func move(
    mayLose: Bool = false, _ body: (HostsLab, HostsLab.Direction) async throws -> Void
  ) async throws {
    let lab = try HostsLab.get()
    let direction = try await lab.direction()
    try await lab.expectInControl(direction.from)
    let client = try WritingClient(lab)
    let watch = try ControlWatch(lab)
    do {
      try await client.untilAcknowledged(10)
      try await body(lab, direction)
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
    #expect(missing.isEmpty, "lost: \(missing.map(\.number))")
  }
}

extension Fault {
  /// For `lab disaster`, of a whole site.
  func strike(site: String) -> [String] {
    switch self {
    case .powerCut: [site]
    case .hang: [site, "--hang"]
    case .linkDown: [site, "--link-down"]
    case .partition: ["outside", site, "--partition"]
    case .diskFull: ["\(site)-database", "--disk-full"]
    }
  }
}
