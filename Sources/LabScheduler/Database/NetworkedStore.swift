import ODBC
import Synchronization

/// The scheduler's tables in a PostgreSQL or MariaDB server. A broken connection is made anew by the next call; nothing is tried
/// again within one, so that a service looks at who is in control before it goes on.
final class NetworkedStore: SchedulerStore {
  let pollingInterval: Int64 = 50

  private let settings: ODBCSettings
  private let kind: DatabaseKind
  private let connection = Mutex<ODBCConnection?>(nil)

  init(_ settings: ODBCSettings, kind: DatabaseKind) {
    self.settings = settings
    self.kind = kind
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreTransaction) throws -> Value
  ) throws -> Value {
    try connected { [kind] connection in
      try connection.performAndWait { try body(NetworkedTransaction(session: $0, kind: kind)) }
    }
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreTransaction) throws -> Value
  ) throws -> Value {
    try connected { [kind] connection in
      try connection.transactionAndWait { session in
        let transaction = NetworkedTransaction(session: session, kind: kind)
        try transaction.lockControl()
        return try body(transaction)
      }
    }
  }

  func check() throws -> String {
    let jobs = try read { try $0.integer("SELECT count(*) FROM jobs") }
    return "the server answers; jobs: \(jobs ?? 0)"
  }

  private func connected<Value>(_ body: (ODBCConnection) throws -> Value) throws -> Value {
    do {
      return try body(try present())
    } catch let error as ODBCError {
      if error.kind != .refused { connection.withLock { $0 = nil } }
      throw LabError(database: error)
    }
  }

  private func present() throws -> ODBCConnection {
    if let open = connection.withLock({ $0 }) { return open }
    let new = try ODBCConnection.openAndWait(settings)
    connection.withLock { $0 = new }
    return new
  }
}

private struct NetworkedTransaction: StoreTransaction {
  let session: ODBCSession
  let kind: DatabaseKind

  var failoverTable: String { kind.failoverTable }

  func query(_ sql: String, _ values: [StoreValue]) throws -> [StoreRow] {
    try session.query(sql, values.map(ODBCValue.init)).map { row in
      StoreRow(names: row.names, values: row.values.map(StoreValue.init))
    }
  }

  func execute(_ sql: String, _ values: [StoreValue]) throws {
    try session.execute(sql, values.map(ODBCValue.init))
  }

  /// Until the transaction ends nobody else inserts, changes or removes a row of `Failover`, not even into an empty table.
  func lockControl() throws {
    switch kind {
    case .postgresql:
      // The first statement: the lock is held before the transaction sees anything.
      try session.execute("LOCK TABLE \(failoverTable) IN SHARE ROW EXCLUSIVE MODE")
    case .mariadb:
      // At this level the lock on the rows is one on the gaps between them too.
      try session.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
      _ = try session.query("SELECT guid FROM \(failoverTable) FOR UPDATE")
    }
  }

  func reasonNotToWrite() throws -> String? {
    switch kind {
    case .postgresql:
      let state = try session.query(
        "SELECT pg_is_in_recovery() AS replica, current_setting('transaction_read_only') AS read_only"
      ).first
      if state?["replica"] != .boolean(false) { return "the database is a replica" }
      return state?["read_only"] == .string("off") ? nil : "the database is read-only"
    case .mariadb:
      let state = try session.query("SELECT @@global.read_only AS read_only").first
      return state?["read_only"] == .integer(0) ? nil : "the database is read-only"
    }
  }
}

extension ODBCValue {
  fileprivate init(_ value: StoreValue) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .string(let text): self = .string(text)
    }
  }
}

extension StoreValue {
  fileprivate init(_ value: ODBCValue) {
    switch value {
    case .null: self = .null
    case .boolean(let flag): self = .integer(flag ? 1 : 0)
    case .integer(let number): self = .integer(number)
    case .string(let text): self = .string(text)
    }
  }
}

extension DatabaseKind {
  /// PostgreSQL folds a bare name to lower case.
  var failoverTable: String {
    switch self {
    case .postgresql: "\"Failover\""
    case .mariadb: "Failover"
    }
  }
}

extension LabError {
  /// A database that refuses is one that trying again won't change.
  init(database error: ODBCError) {
    let isMissing =
      ["3D000", "42P01", "42S02"].contains(error.state)
      || error.diagnostics.first?.nativeError == 1049
      || error.diagnostics.contains { $0.message.contains("does not exist") }
    switch error.kind {
    case .authentication, .encryption, .driverMissing:
      self.init(.refused, "database \(error)")
    case .refused where isMissing: self.init(.refused, "database \(error)")
    default: self.init(.failed, "database \(error)")
    }
  }
}
