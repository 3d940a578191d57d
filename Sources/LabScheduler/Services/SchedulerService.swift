import GRDB

/// The scheduler puts the jobs that are due into the queue, as long as its server is in control.
struct SchedulerService {
  private let guid: String
  private let database: SchedulerDatabase

  init(directory: HostDirectory) throws {
    guid = try ServerConfig(file: directory.serverConfigFile).installedGuid
    database = try SchedulerDatabase(path: try directory.configuration().databaseFile)
  }

  func run(_ service: ServiceProcess) throws {
    try service.repeatUntilStopped(every: 25) {
      if try database.read(hasWork) { try queueDueJobs() }
    }
  }

  /// Looking first leaves the write lock to others while there is nothing to do.
  private func hasWork(_ db: Database) throws -> Bool {
    guard try Standing.of(guid, db).isInControl else { return false }
    return try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM jobs WHERE next_run_at <= ?)", arguments: [Clock.now])
      ?? false
  }

  private func queueDueJobs() throws {
    try database.write { db in
      guard try Standing.of(guid, db).isInControl else { return }
      let now = Clock.now
      let due = try Row.fetchAll(
        db, sql: "SELECT id, interval_ms FROM jobs WHERE next_run_at <= ?", arguments: [now])
      for job in due {
        let interval = Interval(milliseconds: job["interval_ms"])
        // A job that still waits or runs is not queued twice; runs that were missed are not made up.
        try db.execute(
          sql: "INSERT INTO job_queue (job_id, queued_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
          arguments: [job["id"] as Int64, now])
        try db.execute(
          sql: "UPDATE jobs SET next_run_at = ? WHERE id = ?",
          arguments: [now.adding(interval), job["id"] as Int64])
      }
    }
  }
}
