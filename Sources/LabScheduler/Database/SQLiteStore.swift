import GRDB

/// The scheduler's tables in the site's SQLite file.
struct SQLiteStore: SchedulerStore {
  let database: SchedulerDatabase

  let pollingInterval: Int64 = 100

  init(path: String) throws { database = try SchedulerDatabase(path: path) }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreTransaction) throws -> Value
  ) throws -> Value {
    try database.read { try body(SQLiteTransaction(db: $0)) }
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreTransaction) throws -> Value
  ) throws -> Value {
    try database.write { try body(SQLiteTransaction(db: $0)) }
  }

  func check() throws -> String {
    let finding = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
    guard finding == "ok" else {
      throw LabError(.failed, "\(database.path): quick_check: \(finding ?? "no answer")")
    }
    return "quick_check: ok"
  }
}

private struct SQLiteTransaction: StoreTransaction {
  let db: Database

  let failoverTable = "Failover"

  func query(_ sql: String, _ values: [StoreValue]) throws -> [StoreRow] {
    try Row.fetchAll(db, sql: sql, arguments: arguments(values)).map { row in
      StoreRow(
        names: Array(row.columnNames), values: row.databaseValues.map { Self.value($0.storage) })
    }
  }

  func execute(_ sql: String, _ values: [StoreValue]) throws {
    try db.execute(sql: sql, arguments: arguments(values))
  }

  func reasonNotToWrite() throws -> String? {
    switch try ReplicationState.read(db).role {
    case .primary: nil
    case .draining: "the database is draining"
    case .replica: "the database is a replica"
    }
  }

  private func arguments(_ values: [StoreValue]) -> StatementArguments {
    StatementArguments(
      values.map { value -> (any DatabaseValueConvertible)? in
        switch value {
        case .null: nil
        case .integer(let number): number
        case .string(let text): text
        }
      })
  }

  private static func value(_ storage: DatabaseValue.Storage) -> StoreValue {
    switch storage {
    case .null: .null
    case .int64(let number): .integer(Int(number))
    case .double(let number): .string("\(number)")
    case .string(let text): .string(text)
    case .blob(let bytes): .string("\\x" + bytes.map { String($0, radix: 16) }.joined())
    }
  }
}
