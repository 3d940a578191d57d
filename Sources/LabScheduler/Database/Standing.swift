/// A row of `Failover`.
struct FailoverRow: Equatable, Sendable {
  let guid: String
  let host: String
  let heartbeatAt: Timestamp

  init(_ row: StoreRow) throws {
    guid = try row.text("guid")
    host = try row.text("host")
    heartbeatAt = try row.time("heartbeat_at")
  }
}

/// What a server may do with a database at one moment. Only what is read within the transaction
/// that acts on it counts.
enum Standing: Equatable, Sendable, CustomStringConvertible {
  /// The database is the primary and the only GUID in `Failover` is the asking server's own.
  case inControl(since: FailoverRow)
  /// The database is the primary and nobody has taken control.
  case free
  case held(by: [FailoverRow])
  case notPrimary(reason: String)

  static func of(_ guid: String, _ transaction: any StoreTransaction) throws -> Standing {
    if let reason = try transaction.reasonNotToWrite() { return .notPrimary(reason: reason) }
    let rows = try transaction.query(
      "SELECT guid, host, heartbeat_at FROM \(transaction.failoverTable) ORDER BY guid"
    ).map { try FailoverRow($0) }
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
    case .notPrimary(let reason): "not in control: \(reason)"
    }
  }
}
