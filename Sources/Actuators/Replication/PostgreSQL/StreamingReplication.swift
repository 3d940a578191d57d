import Runbook

/// PostgreSQL's physical streaming replication. An epoch is a timeline, a position a number of bytes of the log.
struct StreamingReplication: ReplicationFamily {
  let details = StreamingState.details
  let countsBytes = true
  let programs = ["pg_controldata", "pg_waldump", "pg_rewind", "postgres"]

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    try StreamingState.read(reader, of: copy)
  }

  /// A server that doesn't answer has stopped only when its service manager says so too.
  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  {
    do {
      guard try await ServerHost.service(of: copy, observer).state?.isDown == true else {
        return nil
      }
      guard let control = try await ControlData.read(copy, by: observer) else {
        return CopyState(role: .lost)
      }
      if try await Rewind.isUnfinished(copy, observer) {
        return CopyState(
          role: .lost, lineage: control.lineage,
          details: [StreamingState.serverState: "pg_rewind was begun and did not end"])
      }
      return CopyState(
        role: .stopped, epoch: control.timeline, position: control.checkpoint.bytes,
        isDrained: control.isCleanPrimary, isWritable: false, isStreaming: false,
        lineage: control.lineage, details: [StreamingState.serverState: .string(control.state)])
    } catch is ActionError {
      return nil
    }
  }

  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation] {
    told { try StreamingOperations(observation: observation).fencing(copy) }
  }

  func operations(of reversal: Reversal) -> [Operation] {
    told { try StreamingOperations(observation: reversal.observation).reversal(reversal) }
  }

  func operations(of rejoin: Rejoin) -> [Operation] {
    told { try StreamingOperations(observation: rejoin.observation).rejoin(rejoin) }
  }

  func guards(of reversal: Reversal.Intent) -> [Guard] { StreamingGuards(reversal: reversal).all }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    let work = StreamingReversal(reversal: reversal, operator: `operator`)
    return reversal.isGraceful ? try await work.graceful() : try await work.ungraceful()
  }

  /// A stopped server whose data directory makes a standby of it, and which nothing starts by itself.
  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    guard try await ServerHost.service(of: copy, observer).startType == "disabled" else {
      return false
    }
    return try await ServerHost.isMarkedStandby(copy, observer)
  }

  /// Each part leaves the copy safer than it was: whoever starts the server after the first gets a standby.
  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    let host = try ServerHost(copy, by: `operator`)
    try await host.markStandby()
    try await host.disable()
    try await host.stop()
    let control = try await ControlData.read(copy, by: `operator`.observer)
    return Evidence([
      "fenced": .string(copy.subject),
      StreamingState.serverState: control.map { .string($0.state) } ?? .null,
      "last_checkpoint": control.map { .string("\($0.checkpoint)") } ?? .null,
      "timeline": control.map { .integer($0.timeline) } ?? .null,
    ])
  }

  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence {
    if try await Rewind.isUnfinished(copy, observer) { return .unfinished }
    return try await TimelineDivergence(copy: copy, primary: primary, observer: observer)
      .measure(given: observation).divergence
  }

  func leftOver(
    from rejoining: DatabaseCopy, to primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> [String] {
    let slots = ReplicationSlot.ownIdle(of: rejoining, observation).map {
      "slot \($0) of \(rejoining.subject) keeps the log for nobody"
    }
    let isSuspended = try await SynchronousSuspension.isSuspended(primary, observer)
    return slots + (isSuspended ? ["commits of \(primary.subject) wait for no standby"] : [])
  }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    try await StreamingRejoin(rejoin: rejoin, operator: `operator`).run()
  }
}
