import Runbook

/// Lets the log go from one instance to another, and back no more: sets up what SQL Server has not yet, switches the jobs, and
/// sends one backup the whole way.
struct ShippingDirection: Sendable {
  let source: DatabaseCopy
  let target: DatabaseCopy
  let timeout: Duration
  let `operator`: any Operator

  private static let defaultMinutes = 15

  private var database: String { source.failoverTable.database }
  private var statements: ShippingStatement { ShippingStatement(database: database) }
  private var sending: ShippingJobs {
    ShippingJobs(copy: source, timeout: timeout, operator: `operator`)
  }
  private var receiving: ShippingJobs {
    ShippingJobs(copy: target, timeout: timeout, operator: `operator`)
  }

  func establish() async throws {
    var (from, to) = (try await look(source), try await look(target))
    try await sending.disable([from.receiving?.copyJob, from.receiving?.restoreJob])
    try await receiving.disable([to.sending?.job])
    try await setUp(from, to)
    (from, to) = (try await look(source), try await look(target))
    guard let backup = from.sending?.job, let copy = to.receiving?.copyJob,
      let restore = to.receiving?.restoreJob
    else {
      throw ActionError(
        "replication.not_configured",
        "log shipping from \(source.subject) to \(target.subject) has no jobs",
        advice: "see msdb.dbo.sysjobs at both servers")
    }
    try await sending.enable([backup])
    try await receiving.enable([copy, restore])
    try await ShippingTrip(source: source, target: target, timeout: timeout, operator: `operator`)
      .make()
    let arrived = try await look(target)
    guard arrived.role == .replica else {
      throw ActionError(
        "replication.not_following",
        "the log of \(source.subject) was sent, and not restored: \(arrived.words)",
        advice: "see the history of job '\(restore.name)'; replication.rejoin makes the copy anew")
    }
  }

  private func setUp(_ from: ShippingState, _ to: ShippingState) async throws {
    let names = ShippingJobNames(of: database, from: from.serverName)
    if from.sending == nil {
      try await send(to: source, statements.send(names.backup, from: try places(of: source)))
    }
    if !from.receivers.contains(to.serverName.lowercased()) {
      try await send(to: source, statements.send(to: to.serverName))
    }
    if to.receiving?.server.lowercased() != from.serverName.lowercased() {
      let share = try from.sending?.share ?? places(of: source).backupShare
      let directory = try places(of: target).copyDirectory
      try await send(
        to: target, statements.receive(from: from.serverName, share, into: directory, names))
      try await send(to: target, statements.restore(from: from.serverName))
    }
    try await schedule(names.backup, at: source)
    try await schedule(names.copy, at: target)
    try await schedule(names.restore, at: target)
  }

  /// The procedures make jobs without a schedule. One that is there is somebody's own choice.
  private func schedule(_ job: String, at copy: DatabaseCopy) async throws {
    let lacksOne = try await `operator`.observer.read(copy) { reader in
      let rows = try reader.query(
        """
        SELECT COUNT(*) AS jobs, COUNT(s.schedule_id) AS schedules FROM msdb.dbo.sysjobs j \
        LEFT JOIN msdb.dbo.sysjobschedules s ON s.job_id = j.job_id WHERE j.name = \(job)
        """)
      return (rows.first?["jobs"]?.integer ?? 0) > 0 && rows.first?["schedules"]?.integer == 0
    }
    if lacksOne { try await send(to: copy, ShippingStatement.schedule(job, every: minutes)) }
  }

  private var minutes: Int {
    let interval = source.database.replication?.interval.flatMap(Duration.init(runbook:))
    return interval.map { max(1, Int($0.milliseconds / 60_000)) } ?? Self.defaultMinutes
  }

  private func places(of copy: DatabaseCopy) throws -> DatabaseServer.ShippingPlaces {
    guard let places = copy.server?.shipping else {
      throw ActionError(
        "replication.no_directory",
        "the inventory doesn't say where the log of \(copy.subject) goes",
        advice: "add log_shipping: { backup_directory, backup_share, copy_directory } to that copy")
    }
    return places
  }

  private func look(_ copy: DatabaseCopy) async throws -> ShippingState {
    try await ShippingState.look(at: copy, `operator`.observer)
  }

  private func send(to copy: DatabaseCopy, _ statement: SQLStatement) async throws {
    _ = try await `operator`.session(copy) { try $0.execute(statement) }
  }
}
