import Foundation
import TestSupport
import Testing

/// Failover, reprotect, failback and switchover, one after the other, again and again, with the sites exchanged from round to
/// round, under a writing client.
enum Rounds {
  /// `LIFEBOAT_ROUNDS` makes it more or fewer.
  static let count = ProcessInfo.processInfo.environment["LIFEBOAT_ROUNDS"].flatMap(Int.init) ?? 10

  static func run() async throws {
    let lab = try HostsLab.get()
    let client = try WritingClient(lab)
    let watch = try ControlWatch(lab)
    var lost: Set<Int> = []
    var direction = HostsLab.Direction.toDR
    for round in 1...count {
      do {
        try await Round(lab: lab, client: client, direction: direction).run(&lost)
      } catch {
        Issue.record("round \(round), \(direction): \(error)")
        break
      }
      direction = direction.back
    }
    try await client.stop()
    let findings = try await watch.stop()
    #expect(findings.isEmpty, "\(findings)")
    try await expectNoOverlap(in: lab)
  }

  /// The schedulers' own account: no two GUIDs ever ran jobs at once.
  private static func expectNoOverlap(in lab: HostsLab) async throws {
    let overlaps = """
      SELECT count(*) FROM job_history a JOIN job_history b
      ON a.guid < b.guid AND a.started_at < b.finished_at AND b.started_at < a.finished_at
      """
    for site in ["production", "dr"] {
      let count = try #require(try await lab.query(site, overlaps), "\(site)'s database is down")
      #expect(count == "0", "two schedulers ran jobs at once, says \(site)")
    }
  }
}

/// One round. It begins with `direction.from` in control, and ends with `direction.to`.
private struct Round {
  let lab: HostsLab
  let client: WritingClient
  let direction: HostsLab.Direction

  func run(_ lost: inout Set<Int>) async throws {
    try await forcedFailover(&lost)
    try await returnAndReprotect()
    try await planned("scheduler-failback", direction.back, lost)
    try await planned("scheduler-switchover", direction, lost)
  }

  /// Power is lost; what the survivor lacks is exactly what lies behind the boundary that the run reports.
  private func forcedFailover(_ lost: inout Set<Int>) async throws {
    try await client.untilAcknowledged(50)
    let struck = try await lab.lab("disaster", [direction.from])
    try #require(struck.code == 0, "\(struck)")
    let attested = ["--attest", "stop-production=seen by the test: no power"]
    try await execute("scheduler-failover", attested, consentingTo: "reverse-replication")
    try await lab.expectInControl(direction.to)
    try await findLost(&lost)
  }

  /// Rows are lost from one moment on, and it is the one that the run gives.
  private func findLost(_ lost: inout Set<Int>) async throws {
    let boundary = try #require(try await promotionBoundary(), "the run says no boundary")
    let rows = try await lab.writtenRows(at: direction.to)
    let known = lost
    let written = try client.attempts.filter { attempt in
      attempt.acknowledged && !known.contains(attempt.number)
        && lab.isOf(direction.from, attempt)
    }
    let missing = written.filter { !rows.contains($0.number) }
    lost.formUnion(missing.map(\.number))
    if let first = missing.first {
      let later = written.filter { $0.number > first.number && rows.contains($0.number) }
      #expect(later.isEmpty, "row \(first.number) is lost, and later ones are there")
    }
    for attempt in missing where attempt.endedAt < boundary {
      Issue.record("row \(attempt.number) was acknowledged before \(boundary), and is lost")
    }
    // MariaDB's log has times to the second.
    let digits = lab.database == "mariadb" ? "2026-01-01T00:00:00".count : boundary.count
    let late = written.filter { $0.startedAt.prefix(digits) > boundary.prefix(digits) }
    for attempt in late where rows.contains(attempt.number) {
      Issue.record("row \(attempt.number) is there, and was written after \(boundary)")
    }
  }

  /// Only whoever has seen what would be lost can consent to it: the run waits, and is resumed.
  private func execute(
    _ runbook: String, _ options: [String], consentingTo step: String
  ) async throws {
    var ran = try await lab.execute(runbook, direction, options)
    if ran.code == Self.waits {
      ran = try await lab.lifeboat(
        ["resume", "--consent", "\(step)=seen by the test: what is lost is known"])
    }
    try #require(ran.code == 0, "\(ran)")
  }

  /// The exit code of a run that waits for a person.
  private static let waits: Int32 = 4

  /// `as_of` in the evidence of the last promotion: everything committed until then is there.
  private func promotionBoundary() async throws -> String? {
    let acted = try await lab.entries().last {
      $0["kind"] as? String == "step.acted" && $0["step"] as? String == "reverse-replication"
    }
    let body = acted?["body"] as? [String: Any]
    return (body?["evidence"] as? [String: Any])?["as_of"] as? String
  }

  /// The lost site has power again: by itself it stays down; then its copy follows.
  private func returnAndReprotect() async throws {
    let healed = try await lab.lab("heal")
    try #require(healed.code == 0, "\(healed)")
    try await eventually("\(direction.from) has booted") {
      ["running", "degraded"].contains(
        try await lab.at("\(direction.from)-scheduler", ["systemctl", "is-system-running"]).output
          .trimmingCharacters(in: .whitespacesAndNewlines))
    }
    try await lab.expectInControl(direction.to)
    try await execute("reprotect", [], consentingTo: "rejoin")
  }

  /// A planned move loses nothing that was acknowledged.
  private func planned(
    _ runbook: String, _ direction: HostsLab.Direction, _ lost: Set<Int>
  ) async throws {
    try await client.untilAcknowledged(50)
    let ran = try await lab.execute(runbook, direction)
    try #require(ran.code == 0, "\(ran)")
    let acknowledged = Set(try client.attempts.filter(\.acknowledged).map(\.number))
    let rows = try await lab.writtenRows(at: direction.to)
    let missing = acknowledged.subtracting(lost).subtracting(rows)
    #expect(missing.isEmpty, "\(runbook) to \(direction.to) lost \(missing.sorted())")
    try await lab.expectInControl(direction.to)
  }
}

@Suite(
  "Round after round on PostgreSQL", .serialized, .needsHosts, .hostsLab("postgresql"))
struct HostsPostgreSQLRoundsTests {
  @Test("nothing acknowledged is lost but what was said to be, and control is never double")
  func rounds() async throws { try await Rounds.run() }
}

@Suite("Round after round on MariaDB", .serialized, .needsHosts, .hostsLab("mariadb"))
struct HostsMariaDBRoundsTests {
  @Test("nothing acknowledged is lost but what was said to be, and control is never double")
  func rounds() async throws { try await Rounds.run() }
}
