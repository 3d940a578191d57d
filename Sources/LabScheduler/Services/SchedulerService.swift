/// The scheduler puts the jobs that are due into the queue, as long as its server is in control.
struct SchedulerService: Sendable {
  private let guid: String
  private let store: any SchedulerStore

  init(_ settings: SchedulerSettings) {
    guid = settings.guid
    store = settings.store
  }

  func run(_ service: ServiceProcess) throws {
    try service.repeatUntilStopped(every: store.pollingInterval) {
      if try store.read(hasWork) { try store.write(queueDueJobs) }
    }
  }

  /// Looking first leaves the write lock to others while there is nothing to do.
  private func hasWork(_ transaction: any StoreTransaction) throws -> Bool {
    guard try Standing.of(guid, transaction).isInControl else { return false }
    let due = try transaction.integer(
      "SELECT count(*) FROM jobs WHERE next_run_at <= ?", [Clock.now.storeValue])
    return due != 0
  }

  private func queueDueJobs(_ transaction: any StoreTransaction) throws {
    guard try Standing.of(guid, transaction).isInControl else { return }
    let now = Clock.now
    let due = try transaction.query(
      "SELECT id, interval_ms FROM jobs WHERE next_run_at <= ?", [now.storeValue])
    for job in due {
      let id = StoreValue.integer(try job.integer("id"))
      // A job that still waits or runs is not queued twice; runs that were missed are not made up.
      if try transaction.integer("SELECT count(*) FROM job_queue WHERE job_id = ?", [id]) == 0 {
        try transaction.execute(
          "INSERT INTO job_queue (job_id, queued_at) VALUES (?, ?)", [id, now.storeValue])
      }
      let interval = Interval(milliseconds: Int64(try job.integer("interval_ms")))
      try transaction.execute(
        "UPDATE jobs SET next_run_at = ? WHERE id = ?", [now.adding(interval).storeValue, id])
    }
  }
}
