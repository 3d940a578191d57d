import Foundation
import GRDB

/// The executor runs queued jobs one after the other: claim, run, record. The claim and the
/// record are transactions that check the control again, so a server that has lost it in between
/// leaves no row.
struct ExecutorService {
  private let guid: String
  private let host: HostConfiguration
  private let database: SchedulerDatabase
  private let log: ServiceLog

  init(directory: HostDirectory, log: ServiceLog) throws {
    guid = try ServerConfig(file: directory.serverConfigFile).installedGuid
    host = try directory.configuration()
    database = try SchedulerDatabase(path: host.databaseFile)
    self.log = log
  }

  func run(_ service: ServiceProcess) throws {
    try service.repeatUntilStopped(every: 20) {
      guard try database.read(hasWork) else { return }
      while let job = try claim() { try execute(job) }
    }
  }

  private struct ClaimedJob {
    let queueId: Int64
    let jobId: Int64
    let name: String
    let kind: JobKind
    let startedAt: Timestamp
  }

  private func hasWork(_ db: Database) throws -> Bool {
    guard try Standing.of(guid, db).isInControl else { return false }
    return try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM job_queue)") ?? false
  }

  /// Takes the oldest job. One that is marked as begun, by this server or another, was never
  /// finished: this executor runs one job at a time, and no other server is in control.
  private func claim() throws -> ClaimedJob? {
    try database.write { db in
      guard try Standing.of(guid, db).isInControl else { return nil }
      let next = try Row.fetchOne(
        db,
        sql: """
          SELECT job_queue.id, job_id, name, kind FROM job_queue JOIN jobs ON jobs.id = job_id
          ORDER BY job_queue.id LIMIT 1
          """)
      guard let next else { return nil }
      let now = Clock.now
      try db.execute(
        sql: "UPDATE job_queue SET guid = ?, started_at = ? WHERE id = ?",
        arguments: [guid, now, next["id"] as Int64])
      return ClaimedJob(
        queueId: next["id"], jobId: next["job_id"], name: next["name"], kind: next["kind"],
        startedAt: now)
    }
  }

  private func execute(_ job: ClaimedJob) throws {
    let run = JobRun(guid: guid, database: database, logDirectory: host.sharedLogDirectory)
    let logFile = "\(host.sharedLogDirectory)/\(logName(job))"
    let result = Result { try run.perform(job.kind) }
    let (status, text) =
      switch result {
      case .success(let text): (0, text)
      case .failure(let error): (1, "failed: \((error as? LabError)?.line ?? "\(error)")")
      }
    let heading = "\(job.startedAt) \(job.name) on \(host.site).\(host.name), server \(guid)"
    try File.replace(logFile, with: Data("\(heading)\n\(text)\n".utf8))
    try record(job, status: status, logFile: logFile)
  }

  private func logName(_ job: ClaimedJob) -> String {
    let time = job.startedAt.description.filter { $0 != "-" && $0 != ":" }
    return "job-\(job.name)-\(time)-\(guid.prefix(8)).log"
  }

  private func record(_ job: ClaimedJob, status: Int, logFile: String) throws {
    try database.write { db in
      let standing = try Standing.of(guid, db)
      guard standing.isInControl else {
        log.write("\(job.name): its result is dropped: \(standing)")
        return
      }
      try db.execute(
        sql: """
          INSERT INTO job_history
            (job_id, started_at, finished_at, guid, host, site, exit_status, log_path)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          job.jobId, job.startedAt, Clock.now, guid, host.name, host.site, status, logFile,
        ])
      try db.execute(sql: "DELETE FROM job_queue WHERE id = ?", arguments: [job.queueId])
    }
  }
}
