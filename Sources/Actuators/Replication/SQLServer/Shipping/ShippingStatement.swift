import Runbook

/// What log shipping is changed by. Names and paths are bound or quoted; procedures are named with their database, as a
/// connection stays in master.
///
/// https://learn.microsoft.com/sql/database-engine/log-shipping/log-shipping-tables-and-stored-procedures
struct ShippingStatement: Sendable {
  let database: String

  // MARK: - Jobs

  static func enable(_ job: String) -> SQLStatement {
    "EXEC msdb.dbo.sp_update_job @job_name = \(job), @enabled = 1"
  }

  static func disable(_ job: String) -> SQLStatement {
    "EXEC msdb.dbo.sp_update_job @job_name = \(job), @enabled = 0"
  }

  static func start(_ job: String) -> SQLStatement {
    "EXEC msdb.dbo.sp_start_job @job_name = \(job)"
  }

  static func stop(_ job: String) -> SQLStatement {
    "EXEC msdb.dbo.sp_stop_job @job_name = \(job)"
  }

  /// Every day, each so many minutes.
  static func schedule(_ job: String, every minutes: Int) -> SQLStatement {
    """
    EXEC msdb.dbo.sp_add_jobschedule @job_name = \(job), @name = \(job), @enabled = 1, @freq_type = 4, \
    @freq_interval = 1, @freq_subday_type = 4, @freq_subday_interval = \(minutes)
    """
  }

  // MARK: - The database

  /// Sends away whoever uses it: what takes the tail must be alone.
  var takeAlone: SQLStatement {
    "ALTER DATABASE \(identifier: database) SET SINGLE_USER WITH ROLLBACK IMMEDIATE"
  }

  /// The log brings a single user along.
  var letIn: SQLStatement { "ALTER DATABASE \(identifier: database) SET MULTI_USER" }

  func takeTail(into path: String, ofDamaged isDamaged: Bool) -> SQLStatement {
    isDamaged
      ? "BACKUP LOG \(identifier: database) TO DISK = \(path) WITH NORECOVERY, NO_TRUNCATE, CONTINUE_AFTER_ERROR"
      : "BACKUP LOG \(identifier: database) TO DISK = \(path) WITH NORECOVERY"
  }

  func restoreLog(from path: String) -> SQLStatement {
    "RESTORE LOG \(identifier: database) FROM DISK = \(path) WITH NORECOVERY"
  }

  var recover: SQLStatement { "RESTORE DATABASE \(identifier: database) WITH RECOVERY" }

  func backUpWhole(into path: String) -> SQLStatement {
    "BACKUP DATABASE \(identifier: database) TO DISK = \(path) WITH COPY_ONLY, INIT, CHECKSUM"
  }

  /// - Parameter files: where this server has its files, by their logical names: the backup names those of another server.
  func restoreWhole(from path: String, files: [(logical: String, physical: String)]) -> SQLStatement
  {
    let start: SQLStatement =
      "RESTORE DATABASE \(identifier: database) FROM DISK = \(path) WITH REPLACE, NORECOVERY"
    return files.reduce(start) { statement, file in
      let move: SQLStatement = ", MOVE \(file.logical) TO \(file.physical)"
      return SQLStatement(parts: statement.parts + move.parts)
    }
  }

  // MARK: - Settings

  var restoreAtOnce: SQLStatement {
    """
    EXEC master.dbo.sp_change_log_shipping_secondary_database @secondary_database = \(database), \
    @restore_delay = 0
    """
  }

  func send(_ job: String, from places: DatabaseServer.ShippingPlaces) -> SQLStatement {
    """
    EXEC master.dbo.sp_add_log_shipping_primary_database @database = \(database), \
    @backup_directory = \(places.backupDirectory), @backup_share = \(places.backupShare), \
    @backup_job_name = \(job), @backup_retention_period = 4320, @backup_threshold = 60, \
    @threshold_alert_enabled = 1, @history_retention_period = 5760, @overwrite = 1
    """
  }

  func send(to server: String) -> SQLStatement {
    """
    EXEC master.dbo.sp_add_log_shipping_primary_secondary @primary_database = \(database), \
    @secondary_server = \(server), @secondary_database = \(database), @overwrite = 1
    """
  }

  func receive(
    from server: String, _ share: String, into directory: String, _ jobs: ShippingJobNames
  )
    -> SQLStatement
  {
    """
    EXEC master.dbo.sp_add_log_shipping_secondary_primary @primary_server = \(server), \
    @primary_database = \(database), @backup_source_directory = \(share), \
    @backup_destination_directory = \(directory), @copy_job_name = \(jobs.copy), \
    @restore_job_name = \(jobs.restore), @file_retention_period = 4320, @overwrite = 1
    """
  }

  func restore(from server: String) -> SQLStatement {
    """
    EXEC master.dbo.sp_add_log_shipping_secondary_database @secondary_database = \(database), \
    @primary_server = \(server), @primary_database = \(database), @restore_delay = 0, @restore_mode = 0, \
    @disconnect_users = 0, @restore_threshold = 45, @threshold_alert_enabled = 1, \
    @history_retention_period = 5760, @overwrite = 1
    """
  }
}

/// How the wizard of SQL Server names the jobs of log shipping.
struct ShippingJobNames: Sendable {
  let backup: String
  let copy: String
  let restore: String

  init(of database: String, from server: String) {
    backup = "LSBackup_\(database)"
    copy = "LSCopy_\(server)_\(database)"
    restore = "LSRestore_\(server)_\(database)"
  }
}
