import Runbook

/// MariaDB's replication by global transaction ids.
struct GTIDReplication: ReplicationFamily {
  let details: [ActionSchema.Note] = []

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    throw ActionError("replication.unsupported", "\(copy.subject): not built yet")
  }

  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  { nil }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    throw ActionError("replication.unsupported", "\(reversal.target.subject): not built yet")
  }

  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    throw ActionError("replication.unsupported", "\(copy.subject): not built yet")
  }

  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    throw ActionError("replication.unsupported", "\(copy.subject): not built yet")
  }

  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence {
    throw ActionError("replication.unsupported", "\(copy.subject): not built yet")
  }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    throw ActionError("replication.unsupported", "\(rejoin.copy.subject): not built yet")
  }
}
