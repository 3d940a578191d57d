import GRDB

/// The other site, as a replicator sees it.
struct Partner {
  let site: String
  let outbox: Outbox
  private let databaseFile: String

  init(site: String, outbox: Outbox, databaseFile: String) {
    self.site = site
    self.outbox = outbox
    self.databaseFile = databaseFile
  }

  /// The highest epoch in which the partner is known to be the source: from its database, because
  /// it may have been promoted and not have shipped yet, and from what it has shipped, because
  /// its database may be out of reach. Zero when it has never been.
  func sourceEpoch(shipped: ShippedHead?) -> Int64 {
    max(shipped?.epoch ?? 0, promotedEpoch() ?? 0)
  }

  private func promotedEpoch() -> Int64? {
    // Missing, locked or waiting for its recovery: then what has been shipped has to do.
    let database = try? SchedulerDatabase(path: databaseFile, readOnly: true, busyTimeout: 0.2)
    guard let state = try? database?.read(ReplicationState.read), state.role != .replica else {
      return nil
    }
    return state.at.epoch
  }
}
