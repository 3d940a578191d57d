import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import LabScheduler

@Suite("A primary and a secondary on one database", .serialized)
struct PairTests {
  /// Slower beats than elsewhere: a busy machine must not look like a dead primary.
  private static let pair = ["--pair", "--heartbeat-interval", "500ms"]

  @Test func theSecondaryTakesOverAfterThreeMissedBeats() async throws {
    try await TestLab.with(Self.pair) { lab in
      let (primary, secondary) = try await lab.waitForPrimaryInControl()
      let daemon = try #require(try lab.host(.production).recordedProcess())
      try daemon.send(SIGKILL)
      try await eventually("the secondary runs jobs") {
        try lab.strings(.production, "SELECT guid FROM job_history").last == secondary
      }
      #expect(try lab.strings(.production, "SELECT guid FROM Failover") == [secondary])
      let log = lab.log(.server, .production, host: "secondary")
      #expect(log.contains("takes over from \(primary)"))
      // What the row says is what the domain demands: three intervals without the primary.
      let acquired = try lab.strings(.production, "SELECT acquired_at FROM Failover")[0]
      let lastRun = try lab.strings(
        .production, "SELECT max(finished_at) FROM job_history WHERE guid = '\(primary)'")[0]
      let first = try lab.strings(
        .production, "SELECT min(started_at) FROM job_history WHERE guid = '\(secondary)'")[0]
      #expect(lastRun < acquired && acquired <= first)
    }
  }

  @Test func aPrimaryThatComesBackLeavesTheSecondaryInControl() async throws {
    try await TestLab.with(Self.pair) { lab in
      let (primary, secondary) = try await lab.waitForPrimaryInControl()
      let processes =
        try [lab.host(.production).recordedProcess()].compactMap { $0 }
        + lab.host(.production).recordedServiceProcesses()
      // Under an exclusive lock, so that the hung processes hold none.
      try await lab.database(.production).writeWithoutTransaction { db in
        try db.inTransaction(.exclusive) {
          for process in processes { try process.send(SIGSTOP) }
          return .commit
        }
      }
      try await eventually("the secondary takes over") {
        try lab.strings(.production, "SELECT guid FROM Failover") == [secondary]
      }
      for process in processes { try process.send(SIGCONT) }
      try await eventually("the primary sees it") {
        lab.log(.server, .production).contains("Failover holds \(secondary)")
      }
      let runs = try lab.count(.production, "job_history")
      try await eventually("jobs go on") { try lab.count(.production, "job_history") > runs + 5 }
      let acquired = try lab.strings(.production, "SELECT acquired_at FROM Failover")[0]
      let late = try lab.strings(
        .production,
        """
        SELECT finished_at FROM job_history
        WHERE guid = '\(primary)' AND finished_at > '\(acquired)'
        """)
      #expect(late == [])
      #expect(try lab.strings(.production, "SELECT guid FROM Failover") == [secondary])
    }
  }

  @Test func aFreshRowForbidsTheTakeover() async throws {
    // Both start at once when the site is up again: the primary must come to refresh its row before the secondary has missed
    // three beats.
    try await TestLab.with(["--pair", "--heartbeat-interval", "2s"]) { lab in
      let (primary, secondary) = try await lab.waitForPrimaryInControl()
      try await lab.run("disaster", ["production"])
      // The primary's beats go nowhere from now on; its row is refreshed all the same.
      let file = lab.host(.production).failoverConfigFile
      let config = try FailoverConfig(file: file)
      try FailoverConfig(
        primary: config.primary, secondary: config.secondary, port: config.port + 1,
        interval: config.interval
      ).xml.write(to: URL(fileURLWithPath: file))
      try await lab.run("heal", ["production"])
      try await eventually("the secondary says why it does not take over") {
        lab.log(.server, .production, host: "secondary").contains("no takeover")
      }
      #expect(try lab.strings(.production, "SELECT guid FROM Failover") == [primary])
      let runs = try lab.strings(.production, "SELECT DISTINCT guid FROM job_history")
      #expect(!runs.contains(secondary))
    }
  }

  @Test func oldAndRepeatedBeatsAreNoSignOfLife() async throws {
    let addresses = try LabAddresses.draw()
    let interval = Interval(milliseconds: 200)
    let config = FailoverConfig(
      primary: addresses.address(number: 1), secondary: addresses.address(number: 2),
      port: LabAddresses.port, interval: interval)
    let pair = try #require(
      try HeartbeatPair(config: config, ownAddress: config.secondary, guid: "own"))
    try await eventually("silence") { pair.partnerIsSilent }
    let old = Timestamp(milliseconds: Clock.now.milliseconds - 60_000)
    pair.hear(Beat(guid: "partner", sender: "one", sequence: 7, sentAt: old))
    #expect(pair.partnerIsSilent)
    pair.hear(Beat(guid: "partner", sender: "one", sequence: 7, sentAt: Clock.now))
    #expect(pair.partnerIsSilent)
    pair.hear(Beat(guid: "own", sender: "two", sequence: 8, sentAt: Clock.now))
    #expect(pair.partnerIsSilent)
    pair.hear(Beat(guid: "partner", sender: "one", sequence: 8, sentAt: Clock.now.adding(interval)))
    #expect(!pair.partnerIsSilent)
  }
}

extension TestLab {
  fileprivate func waitForPrimaryInControl() async throws -> (primary: String, secondary: String) {
    let primary = try guid(.production)
    try await eventually("the primary runs jobs") {
      try count(.production, "job_history") > 3
    }
    try #require(try strings(.production, "SELECT DISTINCT guid FROM job_history") == [primary])
    return (primary, try guid(.production, "secondary"))
  }
}
