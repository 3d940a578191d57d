import Runbook

/// How far a copy is. Positions rise within an epoch; every promotion begins a new epoch.
struct LogShippingState: Sendable, Equatable {
  let role: CopyRole
  let epoch: Int
  let position: Int
  /// RFC 3339: everything that the primary had committed until then is in the copy.
  let asOf: String
  /// On a draining source: the position that holds all that was written before, once it has been shipped.
  let drainedPosition: Int?

  /// Everything that was written before draining has been shipped.
  var isDrained: Bool { role == .draining && drainedPosition == position }

  static func read(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> LogShippingState {
    let rows = try reader.query(
      "SELECT role, epoch, position, as_of, drained_position FROM replication_state")
    guard rows.count == 1, let state = LogShippingState(rows[0]) else {
      throw ActionError(
        "replication.state", "\(copy.subject): replication_state has no readable single row",
        advice: "see whether this is the database that the inventory means")
    }
    return state
  }

  private init(
    role: CopyRole, epoch: Int, position: Int, asOf: String, drainedPosition: Int?
  ) {
    self.role = role
    self.epoch = epoch
    self.position = position
    self.asOf = asOf
    self.drainedPosition = drainedPosition
  }

  private init?(_ row: SQLRow) {
    guard let role = row["role"]?.string.flatMap(CopyRole.init(rawValue:)),
      let epoch = row["epoch"]?.integer, let position = row["position"]?.integer,
      let asOf = row["as_of"]?.string
    else { return nil }
    self.init(
      role: role, epoch: epoch, position: position, asOf: asOf,
      drainedPosition: row["drained_position"]?.integer)
  }
}
