import ODBC
import Runbook

/// Statements on one connection. Lives no longer than the closure that gets it.
struct ServerTransaction: SQLReader, SQLWriter {
  let session: ODBCSession
  let kind: Database.Kind
  var secrets: [SecretReference: Secret] = [:]

  func query(_ statement: SQLStatement) throws -> [SQLRow] {
    let (sql, values) = try text(statement)
    return try session.query(sql, values, concealing: statement.holdsSecret).map { row in
      SQLRow(zip(row.names, row.values).map { (name: $0, value: Value($1)) })
    }
  }

  func execute(_ statement: SQLStatement) throws -> Int {
    let (sql, values) = try text(statement)
    return try session.execute(sql, values, concealing: statement.holdsSecret)
  }

  private func text(_ statement: SQLStatement) throws -> (String, [ODBCValue]) {
    let text = try SQLText(statement, for: SQLDialect(kind), secrets: secrets)
    return (text.text, try text.values.map(ODBCValue.init))
  }

  /// Makes the session read identifiers and texts as `SQLDialect` writes them.
  func speakStandardSQL() throws {
    switch kind {
    case .mariadb:
      try session.execute(
        "SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES')")
    default: try session.execute("SET standard_conforming_strings = on")
    }
  }

  /// All queries of the transaction are to see one state, as the first saw it.
  func seeOneState() throws {
    try session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
  }

  /// What is checked in the transaction must still hold when it commits.
  func beSerializable() throws {
    try session.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
  }
}

extension SQLStatement {
  fileprivate var holdsSecret: Bool {
    parts.contains { if case .secret = $0 { true } else { false } }
  }
}

extension Value {
  fileprivate init(_ value: ODBCValue) {
    self =
      switch value {
      case .null: .null
      case .boolean(let boolean): .boolean(boolean)
      case .integer(let integer): .integer(integer)
      case .string(let string): .string(string)
      }
  }
}

extension ODBCValue {
  fileprivate init(_ value: Value) throws {
    switch value {
    case .null: self = .null
    case .boolean(let boolean): self = .boolean(boolean)
    case .integer(let integer): self = .integer(integer)
    case .string(let string): self = .string(string)
    case .list, .mapping:
      throw ActionError("sql.value", "a list or a mapping can't be bound to a statement")
    }
  }
}
