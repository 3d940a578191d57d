import Runbook

/// One kind of replication: how a copy shows what it is, and how its role is changed. The actions are the same for all
/// kinds; what differs is here.
protocol ReplicationFamily: Sendable {
  /// The facts of `CopyState.details`, for gaps and for the actions' pages.
  var details: [ActionSchema.Note] { get }

  /// What the copy's server says of it. The role is read in the transaction in which it matters.
  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState

  /// What the copy's host says of it when its server gave `error` instead of an answer; nil when that is nothing.
  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?

  /// Makes the target the primary. Every part is done only where it isn't done yet.
  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence
}

/// What a reversal is to bring about.
struct Reversal: Sendable {
  let target: DatabaseCopy
  let others: [DatabaseCopy]
  /// Whether the old primary's last changes are waited for.
  let isGraceful: Bool
  /// How long they may take to arrive.
  let drainTimeout: Duration
  /// The fresh one, on which verdict and guards stand.
  let observation: Observation
}

extension Database {
  var replicationFamily: any ReplicationFamily {
    switch replication?.kind {
    case nil: Unreplicated()
    case .logShipping: LogShipping()
    case .streaming: StreamingReplication()
    case .gtid: GTIDReplication()
    }
  }
}

/// A database that isn't replicated has one copy, which is its primary.
struct Unreplicated: ReplicationFamily {
  let details: [ActionSchema.Note] = []

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    CopyState(role: .primary)
  }

  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  { nil }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    throw ActionError("replication.none", "\(reversal.target.subject) is not replicated")
  }
}
