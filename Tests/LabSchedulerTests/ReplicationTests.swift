import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import LabScheduler

@Suite("Replication follows the roles", .serialized)
struct ReplicationTests {
  @Test func theCopyFollowsAndSaysHowFreshItIs() async throws {
    try await TestLab.with { lab in
      try await eventually("a run at production is in the copy") {
        try lab.count(.dr, "job_history") > 0
      }
      for name in ["scheduler", "executor", "server"] {
        try await lab.service("stop", .production, [name])
      }
      // The positions alone don't say so: what was committed since the last shipping isn't counted yet.
      let stopped = Clock.now
      try await eventually("caught up with what was written last") {
        try lab.state(.dr).asOf > stopped
      }
      #expect(try lab.rows(.dr) == (try lab.rows(.production)))
      let before = try lab.state(.dr)
      try await eventually("as_of goes on although nothing changes") {
        try lab.state(.dr).asOf > before.asOf
      }
      #expect(try lab.state(.dr).at == before.at)
    }
  }

  @Test func asOfNeverPromisesWhatIsNotThere() async throws {
    try await TestLab.with { lab in
      try await eventually("runs in the copy") { try lab.count(.dr, "job_history") > 5 }
      for _ in 1...20 {
        let (asOf, copied) = try lab.reading(.dr) { db in
          (
            try ReplicationState.read(db).asOf,
            Set(try String.fetchAll(db, sql: "SELECT finished_at FROM job_history"))
          )
        }
        // A run is committed a moment after the time that it notes, so only older ones must be in.
        let certain = Timestamp(milliseconds: asOf.milliseconds - 1000).description
        let committed = try lab.strings(
          .production, "SELECT finished_at FROM job_history WHERE finished_at < '\(certain)'")
        #expect(copied.isSuperset(of: committed))
      }
    }
  }

  @Test func aGracefulSwitchLosesNoRow() async throws {
    try await TestLab.with { lab in
      try await eventually("runs") { try lab.count(.production, "job_history") > 5 }
      // The services still run: draining itself must keep their writes out.
      try await lab.drain(.production, to: .dr)
      let rows = try lab.rows(.production)
      try lab.promote(.dr)
      try lab.execute(
        .production,
        "UPDATE replication_state SET role = 'replica', epoch = epoch + 1 WHERE role = 'draining'")
      #expect(try lab.rows(.dr) == rows)
      try lab.execute(.dr, "DELETE FROM Failover")
      try await lab.startServices(.dr)
      let standby = try lab.guid(.dr)
      try await eventually("production follows the DR site's runs") {
        try lab.strings(.production, "SELECT DISTINCT guid FROM job_history").contains(standby)
      }
      #expect(try lab.state(.production).role == .replica)
      #expect(try lab.rows(.production).isSuperset(of: rows))
      #expect(try lab.layout.site(.production).divergedDatabases() == [])
      #expect(try await lab.status().schedulersInControl == 1)
    }
  }

  @Test func aDrainedSourceThatIsLeftAloneFollowsByItself() async throws {
    try await TestLab.with { lab in
      try await eventually("runs") { try lab.count(.production, "job_history") > 0 }
      try await lab.drain(.production, to: .dr)
      try await lab.run("disaster", ["production"])
      try lab.promote(.dr)
      try await lab.run("heal")
      try await eventually("production follows") {
        try lab.state(.production).role == .replica && lab.isCaughtUp(.production, with: .dr)
      }
      #expect(try lab.layout.site(.production).divergedDatabases() == [])
    }
  }

  @Test func aDrainThatIsCalledOffShipsWhatCameAfterIt() async throws {
    try await TestLab.with { lab in
      try await eventually("runs") { try lab.count(.production, "job_history") > 0 }
      try await lab.drain(.production, to: .dr)
      // Within one transaction each, so that the replicator can't look in between.
      try lab.transaction(.production) { db in
        try db.execute(sql: "UPDATE replication_state SET role = 'primary'")
        try db.execute(
          sql: "INSERT INTO job_history VALUES (NULL, 1, 'a', 'b', 'late', 'd', 'e', 0, 'f')")
        try db.execute(sql: "UPDATE replication_state SET role = 'draining'")
      }
      try await lab.waitUntilDrained(.production, to: .dr)
      #expect(try lab.strings(.dr, "SELECT guid FROM job_history").contains("late"))
    }
  }

  @Test func aFormerPrimaryFollowsAndItsOwnWorkIsKept() async throws {
    try await TestLab.with { lab in
      try await eventually("runs in the copy") { try lab.count(.dr, "job_history") > 0 }
      try await lab.makeUnshippedRuns()
      try await lab.run("disaster", ["production"])
      let lost = try lab.rows(.production).subtracting(try lab.rows(.dr))
      #expect(!lost.isEmpty)
      try lab.promote(.dr)
      try lab.execute(.dr, "DELETE FROM Failover")
      try await lab.startServices(.dr)
      try await eventually("DR ships") {
        try Outbox(directory: lab.layout.site(.dr).outboxDirectory).head()?.epoch == 2
      }
      try await lab.run("heal")
      #expect(try lab.state(.production).role == .replica)
      #expect(lab.log(.replicator, .production).contains("stepped down"))
      #expect(try lab.divergedRows(.production).isSuperset(of: lost))
      try await eventually("production has the DR site's runs") {
        try lab.rows(.production).contains { $0.hasSuffix(try lab.guid(.dr)) }
      }
      #expect(try lab.rows(.production).isDisjoint(with: lost))
      #expect(try await lab.status().schedulersInControl == 1)
      let production = try lab.guid(.production)
      let afterHeal = try lab.strings(
        .production, "SELECT guid FROM job_history ORDER BY id DESC LIMIT 1")
      #expect(afterHeal != [production])
    }
  }

  @Test func aSourceThatIsDemotedWithUnshippedWorkKeepsIt() async throws {
    try await TestLab.with { lab in
      try await eventually("runs in the copy") { try lab.count(.dr, "job_history") > 0 }
      try await lab.makeUnshippedRuns()
      try lab.execute(.production, "UPDATE replication_state SET role = 'replica'")
      let lost = try lab.rows(.production).subtracting(try lab.rows(.dr))
      try lab.promote(.dr)
      try await lab.service("start", .production, ["replicator"])
      try await eventually("production follows") {
        try lab.isCaughtUp(.production, with: .dr)
      }
      #expect(try lab.divergedRows(.production).isSuperset(of: lost))
    }
  }

  @Test func aPromotionThatHasNotShippedYetIsRespected() async throws {
    try await TestLab.with { lab in
      try await eventually("a first copy") { try lab.state(.dr).at.position > 0 }
      try await lab.run("disaster", ["production"])
      try await lab.service("kill", .dr, ["replicator"])
      try lab.promote(.dr)
      try await lab.run("heal", ["production"])
      #expect(try lab.state(.production).role == .replica)
      #expect(try await lab.status().schedulersInControl == 0)
    }
  }

  @Test func productionBootsWithoutTheOtherSite() async throws {
    try await TestLab.with { lab in
      try await lab.run("disaster", ["dr"])
      try await lab.run("disaster", ["production"])
      try await lab.run("heal", ["production"])
      try await eventually("production in control") {
        try await lab.status().schedulersInControl == 1
      }
    }
  }

  @Test func aDamagedSnapshotIsNotApplied() async throws {
    try await TestLab.with { lab in
      try await eventually("a first copy") { try lab.state(.dr).at.position > 0 }
      try await lab.run("disaster", ["production"])
      let outbox = Outbox(directory: lab.layout.site(.production).outboxDirectory)
      let head = try #require(try outbox.head())
      try await eventually("caught up") { try lab.state(.dr).at == head.at }
      let next = LinePosition(epoch: head.epoch, position: head.position + 1)
      var content = try File.read(outbox.snapshotFile(head.file))
      content[content.count - 1] ^= 1
      try File.replace(outbox.snapshotFile(Outbox.snapshotName(next)), with: content)
      try outbox.publish(
        ShippedHead(
          epoch: next.epoch, position: next.position, asOf: head.asOf, sha256: head.sha256,
          file: Outbox.snapshotName(next), sourceSite: head.sourceSite, baseEpoch: nil,
          basePosition: nil))
      try await eventually("it says why") { lab.log(.replicator, .dr).contains("SHA-256") }
      #expect(try lab.state(.dr).at == head.at)
    }
  }

  @Test func aSnapshotThatIsGoneOnlyMattersWhileItIsTheNewest() async throws {
    try await TemporaryDirectory.with { directory in
      let outbox = Outbox(directory: directory)
      func head(_ position: Int64) -> ShippedHead {
        let at = LinePosition(epoch: 1, position: position)
        return ShippedHead(
          epoch: at.epoch, position: at.position, asOf: Clock.now, sha256: "",
          file: Outbox.snapshotName(at), sourceSite: "production", baseEpoch: nil,
          basePosition: nil)
      }
      let (old, new) = (head(1), head(2))
      try outbox.publish(new)
      #expect(try ReplicaImage.load(old, from: outbox) == nil)
      let error = #expect(throws: LabError.self) { try ReplicaImage.load(new, from: outbox) }
      #expect(error?.message.contains(new.file) == true)
    }
  }

  @Test func aReaderNeedsNoWriteAccess() async throws {
    try await TestLab.with { lab in
      try await eventually("runs in the copy") { try lab.count(.dr, "job_history") > 0 }
      let mode = try lab.strings(.production, "PRAGMA journal_mode")
      #expect(mode == ["delete"])
      try await lab.service("stop", .dr, ["replicator"])
      let directory = lab.layout.site(.dr).databaseDirectory
      let before = try FileManager.default.contentsOfDirectory(atPath: directory)
      let database = try SchedulerDatabase(path: lab.layout.site(.dr).databaseFile, readOnly: true)
      _ = try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM job_history") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == before)
    }
  }
}

extension TestLab {
  /// The history, one text a run.
  func rows(_ site: SiteName) throws -> Set<String> {
    Set(try strings(site, "SELECT job_id || ' ' || started_at || ' ' || guid FROM job_history"))
  }

  func divergedRows(_ site: SiteName) throws -> Set<String> {
    let kept = try layout.site(site).divergedDatabases()
    try #require(kept.count == 1)
    let file = "\(layout.site(site).databaseDirectory)/\(kept[0])"
    return try DatabaseQueue(path: file).read {
      Set(
        try String.fetchAll(
          $0, sql: "SELECT job_id || ' ' || started_at || ' ' || guid FROM job_history"))
    }
  }

  /// The first half of a graceful switch: no more writes, and the last ones at the target.
  func drain(_ source: SiteName, to target: SiteName) async throws {
    let changed = try execute(
      source, "UPDATE replication_state SET role = 'draining' WHERE role = 'primary'")
    try #require(changed == 1)
    try await waitUntilDrained(source, to: target)
  }

  func waitUntilDrained(_ source: SiteName, to target: SiteName) async throws {
    try await eventually("drained") {
      let state = try state(source)
      return try state.drainedPosition == state.at.position && self.state(target).at == state.at
    }
  }

  /// Production goes on for a while without its replicator.
  func makeUnshippedRuns() async throws {
    try await service("kill", .production, ["replicator"])
    let shipped = try state(.production).at
    try await eventually("the copy is as far as it will get") { try state(.dr).at <= shipped }
    let runs = try count(.production, "job_history")
    try await eventually("runs that nobody ships") {
      try count(.production, "job_history") > runs + 2
    }
  }
}
