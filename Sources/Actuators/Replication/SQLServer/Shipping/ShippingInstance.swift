import Runbook

/// The instance of one copy, as log shipping works with it: looked at, sent statements, its jobs run.
struct ShippingInstance: Sendable {
  let copy: DatabaseCopy
  /// How long a job that runs, and a backup of the tail, may take to end.
  let timeout: Duration
  let `operator`: any Operator

  var statements: ShippingStatement { ShippingStatement(database: copy.failoverTable.database) }

  func look() async throws -> ShippingState {
    try await ShippingState.look(at: copy, `operator`.observer)
  }

  func send(_ statement: SQLStatement) async throws {
    _ = try await `operator`.session(copy) { try $0.execute(statement) }
  }
}
