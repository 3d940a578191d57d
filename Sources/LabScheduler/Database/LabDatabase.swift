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

  private struct Job {
    let kind: JobKind
    let interval: Interval
  }

  private static func jobs(interval: Interval) -> [Job] {
    [
      Job(kind: .countHistory, interval: interval),
      Job(kind: .measureDisk, interval: interval * 2.5),
      Job(kind: .checkDatabase, interval: interval * 5),
      Job(kind: .pruneHistory, interval: Interval(milliseconds: 60_000)),
    ]
  }

  private static func insert(_ job: Job, into db: Database) throws {
    // The long job is due after its interval, the short ones at once.
    let firstRun = job.kind == .pruneHistory ? Clock.now.adding(job.interval) : Clock.now
    try db.execute(
      sql: "INSERT INTO jobs (name, kind, interval_ms, next_run_at) VALUES (?, ?, ?, ?)",
      arguments: [job.kind.rawValue, job.kind, job.interval.milliseconds, firstRun])
  }
}
