import Runbook

/// The lab's replication: snapshots of an SQLite file, and a table that says how far they are.
struct LogShipping: ReplicationFamily {
  let details: [ActionSchema.Note] = []
  let followsByItself = true

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    let state = try LogShippingState.read(reader, of: copy)
    return CopyState(
      role: state.role, epoch: state.epoch, position: state.position, asOf: state.asOf,
      isDrained: state.isDrained, isWritable: state.role == .primary)
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

  func operations(of reversal: Reversal) -> [Operation] {
    LogShippingOperations(reversal: reversal).all
  }

  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation] {
    demotion(of: copy, observation)
  }

  func operations(of rejoin: Rejoin) -> [Operation] {
    demotion(of: rejoin.copy, rejoin.observation)
  }

  private func demotion(of copy: DatabaseCopy, _ observation: Observation) -> [Operation] {
    observation.role(of: copy) == .replica
      ? [] : [Operation(.statement(LogShippingStatement.demote, in: copy))]
  }

  /// The role is in the file, so it outlives every start.
  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    try await observer.read(copy) { try LogShippingState.read($0, of: copy) }.role == .replica
  }

  let roleWhenFenced = CopyRole.replica

  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    try await becomeReplica(copy, below: .max, by: `operator`)
  }

  /// A replicator follows the highest epoch, and overwrites what was written under a lower one.
  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence {
    guard observation.role(of: copy) == .primary, let epoch = observation.epoch(of: copy) else {
      return .none
    }
    return .some("all that was written there since epoch \(epoch) ended elsewhere")
  }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    let primary = rejoin.primary
    let epoch = try await `operator`.observer.read(primary) {
      try LogShippingState.read($0, of: primary).epoch
    }
    return try await becomeReplica(rejoin.copy, below: epoch, by: `operator`)
  }

  private func becomeReplica(_ copy: DatabaseCopy, below epoch: Int, by operator: any Operator)
    async throws -> Evidence
  {
    let demoted = try await LogShippingReversal.demote(copy, below: epoch, by: `operator`)
    return Evidence(["demoted": .list(demoted ? [.string(copy.subject)] : [])])
  }
}
