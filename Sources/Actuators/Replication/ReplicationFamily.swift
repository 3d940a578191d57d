import Runbook

/// One kind of replication: how a copy shows what it is, and how its role is changed. The actions are the same for all
/// kinds; what differs is here.
protocol ReplicationFamily: Sendable {
  /// The facts of `CopyState.details`, for gaps and for the actions' pages.
  var details: [ActionSchema.Note] { get }

  /// What the copy's server says of it. The role is read in the transaction in which it matters.
  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState

  /// What the copy's host adds where its server left a gap.
  func completed(_ state: CopyState, of copy: DatabaseCopy, _ observer: any Observer) async throws
    -> CopyState

  /// What the copy's host says of it when its server gave `error` instead of an answer; nil when that is nothing.
  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?

  /// Makes the target the primary. Every part is done only where it isn't done yet.
  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence

  /// What these three would do to the world, in order.
  func operations(of reversal: Reversal) -> [Operation]
  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation]
  func operations(of rejoin: Rejoin) -> [Operation]

  /// What must hold before a reversal, besides what must hold for every kind.
  func guards(of reversal: Reversal.Intent) -> [Guard]

  /// Whether the copy stays closed to changes when its server, or its host, is started. Its host is asked.
  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool

  /// Closes the copy to changes, now and after its server or its host is started again.
  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence

  /// The role of a copy that was a primary and has been fenced.
  var roleWhenFenced: CopyRole { get }

  /// What of the copy's history the primary doesn't have, so that rejoining throws it away.
  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence

  /// What is still to be done after the copy has come to follow the primary, in words for a person.
  func leftOver(
    from rejoining: DatabaseCopy, to primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> [String]

  /// Makes the copy a replica of the primary, whatever it was. Every part is done only where it isn't done yet.
  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence

  /// Whether positions count bytes of the log, so that their difference is a number of bytes.
  var countsBytes: Bool { get }

  /// Whether a former primary comes to follow the present one without anybody's doing.
  var followsByItself: Bool { get }

  /// Whether a replica says which server it receives from.
  var namesSource: Bool { get }

  /// Whether the epoch of a copy is known also while its server doesn't run.
  var keepsEpochAtHost: Bool { get }

  /// The database's own programs that changing roles takes on a copy's host.
  var programs: [String] { get }
}

extension ReplicationFamily {
  func completed(_ state: CopyState, of copy: DatabaseCopy, _ observer: any Observer) async throws
    -> CopyState
  { state }

  func operations(of reversal: Reversal) -> [Operation] {
    [Operation(.untold("each part is done only where it isn't done yet: see the action's page"))]
  }

  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation] {
    [Operation(.untold("stop its server, and keep it closed: see the action's page"))]
  }

  func operations(of rejoin: Rejoin) -> [Operation] {
    [Operation(.untold("\(rejoin.copy.subject) can't be made to follow"))]
  }

  /// An inventory that doesn't say enough is told beforehand in the words in which acting would fail.
  func told(_ operations: () throws -> [Operation]) -> [Operation] {
    do { return try operations() } catch { return [Operation(.untold("\(error)"))] }
  }

  func guards(of reversal: Reversal.Intent) -> [Guard] { [] }
  var roleWhenFenced: CopyRole { .stopped }

  func leftOver(
    from rejoining: DatabaseCopy, to primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> [String] { [] }

  var countsBytes: Bool { false }
  var followsByItself: Bool { false }
  var namesSource: Bool { true }
  var keepsEpochAtHost: Bool { true }
  var programs: [String] { [] }
}

extension DatabaseCopy {
  var programNeeds: [ProgramNeed] {
    guard let installation = server?.installation else { return [] }
    return database.replicationFamily.programs.map {
      ProgramNeed(installation.program($0), on: host)
    }
  }
}

/// What a copy has that the primary hasn't.
enum Divergence: Sendable, Equatable {
  /// The copy's history is the beginning of the primary's: it can follow.
  case none
  /// So much would be thrown away, in the words and the unit of the kind: `1234 bytes of log beyond 0/3000148`.
  case some(String)
  /// Throwing it away was begun, and didn't end: the copy is of no use before that.
  case unfinished
}

/// What rejoining is to bring about.
struct Rejoin: Sendable {
  let copy: DatabaseCopy
  let primary: DatabaseCopy
  /// How long the copy may take to be streaming.
  let timeout: Duration
  /// The fresh one, on which verdict and guards stand.
  let observation: Observation
}

/// What a reversal is to bring about.
struct Reversal: Sendable {
  /// What is wanted, before anything is looked at.
  struct Intent: Sendable {
    let target: DatabaseCopy
    let others: [DatabaseCopy]
    /// Whether the old primary's last changes are waited for.
    let isGraceful: Bool
    /// How long they may take to arrive.
    let drainTimeout: Duration
    /// Whether the new primary may commit without waiting for replicas, until one has rejoined.
    let suspendsSynchronous: Bool
  }

  let intent: Intent
  /// The fresh one, on which verdict and guards stand.
  let observation: Observation

  var target: DatabaseCopy { intent.target }
  var others: [DatabaseCopy] { intent.others }
  var isGraceful: Bool { intent.isGraceful }
  var drainTimeout: Duration { intent.drainTimeout }
}

extension Database {
  var replicationFamily: any ReplicationFamily {
    switch replication?.kind {
    case nil: Unreplicated()
    case .logShipping where kind == .sqlserver: SQLServerLogShipping()
    case .logShipping: LogShipping()
    case .streaming: StreamingReplication()
    case .gtid: GTIDReplication()
    case .mirroring: Mirroring()
    case .availabilityGroup: AvailabilityGroup()
    }
  }
}

/// A database that isn't replicated has one copy, which is its primary.
struct Unreplicated: ReplicationFamily {
  let details: [ActionSchema.Note] = []

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    guard copy.database.kind == .sqlserver else { return CopyState(role: .primary) }
    return try SQLServerDatabase.read(reader, of: copy).unreplicatedState()
  }

  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  { nil }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    throw notReplicated(reversal.target)
  }

  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool { false }

  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    throw notReplicated(copy)
  }

  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence { throw notReplicated(copy) }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    throw notReplicated(rejoin.copy)
  }

  private func notReplicated(_ copy: DatabaseCopy) -> ActionError {
    ActionError("replication.none", "\(copy.subject) is not replicated")
  }
}
