import Foundation
import GRDB

/// The receiving half of a replicator.
///
/// A snapshot is applied *into* the live file by SQLite's backup, under one exclusive lock that
/// spans the check of the role and the copy. Renaming a new file over the old one would be
/// simpler, but a promotion that had opened the old file and waited for its lock would then
/// commit into a file that is no longer there.
final class Follower {
  private let database: SchedulerDatabase
  private let partner: Partner
  private let log: ServiceLog

  init(database: SchedulerDatabase, partner: Partner, log: ServiceLog) {
    self.database = database
    self.partner = partner
    self.log = log
  }

  /// Follows the partner as far as it has shipped, if this site is to follow it.
  func follow() throws {
    let offered = try partner.outbox.head()
    let epoch = partner.sourceEpoch(shipped: offered)
    if try decide(offered, epoch) == .stepDown { try stepDown(offered, epoch) }
    switch try decide(offered, epoch) {
    case .nothing, .stepDown:
      return
    case .conflict:
      throw LabError(
        .refused,
        "this site and \(partner.site) are both primary in epoch \(epoch); "
          + "set the role of one to replica")
    case .refresh:
      if let offered { try refresh(offered) }
    case .apply:
      if let offered, let image = try ReplicaImage.load(offered, from: partner.outbox) {
        try apply(image)
      }
    }
  }

  private func decide(_ offered: ShippedHead?, _ epoch: Int64) throws -> FollowDecision {
    let own = try database.read(ReplicationState.read)
    return FollowDecision(own: own, offered: offered, partnerEpoch: epoch)
  }

  private func refresh(_ offered: ShippedHead) throws {
    try database.write { db in
      try db.execute(
        sql: """
          UPDATE replication_state SET as_of = ?
          WHERE role = 'replica' AND epoch = ? AND position = ?
          """, arguments: [offered.asOf, offered.epoch, offered.position])
    }
  }

  /// Ends the own, replaced line at once, before anything that can fail.
  private func stepDown(_ offered: ShippedHead?, _ epoch: Int64) throws {
    try database.write { db in
      let own = try ReplicationState.read(db)
      let decision = FollowDecision(own: own, offered: offered, partnerEpoch: epoch)
      guard decision == .stepDown else { return }
      try db.execute(sql: "UPDATE replication_state SET role = 'replica'")
      log.write(
        "stepped down: was \(own.role) at \(own.at), but \(partner.site) is the source since "
          + "epoch \(epoch)")
    }
  }

  private func apply(_ image: ReplicaImage) throws {
    try database.queue.writeWithoutTransaction { live in
      try live.holdingExclusiveLock {
        let own = try ReplicationState.read(live)
        let decision = FollowDecision(
          own: own, offered: image.head, partnerEpoch: image.head.epoch)
        // Otherwise it has been promoted, or changed in another way, since it was looked at.
        guard case .apply(let keepOwn) = decision else { return }
        if keepOwn { try keepAside(live, own) }
        try image.database.read { try $0.backup(to: live) }
        if own.at.epoch != image.head.epoch || own.demotedEpoch != nil {
          log.write("follows \(image.head.sourceSite) from \(image.head.at)")
        }
      }
    }
  }

  private func keepAside(_ live: Database, _ own: ReplicationState) throws {
    let directory = (database.path as NSString).deletingLastPathComponent
    let time = Clock.now.description.filter { $0 != "-" && $0 != ":" }
    let name = "diverged-\(own.demotedEpoch ?? own.at.epoch)-\(time).sqlite"
    let unfinished = File.temporaryName(for: "\(directory)/diverged")
    try File.remove(unfinished)
    let copy = try DatabaseQueue(path: unfinished)
    try copy.writeWithoutTransaction { try live.backup(to: $0) }
    try copy.close()
    try File.synchronize(path: unfinished)
    try File.rename(unfinished, to: "\(directory)/\(name)")
    log.write("its own work was not all shipped: kept its database as \(name)")
  }
}
