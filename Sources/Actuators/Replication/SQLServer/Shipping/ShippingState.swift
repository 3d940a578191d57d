import Foundation
import ODBC
import Runbook

/// What an instance says of a copy whose log is shipped: the database's state, msdb's settings and jobs of log shipping, and
/// msdb's history of backups and restores.
struct ShippingState: Sendable {
  /// The Agent's job of one part of log shipping.
  struct Job: Sendable, Hashable {
    let name: String
    let isEnabled: Bool
    /// When it ran last.
    let hasFailed: Bool

    fileprivate var works: Bool { isEnabled && !hasFailed }
  }

  /// The instance, as the one that backs the log up.
  struct Sending: Sendable {
    let directory: String
    let share: String
    /// The last backup that the job made.
    let lastFile: String?
    let job: Job?
  }

  /// The instance, as the one that restores another's log.
  struct Receiving: Sendable {
    let server: String
    let directory: String
    /// Minutes by which the restore job stays behind.
    let delay: Int
    let copyJob: Job?
    let restoreJob: Job?
  }

  /// A backup of the log, or of the whole database, that this instance made or restored last.
  struct Backup: Sendable {
    /// The same wherever it is restored.
    let id: String
    let path: String
    let lastLSN: SQLServerLSN
    /// All that was committed until then is in it; nil where the server that made it didn't say its time zone.
    let start: Date?
    /// When it was made or restored here, by the instance's clock, as text that sorts.
    let at: String
  }

  let database: SQLServerDatabase
  let serverName: String
  let isStandby: Bool
  let isSingleUser: Bool
  let forkPoint: SQLServerLSN?
  let now: Date
  let sending: Sending?
  let receiving: Receiving?
  /// Instances that the log is shipped to.
  let receivers: Set<String>
  let ownBackup: Backup?
  let restored: Backup?

  private var copy: DatabaseCopy { database.copy }
  var isRestoring: Bool { database.state == "RESTORING" || isStandby }

  /// The last that happened to it was a backup of its own log, which left it RESTORING: it was the primary, and has no
  /// change that isn't in that backup.
  var tail: Backup? {
    guard isRestoring, let own = ownBackup else { return nil }
    if let restored, restored.at >= own.at { return nil }
    return own
  }

  var role: CopyRole {
    if isRestoring { return tail == nil ? .replica : .draining }
    return database.isOnline && database.isUpdateable && !isSingleUser ? .primary : .draining
  }

  var isSending: Bool { sending?.job?.works == true && !receivers.isEmpty }
  var isReceiving: Bool {
    isRestoring && receiving?.copyJob?.works == true && receiving?.restoreJob?.works == true
  }

  static let noDirectory = "replication.no_directory"

  /// Where this instance's backups go, and where others reach them: as the job has it or, before there is one, the inventory.
  var places: (directory: String, share: String) {
    get throws {
      if let sending { return (sending.directory, sending.share) }
      guard let places = copy.server?.shipping else {
        throw ActionError(
          Self.noDirectory, "nothing says where backups of \(copy.subject) go",
          advice: "see 'log_shipping' of that copy in the inventory")
      }
      return (places.backupDirectory, places.backupShare)
    }
  }

  var words: String {
    "\(copy.subject) is \(database.state)\(isStandby ? ", in standby" : "")"
      + (tail.map { ", after its tail was taken into \($0.path)" } ?? "")
  }

  func copyState() -> CopyState {
    CopyState(
      role: role, asOf: asOf.map(Timestamp.text), isDrained: tail != nil,
      isWritable: role == .primary, isStreaming: isReceiving,
      isShipping: role == .primary ? isSending : nil,
      unreadable: isStandby ? nil : database.unreadable, details: facts)
  }

  private var asOf: Date? {
    if role == .primary { return now }
    return (tail ?? restored)?.start
  }

  // MARK: - Facts

  static let backupJobFact = "log_backup_job"
  static let copyJobFact = "log_copy_job"
  static let restoreJobFact = "log_restore_job"
  static let lastLSNFact = "log_last_lsn"
  static let forkFact = "log_fork_lsn"

  static let details: [ActionSchema.Note] = [
    .init(backupJobFact, "of each copy whose log is shipped: the job that backs the log up"),
    .init(copyJobFact, "of each copy whose log is shipped: the job that copies the primary's log"),
    .init(
      restoreJobFact, "of each copy whose log is shipped: the job that restores the primary's log"),
    .init(
      lastLSNFact,
      "of each copy whose log is shipped: the end of the last backup that it restored or, closed, made",
      motion: .moves),
    .init(forkFact, "of each copy whose log is shipped: the LSN at which it was last recovered"),
    .init(
      "log_last_backup", "of each copy whose log is shipped: the file of that backup",
      motion: .moves),
  ]

  private var facts: [String: Value] {
    let backup = tail ?? restored
    return [
      Self.backupJobFact: Self.told(sending?.job), Self.copyJobFact: Self.told(receiving?.copyJob),
      Self.restoreJobFact: Self.told(receiving?.restoreJob),
      Self.lastLSNFact: backup.map { .string($0.lastLSN.description) } ?? .null,
      Self.forkFact: forkPoint.map { .string($0.description) } ?? .null,
      "log_last_backup": backup.map { .string($0.path) } ?? .null,
      MirroringState.databaseStateFact: .string(database.state),
    ]
  }

  private static func told(_ job: Job?) -> Value {
    job.map {
      .mapping([
        "name": .string($0.name), "enabled": .boolean($0.isEnabled),
        "failed": .boolean($0.hasFailed),
      ])
    } ?? .null
  }

  static func look(at copy: DatabaseCopy, _ observer: any Observer) async throws -> ShippingState {
    try await observer.read(copy) { try ShippingState.read($0, of: copy) }
  }
}
