import Foundation
import GRDB

/// A lab as it is now, found by looking only.
struct LabStatus: Codable, Equatable {
  let directory: String
  /// How many servers are in control of their database. More than one: two sites run jobs.
  let schedulersInControl: Int
  let sites: [Site]

  struct Site: Codable, Equatable {
    let name: SiteName
    let hosts: [Host]
    let database: DatabaseStatus
  }

  struct Host: Codable, Equatable {
    enum State: String, Codable {
      case up
      case down
      case hung
    }

    let name: String
    let state: State
    let guid: String
    let isInControl: Bool
    let services: [ServiceStatus]
  }

  struct DatabaseStatus: Codable, Equatable {
    let file: String
    /// Why nothing more is known; nil when it is.
    var problem: String?
    var role: Role?
    var epoch: Int64?
    var position: Int64?
    var asOf: Timestamp?
    /// Behind the primary by at most this; nil on a primary.
    var lagMilliseconds: Int64?
    var failoverGuids: [String] = []
    var lastRuns: [JobRunStatus] = []
    let diverged: [String]
  }

  struct JobRunStatus: Codable, Equatable, FetchableRecord {
    let job: String
    let finishedAt: Timestamp
    let guid: String
    let host: String
    let site: String
    let exitStatus: Int

    init(row: Row) {
      job = row["name"]
      finishedAt = row["finished_at"]
      guid = row["guid"]
      host = row["host"]
      site = row["site"]
      exitStatus = row["exit_status"]
    }
  }

  init(of layout: LabLayout) throws {
    let settings = try layout.settings()
    directory = layout.root
    sites = try layout.sites.map { try Site(layout: $0, settings: settings) }
    schedulersInControl = sites.flatMap(\.hosts).count(where: \.isInControl)
  }
}

extension LabStatus.Site {
  init(layout: SiteLayout, settings: LabSettings) throws {
    name = layout.name
    let database = try LabStatus.DatabaseStatus(layout: layout)
    self.database = database
    hosts = try layout.schedulerNames(settings).map {
      try LabStatus.Host(name: $0, directory: layout.host($0), database: database)
    }
  }
}

extension LabStatus.Host {
  init(name: String, directory: HostDirectory, database: LabStatus.DatabaseStatus) throws {
    self.name = name
    guid = try ServerConfig(file: directory.serverConfigFile).installedGuid
    do {
      services = try HostClient(directory, timeout: 500).request(.show(names: [])).services
      state = .up
    } catch let error as LabError where error.kind == .unreachable {
      services = []
      let process = try directory.recordedProcess()
      state = process.map { $0.condition == .gone } ?? true ? .down : .hung
    }
    let runsServer = services.contains { $0.name == .server && $0.state == .running }
    isInControl = runsServer && database.role == .primary && database.failoverGuids == [guid]
  }
}

extension LabStatus.DatabaseStatus {
  init(layout: SiteLayout) throws {
    file = layout.databaseFile
    diverged = try layout.divergedDatabases()
    do {
      let database = try SchedulerDatabase(path: file, readOnly: true, busyTimeout: 2)
      try database.read { try fill($0) }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
      // SQLite wants to roll back first, and a look must not.
      problem = "a write was cut off here; the site's next start finishes that"
    } catch let error as DatabaseError {
      problem = "cannot be read: \(error.message ?? "\(error.resultCode)")"
    } catch let error as LabError {
      problem = error.message
    }
  }

  private mutating func fill(_ db: Database) throws {
    let state = try ReplicationState.read(db)
    role = state.role
    epoch = state.at.epoch
    position = state.at.position
    asOf = state.asOf
    if state.role == .replica {
      lagMilliseconds = max(0, Clock.now.milliseconds(since: state.asOf))
    }
    failoverGuids = try String.fetchAll(db, sql: "SELECT guid FROM Failover ORDER BY guid")
    lastRuns = try LabStatus.JobRunStatus.fetchAll(
      db,
      sql: """
        SELECT name, finished_at, guid, host, site, exit_status
        FROM job_history JOIN jobs ON jobs.id = job_id ORDER BY job_history.id DESC LIMIT 5
        """)
  }
}
