import GRDB

/// A row of `Failover`.
struct FailoverRow: Equatable, FetchableRecord, Sendable {
  let guid: String
  let host: String
  let heartbeatAt: Timestamp

  init(row: Row) {
    guid = row["guid"]
    host = row["host"]
    heartbeatAt = row["heartbeat_at"]
  }
}

/// What a server may do with a database at one moment. Only what is read within the transaction
/// that acts on it counts.
enum Standing: Equatable, CustomStringConvertible {
  /// The database is the primary and the only GUID in `Failover` is the asking server's own.
  case inControl(since: FailoverRow)
  /// The database is the primary and nobody has taken control.
  case free
  case held(by: [FailoverRow])
  case notPrimary(Role)

  static func of(_ guid: String, _ db: Database) throws -> Standing {
    let role = try ReplicationState.read(db).role
    guard role == .primary else { return .notPrimary(role) }
    let rows = try FailoverRow.fetchAll(db, sql: "SELECT * FROM Failover ORDER BY guid")
    if rows.isEmpty { return .free }
    if rows.count == 1, rows[0].guid == guid { return .inControl(since: rows[0]) }
    return .held(by: rows.filter { $0.guid != guid })
  }

  var isInControl: Bool {
    if case .inControl = self { true } else { false }
  }

  var description: String {
    switch self {
    case .inControl: "in control"
    case .free: "not in control: Failover is empty"
    case .held(let rows):
      "not in control: Failover holds "
        + rows.map { "\($0.guid) of \($0.host)" }.joined(separator: ", ")
    case .notPrimary(let role):
      "not in control: the database is \(role == .replica ? "a replica" : "draining")"
    }
  }
}
