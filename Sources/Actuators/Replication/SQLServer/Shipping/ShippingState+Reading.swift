import Foundation
import ODBC
import Runbook

extension ShippingState {
  /// The account needs to read msdb, and VIEW ANY DEFINITION.
  static func read(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> ShippingState {
    let database = try SQLServerDatabase.read(reader, of: copy)
    do {
      return try read(MSDB(reader: reader, copy: copy), of: database)
    } catch let error as ODBCError
      where error.diagnostics.contains(where: { $0.nativeError == 229 })
    {
      throw ActionError(
        "replication.no_permission",
        "\(copy.subject): the account may not read msdb, where log shipping is set up",
        advice: "make it a user of msdb with the role db_datareader")
    }
  }

  private static func read(_ msdb: MSDB, of database: SQLServerDatabase) throws -> ShippingState {
    let row = try msdb.databaseRow()
    guard let now = SQLServerDatabase.date(row["now"]), let server = row["server"]?.string else {
      throw database.untold("half a row in sys.databases")
    }
    let (sending, receiving) = (try msdb.sending(), try msdb.receiving())
    guard sending != nil || receiving != nil else {
      throw ActionError(
        "replication.not_configured",
        "the log of \(msdb.copy.subject) is shipped neither from nor to its server, where it is \(database.state)",
        advice: "set log shipping up once, from the primary; see 'replication' in the inventory")
    }
    return ShippingState(
      database: database, serverName: server, isStandby: row["standby"] == 1,
      isSingleUser: row["access"] == "SINGLE_USER", forkPoint: SQLServerLSN(row["fork_point"]),
      now: now, sending: sending, receiving: receiving, receivers: try msdb.receivers(),
      ownBackup: try msdb.ownBackup(), restored: try msdb.restored())
  }
}

/// What master and msdb hold of one database.
private struct MSDB {
  let reader: any SQLReader
  let copy: DatabaseCopy

  private var name: String { copy.failoverTable.database }

  func databaseRow() throws -> SQLRow {
    let rows = try reader.query(
      """
      SELECT CAST(d.is_in_standby AS int) AS standby, d.user_access_desc AS access, \
      @@SERVERNAME AS server, SYSUTCDATETIME() AS now, r.fork_point_lsn AS fork_point \
      FROM sys.databases d LEFT JOIN sys.database_recovery_status r ON r.database_id = d.database_id \
      WHERE d.name = \(name)
      """)
    guard let row = rows.first else {
      throw ActionError("database.missing", "\(copy.subject): the server has no such database")
    }
    return row
  }

  func sending() throws -> ShippingState.Sending? {
    let rows = try reader.query(
      """
      SELECT p.backup_directory AS directory, p.backup_share AS share, p.last_backup_file AS last_file, \
      j.name AS job, CAST(j.enabled AS int) AS job_enabled, CAST(o.last_run_outcome AS int) AS job_outcome \
      FROM msdb.dbo.log_shipping_primary_databases p \
      LEFT JOIN msdb.dbo.sysjobs j ON j.job_id = p.backup_job_id \
      LEFT JOIN msdb.dbo.sysjobservers o ON o.job_id = j.job_id WHERE p.primary_database = \(name)
      """)
    return rows.first.map { row in
      ShippingState.Sending(
        directory: row["directory"]?.string ?? "", share: row["share"]?.string ?? "",
        lastFile: row["last_file"]?.string, job: job(row, "job"))
    }
  }

  func receivers() throws -> Set<String> {
    let rows = try reader.query(
      """
      SELECT s.secondary_server AS server FROM msdb.dbo.log_shipping_primary_secondaries s \
      JOIN msdb.dbo.log_shipping_primary_databases p ON p.primary_id = s.primary_id \
      WHERE p.primary_database = \(name)
      """)
    return Set(rows.compactMap { $0["server"]?.string?.lowercased() })
  }

  func receiving() throws -> ShippingState.Receiving? {
    let rows = try reader.query(
      """
      SELECT s.primary_server AS server, s.backup_destination_directory AS directory, \
      d.restore_delay AS delay, \
      c.name AS copy_job, CAST(c.enabled AS int) AS copy_job_enabled, \
      CAST(co.last_run_outcome AS int) AS copy_job_outcome, \
      r.name AS restore_job, CAST(r.enabled AS int) AS restore_job_enabled, \
      CAST(ro.last_run_outcome AS int) AS restore_job_outcome \
      FROM msdb.dbo.log_shipping_secondary_databases d \
      JOIN msdb.dbo.log_shipping_secondary s ON s.secondary_id = d.secondary_id \
      LEFT JOIN msdb.dbo.sysjobs c ON c.job_id = s.copy_job_id \
      LEFT JOIN msdb.dbo.sysjobservers co ON co.job_id = c.job_id \
      LEFT JOIN msdb.dbo.sysjobs r ON r.job_id = s.restore_job_id \
      LEFT JOIN msdb.dbo.sysjobservers ro ON ro.job_id = r.job_id \
      WHERE d.secondary_database = \(name)
      """)
    return rows.first.map { row in
      ShippingState.Receiving(
        server: row["server"]?.string ?? "", directory: row["directory"]?.string ?? "",
        delay: row["delay"]?.integer ?? 0, copyJob: job(row, "copy_job"),
        restoreJob: job(row, "restore_job"))
    }
  }

  private func job(_ row: SQLRow, _ column: String) -> ShippingState.Job? {
    row[column]?.string.map {
      ShippingState.Job(
        name: $0, isEnabled: row["\(column)_enabled"] == 1, hasFailed: row["\(column)_outcome"] == 0
      )
    }
  }

  func ownBackup() throws -> ShippingState.Backup? {
    try backup(
      """
      SELECT TOP 1 b.backup_set_uuid AS id, m.physical_device_name AS path, b.last_lsn AS last_lsn, b.backup_start_date AS start, \
      b.time_zone AS zone, b.backup_finish_date AS at FROM msdb.dbo.backupset b \
      JOIN msdb.dbo.backupmediafamily m ON m.media_set_id = b.media_set_id \
      WHERE b.database_name = \(name) AND b.type = 'L' AND b.server_name = @@SERVERNAME \
      ORDER BY b.backup_finish_date DESC
      """)
  }

  func restored() throws -> ShippingState.Backup? {
    try backup(
      """
      SELECT TOP 1 b.backup_set_uuid AS id, m.physical_device_name AS path, b.last_lsn AS last_lsn, b.backup_start_date AS start, \
      b.time_zone AS zone, h.restore_date AS at FROM msdb.dbo.restorehistory h \
      JOIN msdb.dbo.backupset b ON b.backup_set_id = h.backup_set_id \
      JOIN msdb.dbo.backupmediafamily m ON m.media_set_id = b.media_set_id \
      WHERE h.destination_database_name = \(name) ORDER BY h.restore_date DESC
      """)
  }

  private func backup(_ statement: SQLStatement) throws -> ShippingState.Backup? {
    guard let row = try reader.query(statement).first, let lsn = SQLServerLSN(row["last_lsn"]),
      let at = row["at"]?.string, let id = row["id"]?.string
    else { return nil }
    return ShippingState.Backup(
      id: id, path: row["path"]?.string ?? "", lastLSN: lsn, start: start(row), at: at)
  }

  /// `time_zone` counts quarters of an hour from UTC; 127: nobody knows.
  private func start(_ row: SQLRow) -> Date? {
    guard let zone = row["zone"]?.integer, (-48...48).contains(zone) else { return nil }
    return SQLServerDatabase.date(row["start"])?.addingTimeInterval(-Double(zone) * 900)
  }
}
