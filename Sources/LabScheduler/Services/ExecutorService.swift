import Foundation

/// The executor runs queued jobs one after the other: claim, run, record. The claim and the
/// record are transactions that check the control again, so a server that has lost it in between
/// leaves no row.
struct ExecutorService: Sendable {
  private let settings: SchedulerSettings
  private let log: ServiceLog

  private var guid: String { settings.guid }
  private var store: any SchedulerStore { settings.store }

  init(_ settings: SchedulerSettings, log: ServiceLog) {
    self.settings = settings
    self.log = log
  }

  func run(_ service: ServiceProcess) throws {
    try service.repeatUntilStopped(every: store.pollingInterval) {
      guard try store.read(hasWork) else { return }
      while let job = try claim() { try execute(job) }
    }
  }

  private struct ClaimedJob: Sendable {
    let queueId: Int
    let jobId: Int
    let name: String
    let kind: JobKind
    let startedAt: Timestamp
  }

  private func hasWork(_ transaction: any StoreTransaction) throws -> Bool {
    guard try Standing.of(guid, transaction).isInControl else { return false }
    return try transaction.integer("SELECT count(*) FROM job_queue") != 0
  }

  /// Takes the oldest job. One that is marked as begun, by this server or another, was never
  /// finished: this executor runs one job at a time, and no other server is in control.
  private func claim() throws -> ClaimedJob? {
    try store.write { transaction in
      guard try Standing.of(guid, transaction).isInControl else { return nil }
      let next = try transaction.query(
        """
        SELECT job_queue.id AS queue_id, job_id, name, kind
        FROM job_queue JOIN jobs ON jobs.id = job_id ORDER BY job_queue.id LIMIT 1
        """
      ).first
      guard let next else { return nil }
      let kind = try next.text("kind")
      guard let knownKind = JobKind(rawValue: kind) else {
        throw LabError(.failed, "the queue holds a job of the unknown kind \(kind)")
      }
      let job = ClaimedJob(
        queueId: try next.integer("queue_id"), jobId: try next.integer("job_id"),
        name: try next.text("name"), kind: knownKind, startedAt: Clock.now)
      try transaction.execute(
        "UPDATE job_queue SET guid = ?, started_at = ? WHERE id = ?",
        [.string(guid), job.startedAt.storeValue, .integer(job.queueId)])
      return job
    }
  }

  private func execute(_ job: ClaimedJob) throws {
    let run = JobRun(guid: guid, store: store, logDirectory: settings.sharedLogDirectory)
    let logFile = "\(settings.sharedLogDirectory)/\(logName(job))"
    let result = Result { try run.perform(job.kind) }
    let (status, text) =
      switch result {
      case .success(let text): (0, text)
      case .failure(let error): (1, "failed: \((error as? LabError)?.line ?? "\(error)")")
      }
    let heading =
      "\(job.startedAt) \(job.name) on \(settings.site).\(settings.name), server \(guid)"
    try File.replace(logFile, with: Data("\(heading)\n\(text)\n".utf8))
    try record(job, status: status, logFile: logFile)
  }

  private func logName(_ job: ClaimedJob) -> String {
    let time = job.startedAt.description.filter { $0 != "-" && $0 != ":" }
    return "job-\(job.name)-\(time)-\(guid.prefix(8)).log"
  }

  private func record(_ job: ClaimedJob, status: Int, logFile: String) throws {
    try store.write { transaction in
      let standing = try Standing.of(guid, transaction)
      guard standing.isInControl else {
        log.write("\(job.name): its result is dropped: \(standing)")
        return
      }
      try transaction.execute(
        """
        INSERT INTO job_history
          (job_id, started_at, finished_at, guid, host, site, exit_status, log_path)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .integer(job.jobId), job.startedAt.storeValue, Clock.now.storeValue, .string(guid),
          .string(settings.name), .string(settings.site), .integer(status), .string(logFile),
        ])
      try transaction.execute("DELETE FROM job_queue WHERE id = ?", [.integer(job.queueId)])
    }
  }
}
