import Journal
import Runbook

extension OperationRecord {
  init(_ operation: Operation) {
    let condition = operation.condition
    switch operation.work {
    case .command(let command, let host):
      self.init(
        .command, at: host.id, account: command.account, arguments: command.arguments,
        environment: command.environment.isEmpty ? nil : command.environment,
        input: command.standardInput?.masked, condition: condition)
    case .statement(let statement, let copy):
      self.init(
        .statement, at: copy.subject, statement: statement.masked(in: copy.database.kind),
        condition: condition)
    case .request(let request):
      self.init(
        .request, method: request.method, url: request.url,
        headers: request.maskedHeaders.isEmpty ? nil : request.maskedHeaders,
        body: request.body, condition: condition)
    case .file(let change, let path, let host):
      self.init(
        change == .write ? .writeFile : .removeFile, at: host.id, path: path, condition: condition)
    case .untold(let note):
      self.init(.untold, note: note, condition: condition)
    }
  }
}

private let mask = "•••"

extension CommandInput {
  fileprivate var masked: String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .secret: mask
      }
    }.joined()
  }
}

extension HTTPRequest {
  fileprivate var maskedHeaders: [String: String] {
    let token = access == nil ? [:] : ["Authorization": "Bearer \(mask)"]
    return headers.mapValues(\.masked).merging(token) { $1 }
  }
}

extension HTTPHeaderValue {
  fileprivate var masked: String {
    switch self {
    case .text(let text): text
    case .secret: mask
    }
  }
}

extension SQLStatement {
  /// As people read it: the server gets values apart from the text.
  fileprivate func masked(in kind: Database.Kind) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .identifier(let name): kind.quoted(name)
      case .table(let table) where kind == .sqlserver:
        [table.database, table.schema, table.name].map(kind.quoted).joined(separator: ".")
      case .table(let table): kind.quoted(table.name)
      case .within(let database): kind == .sqlserver ? "USE \(kind.quoted(database)); " : ""
      case .literal(let text): Self.quoted(text)
      case .value(.string(let text)): Self.quoted(text)
      case .value(.null): "NULL"
      case .value(let value): value.description
      case .secret: mask
      }
    }.joined()
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "''") + "'"
  }
}

extension Database.Kind {
  /// In standard SQL, or in brackets, as SQL Server's people write.
  fileprivate func quoted(_ identifier: String) -> String {
    self == .sqlserver
      ? "[" + identifier.replacing("]", with: "]]") + "]"
      : "\"" + identifier.replacing("\"", with: "\"\"") + "\""
  }
}
