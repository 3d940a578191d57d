import GRDB
import Runbook

/// One open transaction. Lives no longer than the closure that gets it.
struct SQLiteTransaction: SQLReader, SQLWriter {
  let database: GRDB.Database
  var writing = StatementKind.writing

  func query(_ statement: SQLStatement) throws -> [SQLRow] {
    let prepared = try prepare(statement, allowed: StatementKind.reading)
    guard prepared.isReadonly else {
      throw ActionError("sql.query_writes", "a query must not write, and this statement would")
    }
    return try Row.fetchAll(prepared).map(Self.row)
  }

  func execute(_ statement: SQLStatement) throws -> Int {
    let prepared = try prepare(statement, allowed: writing)
    let before = database.totalChangesCount
    try prepared.execute()
    return database.totalChangesCount - before
  }

  private func prepare(_ statement: SQLStatement, allowed: Set<String>) throws -> Statement {
    let sql = try SQLText(statement, for: .sqlite)
    try StatementKind.check(sql.text, allowed: allowed)
    // Refuses text with more than one statement in it.
    let prepared = try database.makeStatement(sql: sql.text)
    try prepared.setArguments(StatementArguments(try sql.values.map(Self.bound)))
    return prepared
  }

  private static func bound(_ value: Value) throws -> DatabaseValue {
    switch value {
    case .null: return .null
    case .boolean(let boolean): return boolean.databaseValue
    case .integer(let integer): return integer.databaseValue
    case .string(let string): return string.databaseValue
    case .list, .mapping:
      throw ActionError("sql.value", "a list or a mapping can't be bound to a statement")
    }
  }

  private static func row(_ row: Row) -> SQLRow {
    SQLRow(row.map { (name: $0.0, value: value($0.1)) })
  }

  /// Fractions become text, as `Value` has none; bytes become text in SQLite's own notation, `x'00ff'`.
  private static func value(_ value: DatabaseValue) -> Value {
    switch value.storage {
    case .null: .null
    case .int64(let integer): .integer(Int(integer))
    case .double(let double): .string("\(double)")
    case .string(let string): .string(string)
    case .blob(let bytes): .string("x'" + bytes.map(hexadecimal).joined() + "'")
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16)
    return byte < 16 ? "0" + text : text
  }
}
