import Runbook

/// SQL Server's availability groups. The group goes as a whole, with all its databases.
struct AvailabilityGroup: ReplicationFamily {
  let details = AvailabilityState.details
  let namesSource = false
  let keepsEpochAtHost = false

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    try AvailabilityState.read(reader, of: copy).copyState()
  }

  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  { try await SQLServerInstance(copy: copy).stateFromHost(after: error, observer) }

  func guards(of reversal: Reversal.Intent) -> [Guard] {
    reversal.isGraceful ? AvailabilityGuards(intent: reversal).make() : []
  }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    try await AvailabilityReversal(reversal: reversal, operator: `operator`).run()
  }

  func operations(of reversal: Reversal) -> [Operation] {
    told { try AvailabilityReversal.operations(of: reversal) }
  }

  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    try await SQLServerInstance(copy: copy).isDisabled(observer)
  }

  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    try await SQLServerInstance(copy: copy).fence(by: `operator`)
  }

  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation] {
    told { try SQLServerInstance(copy: copy).fencing() }
  }

  /// What a suspended replica has that was never sent, no view tells: resuming throws it away.
  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence {
    if observation[copy.subject, CopyFacts.streaming]?.boolean == true { return .none }
    throw ActionError(
      "replication.unknown_history",
      "what \(copy.subject) has beyond \(primary.subject) is told by no view of SQL Server")
  }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    try await AvailabilityRejoin(rejoin: rejoin, operator: `operator`).run()
  }

  func operations(of rejoin: Rejoin) -> [Operation] {
    told { try AvailabilityRejoin.operations(of: rejoin) }
  }
}

/// What a graceful failover of a group demands besides.
struct AvailabilityGuards: Sendable {
  static let notes: [ActionSchema.Note] = [
    .init(
      synchronous,
      "availability group, graceful: both replicas are SYNCHRONOUS_COMMIT, so that each commit waits for the other"
    ),
    .init(
      ready,
      "availability group, graceful: every database of the group can fail over to the target without loss"
    ),
  ]
  private static let synchronous = "group-synchronous-commit"
  private static let ready = "group-failover-ready"

  let intent: Reversal.Intent

  func make() -> [Guard] {
    let target = intent.target
    return [
      Guard(Self.synchronous, demand: "both replicas are SYNCHRONOUS_COMMIT") { observation in
        let primaries = intent.others.filter(observation.isServing)
        for copy in [target] + primaries {
          guard let mode = observation[copy.subject, AvailabilityState.modeFact]?.string else {
            return .unknown(
              observation.gap(copy.subject, AvailabilityState.modeFact)
                ?? "the mode of \(copy.subject) isn't known")
          }
          if mode != "SYNCHRONOUS_COMMIT" { return .violated("\(copy.subject) is \(mode)") }
        }
        return .holds
      },
      Guard(Self.ready, demand: "the group can fail over to \(target.subject) without loss") {
        observation in
        // What is done already asks for nothing.
        if observation.role(of: target) == .primary { return .holds }
        guard let isReady = observation[target.subject, AvailabilityState.readyFact]?.boolean else {
          return .unknown(
            observation.gap(target.subject, AvailabilityState.readyFact) ?? "it isn't known")
        }
        return isReady
          ? .holds
          : .violated(
            "a database of the group isn't synchronized, or not joined, at \(target.subject)")
      },
    ]
  }
}
