/// The server takes control of the database and keeps it: it inserts its GUID into an empty
/// `Failover` and refreshes the row's heartbeat. In a pair it also beats to its partner, and the
/// secondary replaces a primary that is silent on both ways.
final class ServerService {
  private let settings: SchedulerSettings
  private let log: ServiceLog
  private let pair: HeartbeatPair?
  private var lastStanding: Standing?
  private var reportedFreshRow = false

  private var guid: String { settings.guid }
  private var store: any SchedulerStore { settings.store }

  init(_ settings: SchedulerSettings, pair: HeartbeatPair?, log: ServiceLog) {
    self.settings = settings
    self.pair = pair
    self.log = log
  }

  func run(_ service: ServiceProcess) throws {
    let pause = settings.heartbeatInterval.pollingInterval(atMost: 50)
    try service.repeatUntilStopped(every: pause) {
      try pair?.exchange()
      try step()
    }
  }

  private func step() throws {
    let standing = try store.read { [guid] in try Standing.of(guid, $0) }
    report(standing)
    switch standing {
    case .free:
      if mayTakeEmptyTable { try acquire() }
    case .inControl(let row):
      let age = Clock.now.milliseconds(since: row.heartbeatAt)
      if age >= settings.heartbeatInterval.milliseconds || age < 0 { try beat() }
    case .held(let rows):
      if let pair, pair.isSecondary, pair.partnerIsSilent { try takeOver(from: rows) }
    case .notPrimary:
      break
    }
    if let pair, !pair.partnerIsSilent { reportedFreshRow = false }
  }

  /// The secondary leaves an empty table to a primary that is alive.
  private var mayTakeEmptyTable: Bool {
    guard let pair else { return true }
    return !pair.isSecondary || pair.partnerIsSilent
  }

  private func report(_ standing: Standing) {
    if case .inControl = standing, lastStanding?.isInControl == true { return }
    if standing.description != lastStanding?.description { log.write("\(standing)") }
    lastStanding = standing
  }

  private func acquire() throws {
    try store.write { [settings] transaction in
      guard try Standing.of(settings.guid, transaction) == .free else { return }
      try Self.insertOwnRow(settings, transaction)
    }
  }

  private func beat() throws {
    try store.write { [guid] transaction in
      guard try Standing.of(guid, transaction).isInControl else { return }
      try transaction.execute(
        "UPDATE \(transaction.failoverTable) SET heartbeat_at = ? WHERE guid = ?",
        [Clock.now.storeValue, .string(guid)])
    }
  }

  /// Replaces the partner's row, if it has not been refreshed for as long as its beats are missing.
  private func takeOver(from seen: [FailoverRow]) throws {
    let limit =
      settings.heartbeatInterval.milliseconds * Int64(HeartbeatPair.beatsAllowedToMiss)
    let fresh = try store.write { [settings, log] transaction -> FailoverRow? in
      guard case .held(let rows) = try Standing.of(settings.guid, transaction) else { return nil }
      let fresh = rows.first { Clock.now.milliseconds(since: $0.heartbeatAt) < limit }
      guard fresh == nil else { return fresh }
      for row in rows {
        try transaction.execute(
          "DELETE FROM \(transaction.failoverTable) WHERE guid = ?", [.string(row.guid)])
        log.write(
          "takes over from \(row.guid) of \(row.host): \(HeartbeatPair.beatsAllowedToMiss) beats "
            + "missed, row last refreshed \(row.heartbeatAt)")
      }
      try Self.insertOwnRow(settings, transaction)
      return nil
    }
    if let fresh { reportFreshRow(fresh) }
  }

  private func reportFreshRow(_ row: FailoverRow) {
    guard !reportedFreshRow else { return }
    reportedFreshRow = true
    log.write(
      "no takeover: \(HeartbeatPair.beatsAllowedToMiss) beats missed, but \(row.host) refreshed "
        + "its row at \(row.heartbeatAt)")
  }

  private static func insertOwnRow(
    _ settings: SchedulerSettings, _ transaction: any StoreTransaction
  ) throws {
    let now = Clock.now.storeValue
    let guid = StoreValue.string(settings.guid)
    try transaction.execute("DELETE FROM \(transaction.failoverTable) WHERE guid = ?", [guid])
    try transaction.execute(
      """
      INSERT INTO \(transaction.failoverTable) (guid, host, acquired_at, heartbeat_at)
      VALUES (?, ?, ?, ?)
      """, [guid, .string("\(settings.site).\(settings.name)"), now, now])
  }
}
