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
      self.init(.statement, at: copy.subject, statement: statement.masked, condition: condition)
    case .request(let request):
      self.init(
        .request, method: request.method, url: request.url,
        headers: request.headers.isEmpty ? nil : request.headers.mapValues(\.masked),
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

extension HTTPHeaderValue {
  fileprivate var masked: String {
    switch self {
    case .text(let text): text
    case .secret: mask
    }
  }
}

extension SQLStatement {
  /// As people read it, in standard SQL: the server gets values apart from the text, and identifiers in its own dialect.
  fileprivate var masked: String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .identifier(let name): "\"" + name.replacing("\"", with: "\"\"") + "\""
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
