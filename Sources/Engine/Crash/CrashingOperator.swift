import Runbook
import Synchronization

/// An operator that passes every call on, and reaches a crash point before each. Used only when such a point is set.
final class CrashingOperator: Operator {
  private let base: any Operator
  private let step: String
  private let crashes: CrashPlan
  private let calls = Mutex(0)

  init(_ base: any Operator, step: String, crashes: CrashPlan) {
    self.base = base
    self.step = step
    self.crashes = crashes
  }

  var observer: any Observer { base.observer }
  var token: String { base.token }

  func run(_ command: Command, on host: Host) async throws -> CommandResult {
    reachNext()
    return try await base.run(command, on: host)
  }

  func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    reachNext()
    return try await base.transaction(database, body)
  }

  func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    reachNext()
    return try await base.session(database, body)
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    reachNext()
    return try await base.send(request)
  }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    reachNext()
    try await base.writeProbeFile(name, contents: contents, in: directory, on: host)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    reachNext()
    try await base.removeProbeFile(name, in: directory, on: host)
  }

  private func reachNext() {
    let call = calls.withLock { count in
      count += 1
      return count
    }
    crashes.reach(.duringAct(call: call), step: step)
  }
}
