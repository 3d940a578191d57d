import GRDB

enum Role: String, Codable, DatabaseValueConvertible, Sendable {
  case primary
  /// Still the source, but read-only: the last changes are on their way.
  case draining
  case replica
}

/// How far a copy is: positions rise within an epoch, and every promotion begins a new epoch.
struct LinePosition: Codable, Equatable, Comparable, Sendable {
  let epoch: Int64
  let position: Int64

  static func < (left: LinePosition, right: LinePosition) -> Bool {
    (left.epoch, left.position) < (right.epoch, right.position)
  }
}

extension LinePosition: CustomStringConvertible {
  var description: String { "epoch \(epoch) position \(position)" }
}

/// The row of `replication_state`; `Schema` says what the columns mean.
struct ReplicationState: Equatable, Sendable {
  var role: Role
  var at: LinePosition
  var asOf: Timestamp
  var sourceSite: String
  var drainedPosition: Int64?
  var base: LinePosition?
  var demotedEpoch: Int64?
  var demotedPosition: Int64?

  /// Whether a former primary's work, up to the last row, is in the line that begins at `base`.
  func isContained(inLineFrom base: LinePosition?) -> Bool {
    guard let demotedEpoch else { return true }
    guard let demotedPosition, let base else { return false }
    return base == LinePosition(epoch: demotedEpoch, position: demotedPosition)
  }

  /// Whether everything that was written before draining has been shipped.
  var isDrained: Bool { role == .draining && drainedPosition == at.position }
}

extension ReplicationState: FetchableRecord {
  init(row: Row) {
    role = row["role"]
    at = LinePosition(epoch: row["epoch"], position: row["position"])
    asOf = row["as_of"]
    sourceSite = row["source_site"]
    drainedPosition = row["drained_position"]
    let baseEpoch: Int64? = row["base_epoch"]
    let basePosition: Int64? = row["base_position"]
    if let baseEpoch, let basePosition {
      base = LinePosition(epoch: baseEpoch, position: basePosition)
    }
    demotedEpoch = row["demoted_epoch"]
    demotedPosition = row["demoted_position"]
  }

  static func read(_ db: Database) throws -> ReplicationState {
    guard let state = try fetchOne(db, sql: "SELECT * FROM replication_state") else {
      throw LabError(.failed, "replication_state has no row")
    }
    return state
  }
}
