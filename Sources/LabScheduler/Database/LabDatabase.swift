import GRDB

/// The databases that `lab up` makes: production's with jobs, and the first copy of it.
enum LabDatabase {
  static func createPrimary(at path: String, site: String, jobInterval: Interval) throws {
    try create(at: path) { db in
      try Schema.create(db)
      try db.execute(
        sql: """
          INSERT INTO replication_state (id, role, epoch, position, as_of, source_site)
          VALUES (1, 'primary', 1, 0, ?, ?)
          """, arguments: [Clock.now, site])
      for job in jobs(interval: jobInterval) { try insert(job, into: db) }
    }
  }

  static func createReplica(at path: String, of primary: String) throws {
    let source = try SchedulerDatabase(path: primary, readOnly: true)
    try create(at: path) { copy in
      try source.read { try $0.backup(to: copy) }
      try ReplicaImage.makeReplica(copy, asOf: nil)
    }
  }

  private static func create(at path: String, _ fill: (Database) throws -> Void) throws {
    let unfinished = File.temporaryName(for: path)
    try File.remove(unfinished)
    let queue = try DatabaseQueue(path: unfinished)
    try queue.writeWithoutTransaction(fill)
    try queue.close()
    try File.synchronize(path: unfinished)
    try File.rename(unfinished, to: path)
  }

  struct Job: Sendable {
    let kind: JobKind
    let interval: Interval
    let firstRun: Timestamp
  }

  /// The jobs that a new database begins with.
  static func jobs(interval: Interval) -> [Job] {
    let now = Clock.now
    let longInterval = Interval(milliseconds: 60_000)
    return [
      Job(kind: .countHistory, interval: interval, firstRun: now),
      Job(kind: .measureDisk, interval: interval * 2.5, firstRun: now),
      Job(kind: .checkDatabase, interval: interval * 5, firstRun: now),
      // The long job is due after its interval, the short ones at once.
      Job(kind: .pruneHistory, interval: longInterval, firstRun: now.adding(longInterval)),
    ]
  }

  private static func insert(_ job: Job, into db: Database) throws {
    try db.execute(
      sql: "INSERT INTO jobs (name, kind, interval_ms, next_run_at) VALUES (?, ?, ?, ?)",
      arguments: [job.kind.rawValue, job.kind, job.interval.milliseconds, job.firstRun])
  }
}
