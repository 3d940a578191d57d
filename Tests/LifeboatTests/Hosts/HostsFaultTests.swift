import Foundation
import TestSupport
import Testing

/// Each test is one run of a runbook, struck at step after step, and each leaves control at the other site.
@Suite(
  "Faults at every step on PostgreSQL", .serialized, .needsHosts, .hostsLab("postgresql"))
struct HostsPostgreSQLFaultTests {
  @Test("switchover, the step's host without power")
  func switchoverPowerCut() async throws {
    try await FaultTest.switchover(FaultTable.switchover(.powerCut))
  }

  @Test("switchover, the network to the step's site partitioned")
  func switchoverPartition() async throws {
    try await FaultTest.switchover(FaultTable.switchover(.partition))
  }

  @Test("switchover, the step's host hangs")
  func switchoverHang() async throws {
    try await FaultTest.switchover(FaultTable.switchover(.hang))
  }

  @Test("switchover, the database's disk full")
  func switchoverDiskFull() async throws {
    try await FaultTest.switchover(FaultTable.switchoverDiskFull)
  }

  @Test("switchover, cut off in the middle of the act")
  func switchoverCut() async throws {
    try await FaultTest.switchover(FaultTable.switchoverDuring(.linkDown))
  }

  @Test("switchover, the host hangs in the middle of the act")
  func switchoverHangDuring() async throws {
    try await FaultTest.switchover(FaultTable.switchoverDuring(.hang))
  }

  @Test("switchover, the runner killed at point after point, resumed from two machines")
  func switchoverCrashes() async throws {
    try await FaultTest.crashes(
      FaultTable.switchoverCrashes, of: "scheduler-switchover")
  }

  @Test("switchover, the runner killed once what was done is written down")
  func switchoverCrashesLater() async throws {
    try await FaultTest.crashes(FaultTable.switchoverCrashesLater, of: "scheduler-switchover")
  }

  @Test("failover, the step's host without power")
  func failoverPowerCut() async throws {
    try await FaultTest.failover(FaultTable.failover(.powerCut))
  }

  @Test("failover, the network to the step's site partitioned")
  func failoverPartition() async throws {
    try await FaultTest.failover(FaultTable.failover(.partition))
  }

  @Test("failover, the step's host hangs")
  func failoverHang() async throws { try await FaultTest.failover(FaultTable.failover(.hang)) }

  @Test("failover, the database's disk full")
  func failoverDiskFull() async throws { try await FaultTest.failover(FaultTable.failoverDiskFull) }

  @Test("failover, cut off in the middle of the act")
  func failoverCut() async throws {
    try await FaultTest.failover(FaultTable.failoverDuring(.linkDown))
  }

  @Test("failover from a site that only the operator doesn't reach")
  func failoverFromLivingSite() async throws { try await FaultTest.failoverFromLivingSite() }
}

/// A smaller choice: what differs is the reversal.
@Suite("Faults at every step on MariaDB", .serialized, .needsHosts, .hostsLab("mariadb"))
struct HostsMariaDBFaultTests {
  @Test("switchover, the network to the step's site partitioned")
  func switchoverPartition() async throws {
    try await FaultTest.switchover(FaultTable.switchover(.partition))
  }

  @Test("switchover, the runner killed at point after point, resumed from two machines")
  func switchoverCrashes() async throws {
    try await FaultTest.crashes(FaultTable.switchoverCrashes, of: "scheduler-switchover")
  }

  @Test("switchover, cut off in the middle of the act")
  func switchoverCut() async throws {
    try await FaultTest.switchover(FaultTable.switchoverDuring(.linkDown))
  }
}

/// At which step of the moves of control which fault strikes, and where.
enum FaultTable {
  /// What each step needs most.
  private static let switchover: [(step: String, place: Place)] = [
    ("stop-scheduler", .from(.scheduler)), ("reverse-replication", .from(.database)),
    ("reverse-replication", .to(.database)), ("truncate-failover", .to(.database)),
    ("no-foreign-guid", .to(.database)), ("start-scheduler", .to(.scheduler)),
    ("in-control", .to(.database)),
  ]

  /// Of the first step, `stop-production`, the disaster itself is the fault; `failoverFromLivingSite` has it without a
  /// person's word. The site that is given up is always without power: one that hangs or is cut off and is vouched for as dead
  /// comes back with its scheduler running, which is for a fence to prevent, and not for the move.
  private static let failover: [(step: String, place: Place)] = [
    ("reverse-replication", .to(.database)), ("truncate-failover", .to(.database)),
    ("no-foreign-guid", .to(.database)), ("start-dr", .to(.scheduler)),
    ("in-control", .to(.database)),
  ]

  static func switchover(_ fault: Fault) -> [Strike] {
    strikes(switchover, fault).map { strike in
      var strike = strike
      strike.needsGrant =
        fault == .powerCut && strike.place.side == .from && strike.place.role == .database
      return strike
    }
  }

  static func failover(_ fault: Fault) -> [Strike] { strikes(failover, fault) }

  private static let acting = [
    "stop-scheduler", "reverse-replication", "truncate-failover", "start-scheduler",
  ]
  static let switchoverCrashes = CrashWalk.points(
    acting: acting,
    in: [
      "stop-scheduler", "reverse-replication", "truncate-failover", "no-foreign-guid",
      "start-scheduler", "in-control",
    ])
  /// A run that is killed before this is written finds the step done, and doesn't come here.
  static let switchoverCrashesLater = acting.map { "\($0):acted.after" } + ["run:run.before-end"]

  /// In the lab only databases have a disk of their own, so the steps that stop or start services are struck there.
  /// A step that only looks needs no room, and one that writes little may find enough in the log's present file.
  static let switchoverDiskFull =
    strikes(
      [
        ("stop-scheduler", .from(.database)), ("reverse-replication", .from(.database)),
        ("reverse-replication", .to(.database)), ("truncate-failover", .to(.database)),
        ("no-foreign-guid", .to(.database)),
        ("start-scheduler", .to(.database)), ("in-control", .to(.database)),
      ], .diskFull, ends: anyEnd)

  static let failoverDiskFull = strikes(
    [
      ("reverse-replication", .to(.database)), ("truncate-failover", .to(.database)),
      ("no-foreign-guid", .to(.database)), ("start-dr", .to(.database)),
      ("in-control", .to(.database)),
    ], .diskFull, ends: anyEnd)

  /// Only these acts last long enough to be struck in the middle: `truncate-failover` is one transaction, whose crash
  /// points stand for that, and the others look.
  static func switchoverDuring(_ fault: Fault) -> [Strike] {
    strikes(
      [
        ("stop-scheduler", .from(.scheduler)), ("reverse-replication", .from(.database)),
        ("start-scheduler", .to(.scheduler)),
      ], fault, .during, ends: Strike.stopped.union([Strike.done]))
  }

  static func failoverDuring(_ fault: Fault) -> [Strike] {
    strikes(
      [("reverse-replication", .to(.database)), ("start-dr", .to(.scheduler))], fault, .during,
      ends: Strike.stopped.union([Strike.done]))
  }

  private static let anyEnd = Strike.stopped.union([Strike.passes, Strike.done])

  private static func strikes(
    _ cases: [(step: String, place: Place)], _ fault: Fault, _ moment: Strike.Moment = .before,
    ends: Set<Int32> = Strike.stopped
  ) -> [Strike] {
    cases.map {
      Strike(step: $0.step, fault: fault, place: $0.place, moment: moment, ends: ends)
    }
  }
}
