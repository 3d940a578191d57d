import Foundation
import GRDB

/// The sending half of a replicator: snapshots by SQLite's online backup whenever the database
/// has changed, and a fresh `as_of` when it has not.
final class Shipper {
  private let site: String
  private let database: SchedulerDatabase
  private let outbox: Outbox
  /// SQLite's `data_version` at the last snapshot: it changes with every commit of another
  /// connection and of no other. Nil until this process has shipped once.
  private var shippedVersion: Int64?

  init(site: String, database: SchedulerDatabase, outbox: Outbox) {
    self.site = site
    self.database = database
    self.outbox = outbox
  }

  /// Brings the outbox up to date if this site is the source.
  func ship() throws {
    let seen = try database.read(Moment.init)
    guard seen.state.role != .replica else {
      shippedVersion = nil
      return
    }
    if let head = try outbox.head(), isCurrent(head, seen) {
      try refresh(head, asOf: seen.time)
    } else if try beginNextPosition() {
      try shipSnapshot()
    }
  }

  /// What one read transaction saw, and a time at which no later commit had happened.
  private struct Moment {
    let state: ReplicationState
    let version: Int64
    let time: Timestamp

    init(_ db: Database) throws {
      state = try ReplicationState.read(db)
      version = try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0
      time = Clock.now
    }
  }

  private func isCurrent(_ head: ShippedHead, _ seen: Moment) -> Bool {
    guard head.at == seen.state.at, head.sourceSite == site else { return false }
    // A drained database cannot change, so a restarted replicator may trust what it finds.
    return seen.version == shippedVersion && seen.state.role == .primary || seen.state.isDrained
  }

  private func refresh(_ head: ShippedHead, asOf time: Timestamp) throws {
    var head = head
    head.asOf = time
    try outbox.publish(head)
  }

  /// Counts the position up before the snapshot is taken, so that two different snapshots never
  /// have the same one. False when the role has changed meanwhile.
  private func beginNextPosition() throws -> Bool {
    try database.write { db in
      try db.execute(
        sql: """
          UPDATE replication_state SET position = position + 1, as_of = ?, source_site = ?
          WHERE role IN ('primary', 'draining')
          """, arguments: [Clock.now, site])
      return db.changesCount == 1
    }
  }

  private func shipSnapshot() throws {
    guard let (moment, unfinished) = try takeSnapshot() else { return }
    let state = moment.state
    let name = Outbox.snapshotName(state.at)
    try File.synchronize(path: unfinished)
    let digest = try SHA256.hexadecimal(try File.read(unfinished))
    try File.rename(unfinished, to: outbox.snapshotFile(name))
    try outbox.publish(
      ShippedHead(
        epoch: state.at.epoch, position: state.at.position, asOf: moment.time, sha256: digest,
        file: name, sourceSite: site, baseEpoch: state.base?.epoch,
        basePosition: state.base?.position))
    shippedVersion = moment.version
    if state.role == .draining { try markDrained(state.at) }
    try outbox.removeOldSnapshots()
  }

  /// A copy and what it holds, from one read transaction: nobody can commit in between.
  private func takeSnapshot() throws -> (moment: Moment, file: String)? {
    let file = File.temporaryName(for: "\(outbox.directory)/snapshot")
    try File.remove(file)
    let copy = try DatabaseQueue(path: file)
    let moment = try copy.writeWithoutTransaction { copy in
      // The file is synchronised once, when it is complete.
      try copy.execute(sql: "PRAGMA synchronous = OFF")
      return try database.read { db -> Moment? in
        let moment = try Moment(db)
        guard moment.state.role != .replica else { return nil }
        try db.backup(to: copy)
        return moment
      }
    }
    try copy.close()
    return moment.map { ($0, file) }
  }

  /// Says that the final snapshot is out. A draining database takes no rows, so the snapshot that
  /// was taken while it drained is final.
  private func markDrained(_ at: LinePosition) throws {
    try database.write { db in
      try db.execute(
        sql: """
          UPDATE replication_state SET drained_position = position
          WHERE role = 'draining' AND epoch = ? AND position = ?
          """, arguments: [at.epoch, at.position])
    }
  }
}
