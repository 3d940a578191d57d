import Runbook
import Synchronization

/// An operator whose process dies at one of its calls: that call and all later ones do nothing.
final class MortalOperator: Operator {
  struct Died: Error {}

  private let base: any Operator
  private let last: Int
  private let calls = Mutex(0)

  /// - Parameter completed: how many calls come through before it dies.
  init(_ base: any Operator, after completed: Int) {
    self.base = base
    last = completed
  }

  /// Whether it got as far as dying.
  var isDead: Bool { calls.withLock { $0 > last } }

  var observer: any Observer { base.observer }
  var token: String { base.token }

  private func live() throws {
    let call = calls.withLock {
      $0 += 1
      return $0
    }
    guard call <= last else { throw Died() }
  }

  func run(_ command: Command, on host: Host) async throws -> CommandResult {
    try live()
    return try await base.run(command, on: host)
  }

  func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try live()
    return try await base.transaction(database, body)
  }

  /// Within a session each statement is a call of its own.
  func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try await base.session(database) { writer in
      try body(MortalWriter(base: writer, live: { try self.live() }))
    }
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try live()
    return try await base.send(request)
  }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    try live()
    try await base.writeProbeFile(name, contents: contents, in: directory, on: host)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    try live()
    try await base.removeProbeFile(name, in: directory, on: host)
  }
}

/// Statements that change something are calls; what is asked goes through.
private struct MortalWriter: SQLWriter {
  let base: any SQLWriter
  let live: () throws -> Void

  func query(_ statement: SQLStatement) throws -> [SQLRow] { try base.query(statement) }

  func execute(_ statement: SQLStatement) throws -> Int {
    try live()
    return try base.execute(statement)
  }
}
