import Runbook

/// MariaDB's replication by global transaction ids.
struct GTIDReplication: ReplicationFamily {
  let details = GTIDServer.details
  let programs = ["mariadb", "mariadb-dump", "mariadb-binlog"]

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    try GTIDServer.read(reader, of: copy).state(of: copy)
  }

  /// A replica that has lost its primary: the last transaction's time is in its log, and the server itself doesn't tell it.
  func completed(_ state: CopyState, of copy: DatabaseCopy, _ observer: any Observer) async throws
    -> CopyState
  {
    guard state.role == .replica, state.asOf == nil,
      state.details[GTIDServer.keepsLogFact]?.boolean == true
    else { return state }
    var completed = state
    completed.asOf = try await GTIDLog(copy: copy).lastCommit(observer).map(Timestamp.text)
    return completed
  }

  /// A server that doesn't answer may be known to its host's service manager as stopped.
  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  {
    guard error.kind == .unreachable else { return nil }
    return try await isStopped(copy, observer) ? CopyState(role: .stopped, isWritable: false) : nil
  }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    let work = GTIDReversal(reversal: reversal, operator: `operator`)
    return reversal.isGraceful ? try await work.graceful() : try await work.ungraceful()
  }

  func operations(of reversal: Reversal) -> [Operation] {
    told { try GTIDOperations(observation: reversal.observation).reversal(reversal) }
  }

  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation] {
    told { try GTIDOperations(observation: observation).fencing(copy) }
  }

  func operations(of rejoin: Rejoin) -> [Operation] {
    told { try GTIDOperations(observation: rejoin.observation).rejoin(rejoin) }
  }

  func guards(of intent: Reversal.Intent) -> [Guard] { GTIDGuards(intent: intent).make() }

  /// Its server answers, closed, or doesn't run; and the next start closes it.
  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    guard try await GTIDFence.isKeptClosed(copy, observer) else { return false }
    do {
      return try await observer.read(copy) { try GTIDServer.read($0, of: copy).isReadOnly }
    } catch let error as ActionError where error.kind == .unreachable {
      return try await isStopped(copy, observer)
    }
  }

  var roleWhenFenced: CopyRole { .draining }

  /// Now, if the server answers, and for its next start, if the host does. A server that doesn't answer may take changes from
  /// others: it is stopped.
  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    let fence = GTIDFence(copy: copy, operator: `operator`)
    var answers = true
    do { try await fence.closeServer() } catch let error as ActionError
      where error.kind == .unreachable
    { answers = false }
    try await fence.keepClosed()
    if !answers { try await GTIDService(copy: copy, operator: `operator`).stop() }
    return Evidence([
      "fence_file": .string(try GTIDFence.path(of: copy)),
      "server": answers ? GTIDFence.readOnly : "stopped",
    ])
  }

  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence {
    guard let history = observation.history(of: primary), let own = observation.history(of: copy)
    else {
      let unknown = [primary, copy].first { observation.history(of: $0) == nil } ?? copy
      throw ActionError(
        "replication.unknown_history",
        observation.gap(unknown.subject, GTIDServer.binlogStateFact)
          ?? "the GTIDs of \(unknown.subject) are not known",
        kind: observation.isUnreachable(unknown.subject, GTIDServer.binlogStateFact)
          ? .unreachable : .failed)
    }
    if try await GTIDRebuild.isUnfinished(copy, observer) { return .unfinished }
    let missing = history.missing(from: own)
    guard !missing.isEmpty else { return .none }
    return .some(GTIDDivergence(of: copy, from: primary, gtids: missing, history: history).words)
  }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    try await GTIDRejoin(rejoin: rejoin, operator: `operator`).run()
  }

  private func isStopped(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    guard let service = copy.server?.installation.service else { return false }
    let facts = try await ServiceFacts(host: copy.host, services: [service]).observe(observer)
    return Observation(facts).serviceState(service, on: copy.host)?.isDown ?? false
  }
}

/// The server as its host's service manager knows it.
struct GTIDService: Sendable {
  private static let stopTimeout = Duration.seconds(60)

  let copy: DatabaseCopy
  let `operator`: any Operator

  private static func installation(of copy: DatabaseCopy) throws -> DatabaseServer.Installation {
    guard let server = copy.server else {
      throw ActionError("database.no_session", "\(copy.subject) is a file: it has no server")
    }
    return server.installation
  }

  func start() async throws {
    try await copy.host.serviceManagement()
      .start(try Self.installation(of: copy).service, within: nil, by: `operator`)
  }

  /// The commands of `start`.
  static func starting(_ copy: DatabaseCopy) throws -> [Command] {
    try copy.host.serviceManagement().commands(
      for: .start(try installation(of: copy).service, within: nil))
  }

  func stop() async throws {
    try await copy.host.serviceManagement()
      .stop(
        try Self.installation(of: copy).service, within: Self.stopTimeout, by: `operator`)
  }

  /// The commands of `stop`.
  static func stopping(_ copy: DatabaseCopy) throws -> [Command] {
    try copy.host.serviceManagement().commands(
      for: .stop(try installation(of: copy).service, within: stopTimeout))
  }
}
