import Foundation

/// A site's replicator: ships while the site is the source, follows while it is not. It asks the
/// database each time, so whoever changes the role there changes the direction.
struct ReplicatorService {
  private let follower: Follower
  private let shipper: Shipper
  private let interval: Interval
  private let lock: FileLock

  init(configuration: ReplicationConfiguration, log: ServiceLog) throws {
    let directory = (configuration.databaseFile as NSString).deletingLastPathComponent
    guard let lock = try FileLock(path: "\(directory)/replicator.lock") else {
      throw LabError(.refused, "\(directory): another replicator of this site is running")
    }
    self.lock = lock
    try File.removeUnfinished(in: directory)
    try File.removeUnfinished(in: configuration.outboxDirectory)
    let database = try SchedulerDatabase(path: configuration.databaseFile)
    follower = Follower(
      database: database,
      partner: Partner(
        site: configuration.partnerSite,
        outbox: Outbox(directory: configuration.partnerOutboxDirectory),
        databaseFile: configuration.partnerDatabaseFile), log: log)
    shipper = Shipper(
      site: configuration.site, database: database,
      outbox: Outbox(directory: configuration.outboxDirectory))
    interval = configuration.shipInterval
  }

  /// Ready after the first look at the partner that succeeds: a former primary has stepped down by then.
  func run(_ service: ServiceProcess) throws {
    try service.repeatUntilStopped(every: interval.milliseconds) {
      try follower.follow()
      try shipper.ship()
    }
  }
}
