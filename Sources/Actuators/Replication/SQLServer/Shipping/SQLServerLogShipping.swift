import Runbook

/// SQL Server's log shipping: backups of the log, which the Agent's jobs make, copy and restore.
struct SQLServerLogShipping: ReplicationFamily {
  /// How long a backup of the tail, and a job that runs, may take to end when a copy is fenced.
  private static let fencingTimeout = Duration.seconds(60)

  let details = ShippingState.details
  let namesSource = false
  let keepsEpochAtHost = false
  /// Closed by its tail: RESTORING, also after a restart.
  let roleWhenFenced = CopyRole.draining

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    try ShippingState.read(reader, of: copy).copyState()
  }

  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  { try await SQLServerInstance(copy: copy).stateFromHost(after: error, observer) }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    let work = ShippingReversal(reversal: reversal, operator: `operator`)
    return reversal.isGraceful ? try await work.graceful() : try await work.ungraceful()
  }

  func operations(of reversal: Reversal) -> [Operation] {
    told { try ShippingOperations(observation: reversal.observation).reversal(reversal) }
  }

  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    do {
      return try await ShippingState.look(at: copy, observer).isRestoring
    } catch let error as ActionError where error.kind == .unreachable {
      return try await SQLServerInstance(copy: copy).isDisabled(observer)
    }
  }

  /// A server that doesn't answer can't take its tail: it is disabled and stopped, as its host knows how.
  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    do {
      let instance = ShippingInstance(
        copy: copy, timeout: Self.fencingTimeout, operator: `operator`)
      let state = try await ShippingTail(instance: instance).take(isForJobs: false)
      return Evidence(["fenced": .string(copy.subject), "tail": .string(state.tail?.path ?? "")])
    } catch let error as ActionError where error.kind == .unreachable {
      return try await SQLServerInstance(copy: copy).fence(by: `operator`)
    }
  }

  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation] {
    told { try ShippingOperations(observation: observation).closing(copy) }
  }

  /// A copy that only ever restored has nothing of its own. One that was closed by its tail has what lies beyond the LSN at
  /// which the present primary was recovered; one that is open, nobody knows what.
  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence {
    let fork = SQLServerLSN(observation[primary.subject, ShippingState.forkFact])
    switch observation.role(of: copy) {
    case .replica: return .none
    case .draining where observation[copy.subject, CopyFacts.drained]?.boolean == true:
      guard let fork, let last = SQLServerLSN(observation[copy.subject, ShippingState.lastLSNFact])
      else { break }
      return last > fork
        ? .some("the log beyond LSN \(fork), up to \(last), of \(copy.subject)") : .none
    case .primary, .draining:
      let boundary = fork.map { "beyond LSN \($0)" } ?? "since \(primary.subject) was recovered"
      return .some("what was committed there \(boundary)")
    case .stopped, .lost, nil: break
    }
    throw ActionError(
      "replication.unknown_history",
      "what \(copy.subject) has beyond \(primary.subject) isn't known before its server runs")
  }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    try await ShippingRejoin(rejoin: rejoin, operator: `operator`).run()
  }

  func operations(of rejoin: Rejoin) -> [Operation] {
    told { try ShippingOperations(observation: rejoin.observation).rejoin(rejoin) }
  }
}
