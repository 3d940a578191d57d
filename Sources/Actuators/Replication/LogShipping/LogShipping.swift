import Runbook

/// The lab's replication: snapshots of an SQLite file, and a table that says how far they are.
struct LogShipping: ReplicationFamily {
  let details: [ActionSchema.Note] = []

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    let state = try LogShippingState.read(reader, of: copy)
    return CopyState(
      role: state.role, epoch: state.epoch, position: state.position, asOf: state.asOf,
      isDrained: state.isDrained)
  }

  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  {
    [DatabaseErrorCode.missing, DatabaseErrorCode.corrupt].contains(error.code)
      ? CopyState(role: .lost) : nil
  }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    let work = LogShippingReversal(
      target: reversal.target, others: reversal.others, drainTimeout: reversal.drainTimeout,
      operator: `operator`)
    return reversal.isGraceful ? try await work.graceful() : try await work.ungraceful()
  }
}
