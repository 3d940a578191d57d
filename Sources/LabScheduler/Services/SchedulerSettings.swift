import ODBC

/// What the services of one scheduler know: who they are, and where their tables and logs are.
struct SchedulerSettings: Sendable {
  let site: String
  let name: String
  let guid: String
  let sharedLogDirectory: String
  /// How often the server refreshes its row.
  let heartbeatInterval: Interval
  let store: any SchedulerStore

  /// Of a host of the embedded lab.
  init(directory: HostDirectory) throws {
    let host = try directory.configuration()
    site = host.site
    name = host.name
    guid = try ServerConfig(file: directory.serverConfigFile).installedGuid
    sharedLogDirectory = host.sharedLogDirectory
    heartbeatInterval = try FailoverConfig(file: directory.failoverConfigFile).interval
    store = try SQLiteStore(path: host.databaseFile)
  }

  /// Of a real machine: from one file, `/etc/lab-scheduler/host.json`.
  init(configurationFile file: String) throws {
    let host = try JSON.read(MachineFile.self, file: file)
    let database = try DatabaseSettings.read(file)
    // A scheduler knows its own site's copy only. Two would be an invitation to write to the wrong one.
    guard database.copies.count == 1 else {
      throw LabError(
        .invalidFile, "\(file): 'copies' of 'database' must name the own site's copy and no other")
    }
    site = host.site
    name = host.name
    guid = try ServerConfig(file: host.guidFile).installedGuid
    sharedLogDirectory = host.sharedLogDirectory
    heartbeatInterval = host.heartbeatInterval ?? Interval(milliseconds: 1000)
    store = NetworkedStore(database.connection(to: database.copies[0]), kind: database.kind)
  }

  private struct MachineFile: Decodable {
    let site: String
    let name: String
    let guidFile: String
    let sharedLogDirectory: String
    /// Milliseconds.
    let heartbeatInterval: Interval?
  }
}
