import Foundation
import GRDB
import TestSupport
import Testing

@testable import LabScheduler

@Suite("Replication survives kills and races", .serialized)
struct ReplicationChaosTests {
  private static let quickShipping = ["--ship-interval", "10ms"]

  /// Both sites' replicators are killed at random moments, while the sites change roles.
  @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
  func neverTwoPrimariesOfOneEpochAndAlwaysAWholeCopy(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    try await TestLab.with(Self.quickShipping) { lab in
      var primary = SiteName.production
      for round in 1...12 {
        try await lab.killReplicators(times: 3, &random)
        if round % 3 == 0 {
          let isGraceful = Bool.random(using: &random)
          if isGraceful {
            try await lab.drain(primary, to: primary.partner)
          }
          try lab.promote(primary.partner)
          primary = primary.partner
        }
        try lab.checkInvariants()
        try await eventually("round \(round): the other site follows \(primary)") {
          try lab.checkInvariants()
          return try lab.state(primary).role == .primary
            && lab.state(primary.partner).role == .replica
            && lab.isCaughtUp(primary.partner, with: primary)
        }
      }
    }
  }

  /// A promotion that commits stays, whatever the replicator is about at that moment.
  @Test(arguments: [UInt64.random(in: 0...UInt64.max)])
  func aPromotionIsNeverOverwritten(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    try await TestLab.with(Self.quickShipping) { lab in
      var target = SiteName.dr
      for _ in 1...20 {
        let before = try lab.state(target.partner).at.position
        try await eventually("shipments") {
          try lab.execute(target.partner, "UPDATE jobs SET interval_ms = interval_ms + 1")
          return try lab.state(target.partner).at.position > before + 3
        }
        // The connection is open before the moment, as a runner's would be.
        let client = try lab.database(target)
        try await client.read { _ = try ReplicationState.read($0) }
        try await randomMoment(upTo: .milliseconds(20), using: &random)
        let promoted = try await client.write { db in
          try db.execute(
            sql: "UPDATE replication_state SET role = 'primary', epoch = epoch + 1")
          return try ReplicationState.read(db)
        }
        try await eventually("the other site follows") {
          let now = try lab.state(target)
          try #require(now.role == .primary && now.at.epoch == promoted.at.epoch)
          return try lab.state(target.partner).role == .replica
            && lab.state(target.partner).at.epoch == promoted.at.epoch
        }
        target = target.partner
      }
    }
  }
}

extension TestLab {
  /// Kills both replicators at random moments, and starts them again.
  fileprivate func killReplicators(times: Int, _ random: inout SeededGenerator) async throws {
    for _ in 1...times {
      try await randomMoment(upTo: .milliseconds(40), using: &random)
      let sites = SiteName.allCases.filter { _ in Bool.random(using: &random) }
      for site in sites { try await service("kill", site, ["replicator"]) }
      try checkInvariants()
      for site in sites { try await service("start", site, ["replicator"]) }
    }
  }

  fileprivate func checkInvariants() throws {
    let production = try state(.production)
    let standby = try state(.dr)
    try #require(
      production.role == .replica || standby.role == .replica
        || production.at.epoch != standby.at.epoch)
    for site in SiteName.allCases {
      let finding = try strings(site, "PRAGMA integrity_check")
      try #require(finding == ["ok"])
    }
  }
}
