import Runbook

/// A statement in SQLite's dialect: text with `?`s, and the values to bind.
struct SQLText {
  let text: String
  let values: [Value]

  init(_ statement: SQLStatement) throws {
    var text = ""
    var values: [Value] = []
    for part in statement.parts {
      switch part {
      case .text(let words): text += words
      case .identifier(let name): text += try Self.quoted(name)
      case .value(let value):
        text += "?"
        values.append(value)
      }
    }
    self.text = text
    self.values = values
  }

  /// As standard SQL quotes identifiers. In doubt SQLite reads `"x"` as a text, so callers name columns that exist.
  private static func quoted(_ identifier: String) throws -> String {
    guard !identifier.isEmpty, !identifier.utf8.contains(0) else {
      throw ActionError("sql.identifier", "a name in the statement is empty or contains a NUL byte")
    }
    return "\"" + identifier.replacing("\"", with: "\"\"") + "\""
  }
}

/// What a runbook's own statement may begin with. Transactions are the client's; `ATTACH`, `PRAGMA` and `VACUUM` act on
/// files rather than rows, and SQLite counts some of them as reading.
enum StatementKind {
  static let reading: Set<String> = ["SELECT", "VALUES", "WITH"]
  static let writing: Set<String> = reading.union([
    "ALTER", "CREATE", "DELETE", "DROP", "INSERT", "REPLACE", "UPDATE",
  ])

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
