import ODBC
import Runbook

/// Statements on one connection. Lives no longer than the closure that gets it.
struct ServerTransaction: SQLReader, SQLWriter {
  let session: ODBCSession
  let kind: Database.Kind
  var secrets: [SecretReference: Secret] = [:]

  func query(_ statement: SQLStatement) throws -> [SQLRow] {
    let (sql, values) = try text(statement)
    let rows = try session.query(sql, values, concealing: statement.holdsSecret).map { row in
      SQLRow(zip(row.names, row.values).map { (name: $0, value: Value($1)) })
    }
    try returnHome(after: statement)
    return rows
  }

  func execute(_ statement: SQLStatement) throws -> Int {
    let (sql, values) = try text(statement)
    let affected = try session.execute(sql, values, concealing: statement.holdsSecret)
    try returnHome(after: statement)
    return affected
  }

  /// Whoever stays in a database stands in the way of what is done to it. After an error nobody stays: the connection ends.
  private func returnHome(after statement: SQLStatement) throws {
    guard let home = kind.home, statement.entersDatabase else { return }
    try session.execute("USE \(SQLDialect(kind).quoted(identifier: home))")
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
    // Its brackets and N'…' are read in one way, whatever a session's settings.
    case .sqlserver: break
    case .postgresql, .sqlite: try session.execute("SET standard_conforming_strings = on")
    }
  }

  /// All queries of the transaction are to see one state, as the first saw it. Not in SQL Server, where a look would hold
  /// locks for that, and keep the scheduler from its heartbeats.
  func seeOneState() throws {
    guard kind != .sqlserver else { return }
    try session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
  }

  /// What is checked in the transaction must still hold when it commits.
  func beSerializable() throws {
    try session.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
  }
}

extension SQLStatement {
  fileprivate var entersDatabase: Bool {
    parts.contains { if case .within = $0 { true } else { false } }
  }

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
