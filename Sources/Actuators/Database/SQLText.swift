import Runbook

/// A statement in the words of one kind of database: text with `?`s, and the values to bind.
struct SQLText {
  let text: String
  let values: [Value]

  /// - Parameter secrets: what the statement's references to secrets lead to. The text then holds them: it goes to the
  ///   server and nowhere else.
  init(
    _ statement: SQLStatement, for dialect: SQLDialect, secrets: [SecretReference: Secret] = [:]
  ) throws {
    var text = ""
    var values: [Value] = []
    for part in statement.parts {
      switch part {
      case .text(let words): text += words
      case .identifier(let name): text += try dialect.quoted(identifier: name)
      case .table(let table): text += try dialect.quoted(table: table)
      case .within(let database): text += try dialect.entering(database)
      case .literal(let literal): text += try dialect.quoted(literal: literal)
      case .secret(let reference):
        guard let secret = secrets[reference] else {
          throw ActionError("sql.secret", "the statement needs the secret '\(reference)'")
        }
        text += try dialect.quoted(literal: secret.reveal())
      case .value(let value):
        text += "?"
        values.append(value)
      }
    }
    self.text = text
    self.values = values
  }
}

/// What kinds of databases write differently.
enum SQLDialect: Sendable {
  case sqlite, postgresql, mariadb, sqlserver

  init(_ kind: Database.Kind) {
    self =
      switch kind {
      case .sqlite: .sqlite
      case .postgresql: .postgresql
      case .mariadb: .mariadb
      case .sqlserver: .sqlserver
      }
  }

  /// As standard SQL quotes identifiers, also in MariaDB, whose sessions are opened with `ANSI_QUOTES`. In doubt SQLite
  /// reads `"x"` as a text, so callers name columns that exist.
  func quoted(identifier: String) throws -> String {
    guard !identifier.isEmpty, !identifier.utf8.contains(0) else {
      throw ActionError("sql.identifier", "a name in the statement is empty or contains a NUL byte")
    }
    guard self != .sqlserver else { return "[" + identifier.replacing("]", with: "]]") + "]" }
    return "\"" + identifier.replacing("\"", with: "\"\"") + "\""
  }

  /// In SQL Server as seen from `master`, where connections stay: a copy that isn't the primary can't be opened.
  func quoted(table: TableName) throws -> String {
    guard self == .sqlserver else { return try quoted(identifier: table.name) }
    return try [table.database, table.schema, table.name].map(quoted(identifier:))
      .joined(separator: ".")
  }

  func entering(_ database: String) throws -> String {
    self == .sqlserver ? "USE \(try quoted(identifier: database)); " : ""
  }

  /// As standard SQL quotes texts: sessions are opened so that a backslash is no escape.
  func quoted(literal: String) throws -> String {
    guard !literal.utf8.contains(0) else {
      throw ActionError("sql.literal", "a text in the statement contains a NUL byte")
    }
    return (self == .sqlserver ? "N'" : "'") + literal.replacing("'", with: "''") + "'"
  }

  /// One row a column of the table, in order: `name`.
  func columns(of table: TableName) -> SQLStatement {
    switch self {
    case .sqlite:
      "SELECT name FROM pragma_table_info(\(table.name)) ORDER BY cid"
    case .postgresql:
      """
      SELECT column_name AS name FROM information_schema.columns \
      WHERE table_schema = current_schema() AND table_name = \(table.name) ORDER BY ordinal_position
      """
    case .mariadb:
      """
      SELECT column_name AS name FROM information_schema.columns \
      WHERE table_schema = database() AND table_name = \(table.name) ORDER BY ordinal_position
      """
    case .sqlserver:
      """
      SELECT c.name FROM \(identifier: table.database).sys.columns c \
      JOIN \(identifier: table.database).sys.tables t ON t.object_id = c.object_id \
      JOIN \(identifier: table.database).sys.schemas s ON s.schema_id = t.schema_id \
      WHERE s.name = \(table.schema) AND t.name = \(table.name) ORDER BY c.column_id
      """
    }
  }
}

/// What a runbook's own statement may begin with. Transactions are the client's; `ATTACH`, `PRAGMA` and `VACUUM` act on
/// files rather than rows, and SQLite counts some of them as reading.
enum StatementKind {
  static let reading: Set<String> = ["SELECT", "VALUES", "WITH"]
  static let writing: Set<String> = reading.union([
    "ALTER", "CREATE", "DELETE", "DROP", "INSERT", "REPLACE", "UPDATE",
  ])

  /// By `VACUUM INTO`, on a file that is opened for reading only: without `INTO` SQLite refuses.
  static let copying: Set<String> = ["VACUUM"]

  /// In SQL Server a batch has as many statements as somebody writes, and only the transaction around it holds them.
  private static let transactionEnds: Set<String> = ["COMMIT", "ROLLBACK", "EXEC", "EXECUTE"]

  static func check(_ sql: String, allowed: Set<String>, in kind: Database.Kind) throws {
    try check(sql, allowed: allowed)
    guard kind == .sqlserver,
      let word = BareWords(in: sql).words.first(where: transactionEnds.contains)
    else { return }
    throw ActionError(
      "sql.statement_kind", "a statement with the word \(word) is not allowed here",
      advice: "it could end the transaction that it runs in; as a name write [\(word)]")
  }

  static func check(_ sql: String, allowed: Set<String>) throws {
    let keyword = firstKeyword(of: sql)
    guard allowed.contains(keyword) else {
      throw ActionError(
        "sql.statement_kind", "a statement that begins with '\(keyword)' is not allowed here",
        advice: "it may begin with \(allowed.sorted().joined(separator: ", "))")
    }
  }

  /// The first word after blanks and comments, in capitals.
  private static func firstKeyword(of sql: String) -> String {
    var rest = sql[...]
    while true {
      rest = rest.drop { $0.isWhitespace }
      if rest.hasPrefix("--") {
        rest = rest.drop { !$0.isNewline }
      } else if rest.hasPrefix("/*") {
        guard let end = rest.firstRange(of: "*/") else { return "" }
        rest = rest[end.upperBound...]
      } else {
        return rest.prefix { $0.isLetter }.uppercased()
      }
    }
  }
}
