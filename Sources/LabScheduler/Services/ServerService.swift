import Foundation
import GRDB

/// The server takes control of the database and keeps it: it inserts its GUID into an empty
/// `Failover` and refreshes the row's heartbeat. In a pair it also beats to its partner, and the
/// secondary replaces a primary that is silent on both ways.
final class ServerService {
  private let guid: String
  private let host: HostConfiguration
  private let failover: FailoverConfig
  private let database: SchedulerDatabase
  private let log: ServiceLog
  private let pair: HeartbeatPair?
  private var lastStanding: Standing?
  private var reportedFreshRow = false

  init(directory: HostDirectory, log: ServiceLog) throws {
    host = try directory.configuration()
    guid = try ServerConfig(file: directory.serverConfigFile).installedGuid
    failover = try FailoverConfig(file: directory.failoverConfigFile)
    database = try SchedulerDatabase(path: host.databaseFile)
    pair = try HeartbeatPair(config: failover, ownAddress: host.address, guid: guid)
    self.log = log
  }

  func run(_ service: ServiceProcess) throws {
    let pause = failover.interval.pollingInterval(atMost: 50)
    try service.repeatUntilStopped(every: pause) {
      try pair?.exchange()
      try step()
    }
  }

  private func step() throws {
    let standing = try database.read { try Standing.of(guid, $0) }
    report(standing)
    switch standing {
    case .free:
      if mayTakeEmptyTable { try acquire() }
    case .inControl(let row):
      let age = Clock.now.milliseconds(since: row.heartbeatAt)
      if age >= failover.interval.milliseconds || age < 0 { try beat() }
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
    try database.write { db in
      guard try Standing.of(guid, db) == .free else { return }
      try insertOwnRow(db)
    }
  }

  private func beat() throws {
    try database.write { db in
      guard try Standing.of(guid, db).isInControl else { return }
      try db.execute(
        sql: "UPDATE Failover SET heartbeat_at = ? WHERE guid = ?", arguments: [Clock.now, guid])
    }
  }

  /// Replaces the partner's row, if it has not been refreshed for as long as its beats are missing.
  private func takeOver(from seen: [FailoverRow]) throws {
    try database.write { db in
      guard case .held(let rows) = try Standing.of(guid, db) else { return }
      if let fresh = rows.first(where: isFresh) {
        reportFreshRow(fresh)
        return
      }
      for row in rows {
        try db.execute(sql: "DELETE FROM Failover WHERE guid = ?", arguments: [row.guid])
        log.write(
          "takes over from \(row.guid) of \(row.host): \(HeartbeatPair.beatsAllowedToMiss) beats "
            + "missed, row last refreshed \(row.heartbeatAt)")
      }
      try insertOwnRow(db)
    }
  }

  private func isFresh(_ row: FailoverRow) -> Bool {
    let limit = failover.interval.milliseconds * Int64(HeartbeatPair.beatsAllowedToMiss)
    return Clock.now.milliseconds(since: row.heartbeatAt) < limit
  }

  private func reportFreshRow(_ row: FailoverRow) {
    guard !reportedFreshRow else { return }
    reportedFreshRow = true
    log.write(
      "no takeover: \(HeartbeatPair.beatsAllowedToMiss) beats missed, but \(row.host) refreshed "
        + "its row at \(row.heartbeatAt)")
  }

  private func insertOwnRow(_ db: Database) throws {
    let now = Clock.now
    try db.execute(sql: "DELETE FROM Failover WHERE guid = ?", arguments: [guid])
    try db.execute(
      sql: "INSERT INTO Failover (guid, host, acquired_at, heartbeat_at) VALUES (?, ?, ?, ?)",
      arguments: [guid, "\(host.site).\(host.name)", now, now])
  }
}
