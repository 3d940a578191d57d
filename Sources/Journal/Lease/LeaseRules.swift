/// Who may hold a lease and who may write under it. Pure decisions over a store's state: the store
/// runs them inside its transaction, whatever kind of store it is.
struct LeaseRules {
  /// For messages: where the journal is.
  let path: String

  /// The records and the lease that `holder` gets, all scopes or none.
  func acquire(
    _ scopes: Set<String>, for holder: Holder, at now: Timestamp, until expiresAt: Timestamp,
    state: StoreState, isAlive: HolderCheck
  ) throws -> (records: [LeaseRecord], lease: Lease) {
    let held = state.leases.filter { scopes.contains($0.scope) }
    var replaced: [Holder] = []
    for record in held.sorted(by: { $0.scope < $1.scope }) {
      guard let tenure = record.tenure else { continue }
      try checkReplaceable(record, tenure, at: now, isAlive: isAlive)
      if !replaced.contains(tenure.holder) { replaced.append(tenure.holder) }
    }
    let epoch = state.lastEpoch + 1
    let tenure = LeaseRecord.Tenure(holder: holder, expiresAt: expiresAt)
    let sorted = scopes.sorted()
    return (
      sorted.map { LeaseRecord(scope: $0, epoch: epoch, tenure: tenure) },
      Lease(
        scopes: sorted, epoch: epoch, holder: holder, expiresAt: expiresAt, replaced: replaced)
    )
  }

  private func checkReplaceable(
    _ record: LeaseRecord, _ tenure: LeaseRecord.Tenure, at now: Timestamp, isAlive: HolderCheck
  ) throws {
    let held = "\(record.scope) is held by \(tenure.holder), epoch \(record.epoch)"
    switch try isAlive(tenure.holder) {
    case .dead: return
    case .alive:
      throw JournalError(
        code: .leaseHeld, message: held,
        advice:
          "Another run is working there: watch it with 'lifeboat explain'. To stop it after its step in hand, "
          + "press Ctrl-C there, or: kill -INT \(tenure.holder.pid)", path: path)
    case .unknown where now > tenure.expiresAt: return
    case .unknown:
      throw JournalError(
        code: .leaseHeld, message: "\(held), which can't be looked at from here",
        advice: "Wait until that run ends. If its machine is lost: the lease expires at "
          + "\(tenure.expiresAt) unless it is renewed.",
        path: path)
    }
  }

  /// Throws `leaseLost` unless each scope still has the lease's epoch and is not released.
  func check(_ lease: Lease, state: StoreState) throws {
    for scope in lease.scopes {
      let record = state.leases.first { $0.scope == scope }
      guard let record, let tenure = record.tenure, record.epoch == lease.epoch,
        tenure.holder == lease.holder
      else { throw lost(lease, scope, now: record) }
    }
  }

  private func lost(_ lease: Lease, _ scope: String, now record: LeaseRecord?) -> JournalError {
    let now =
      if let record, let tenure = record.tenure {
        "\(tenure.holder) holds it with epoch \(record.epoch)"
      } else {
        "it was released"
      }
    return JournalError(
      code: .leaseLost, message: "the lease on \(scope) with epoch \(lease.epoch) is lost: \(now)",
      advice: "Stop acting on \(scope) at once. Read in the journal what was done since.",
      path: path)
  }

  func renew(
    _ lease: Lease, until expiresAt: Timestamp, state: StoreState
  ) throws -> (records: [LeaseRecord], lease: Lease) {
    try check(lease, state: state)
    let tenure = LeaseRecord.Tenure(holder: lease.holder, expiresAt: expiresAt)
    return (
      lease.scopes.map { LeaseRecord(scope: $0, epoch: lease.epoch, tenure: tenure) },
      Lease(
        scopes: lease.scopes, epoch: lease.epoch, holder: lease.holder, expiresAt: expiresAt,
        replaced: lease.replaced)
    )
  }

  func release(_ lease: Lease, state: StoreState) throws -> [LeaseRecord] {
    try check(lease, state: state)
    return lease.scopes.map { LeaseRecord(scope: $0, epoch: lease.epoch, tenure: nil) }
  }
}
