import Runbook

/// Lets the log go from one instance to another, and back no more: sets up what SQL Server has not yet, switches the jobs, and
/// sends one backup the whole way.
struct ShippingDirection: Sendable {
  let source: ShippingInstance
  let target: ShippingInstance

  private static let defaultMinutes = 15

  func establish() async throws {
    var (from, to) = (try await source.look(), try await target.look())
    try await source.disable([from.receiving?.copyJob, from.receiving?.restoreJob])
    try await target.disable([to.sending?.job])
    try await setUp(from, to)
    (from, to) = (try await source.look(), try await target.look())
    guard let backup = from.sending?.job, let copy = to.receiving?.copyJob,
      let restore = to.receiving?.restoreJob
    else {
      throw ActionError(
        "replication.not_configured",
        "log shipping from \(source.copy.subject) to \(target.copy.subject) has no jobs",
        advice: "see msdb.dbo.sysjobs at both servers")
    }
    try await source.enable([backup])
    try await target.enable([copy, restore])
    try await ShippingTrip(source: source, target: target).make()
    let arrived = try await target.look()
    guard arrived.role == .replica else {
      throw ActionError(
        "replication.not_following",
        "the log of \(source.copy.subject) was sent, and not restored: \(arrived.words)",
        advice: "see the history of job '\(restore.name)'; replication.rejoin makes the copy anew")
    }
  }

  private func setUp(_ from: ShippingState, _ to: ShippingState) async throws {
    let database = source.copy.failoverTable.database
    let names = ShippingJobNames(of: database, from: from.serverName)
    if from.sending == nil {
      try await source.send(source.statements.send(names.backup, from: places(of: source)))
    }
    if !from.receivers.contains(to.serverName.lowercased()) {
      try await source.send(source.statements.send(to: to.serverName))
    }
    if to.receiving?.server.lowercased() != from.serverName.lowercased() {
      let (share, directory) = (try from.places.share, try places(of: target).copyDirectory)
      try await target.send(
        target.statements.receive(from: from.serverName, share, into: directory, names))
      try await target.send(target.statements.restore(from: from.serverName))
    }
    try await schedule(names.backup, at: source)
    try await schedule(names.copy, at: target)
    try await schedule(names.restore, at: target)
  }

  /// The procedures make jobs without a schedule. One that is there is somebody's own choice.
  private func schedule(_ job: String, at instance: ShippingInstance) async throws {
    let lacksOne = try await instance.operator.observer.read(instance.copy) { reader in
      let rows = try reader.query(
        """
        SELECT COUNT(*) AS jobs, COUNT(s.schedule_id) AS schedules FROM msdb.dbo.sysjobs j \
        LEFT JOIN msdb.dbo.sysjobschedules s ON s.job_id = j.job_id WHERE j.name = \(job)
        """)
      return (rows.first?["jobs"]?.integer ?? 0) > 0 && rows.first?["schedules"]?.integer == 0
    }
    if lacksOne { try await instance.send(ShippingStatement.schedule(job, every: minutes)) }
  }

  private var minutes: Int {
    let interval = source.copy.database.replication?.interval.flatMap(Duration.init(runbook:))
    return interval.map { max(1, Int($0.milliseconds / 60_000)) } ?? Self.defaultMinutes
  }

  private func places(of instance: ShippingInstance) throws -> DatabaseServer.ShippingPlaces {
    guard let places = instance.copy.server?.shipping else {
      throw ActionError(
        ShippingState.noDirectory,
        "the inventory doesn't say where the log of \(instance.copy.subject) goes",
        advice: "add log_shipping: { backup_directory, backup_share, copy_directory } to that copy")
    }
    return places
  }
}
