import Foundation
import GRDB

/// A verified snapshot, in memory, as the replica will hold it.
struct ReplicaImage {
  let head: ShippedHead
  let database: DatabaseQueue

  /// Reads the snapshot that `head` names. Nil when the source has removed it since, or has put another one in its place, as a
  /// former primary does when it ships again: there is a newer head.
  static func load(_ head: ShippedHead, from outbox: Outbox) throws -> ReplicaImage? {
    do { return try read(head, from: outbox) } catch {
      guard try outbox.head() == head else { return nil }
      throw error
    }
  }

  private static func read(_ head: ShippedHead, from outbox: Outbox) throws -> ReplicaImage {
    let file = outbox.snapshotFile(head.file)
    guard try SHA256.hexadecimal(try File.read(file)) == head.sha256 else {
      throw LabError(.invalidFile, "\(file): its SHA-256 is not the one in head.json; not applied")
    }
    let memory = try DatabaseQueue()
    try memory.writeWithoutTransaction { image in
      try SchedulerDatabase(path: file, readOnly: true).read { try $0.backup(to: image) }
      let state = try ReplicationState.read(image)
      guard state.at == head.at else {
        throw LabError(.invalidFile, "\(file): holds \(state.at), head.json says \(head.at)")
      }
      try makeReplica(image, asOf: head.asOf)
    }
    return ReplicaImage(head: head, database: memory)
  }

  /// Turns a copy of a primary into a replica that has followed it to this point.
  static func makeReplica(_ db: Database, asOf: Timestamp?) throws {
    try db.execute(
      sql: "UPDATE replication_state SET role = 'replica', as_of = ifnull(?, as_of)",
      arguments: [asOf])
    // The copy was never primary itself, although its row has just changed its role.
    try db.execute(
      sql: """
        UPDATE replication_state
        SET drained_position = NULL, demoted_epoch = NULL, demoted_position = NULL
        """)
  }
}
