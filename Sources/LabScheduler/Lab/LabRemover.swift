import Foundation

/// Removes what the lab made, known by place and name. A file that somebody else put there stays,
/// with the directories above it.
struct LabRemover {
  let layout: LabLayout
  let settings: LabSettings

  /// Returns what was left in place because the lab does not know it.
  func remove() throws -> [String] {
    // The second: what a runner leaves in a share that it has proved.
    var left = try removeFiles(in: layout.sharedLogDirectory) {
      ($0.hasPrefix("job-") && $0.hasSuffix(".log")) || $0.hasPrefix(".lifeboat-")
    }
    left += try removeDirectory(layout.sharedDirectory)
    for site in layout.sites { left += try removeSite(site) }
    try File.remove(layout.sitesFile)
    try File.removeUnfinished(in: layout.root)
    // The marker goes last: what is cut off before can be done again.
    for file in [layout.lockFile, layout.settingsFile] { try File.remove(file) }
    if settings.madeDirectory { left += try removeDirectory(layout.root) }
    return left
  }

  private func removeSite(_ site: SiteLayout) throws -> [String] {
    var left: [String] = []
    for host in site.hosts(settings) { left += try removeHost(host) }
    left += try removeFiles(in: site.outboxDirectory) {
      $0 == "head.json" || $0.hasSuffix(Outbox.snapshotSuffix)
    }
    left += try removeFiles(in: site.databaseDirectory) {
      ["scheduler.sqlite", "scheduler.sqlite-journal", "replication.json", "replicator.lock"]
        .contains($0) || $0.hasPrefix("diverged-")
    }
    return left + (try removeDirectory(site.directory))
  }

  private func removeHost(_ host: HostDirectory) throws -> [String] {
    let services = ServiceName.allCases.map(\.rawValue)
    var left = try removeFiles(in: "\(host.drillDirectory)/logs") {
      $0.hasPrefix("job-") && $0.hasSuffix(".log")
    }
    left += try removeFiles(in: host.drillDirectory) {
      $0.hasPrefix("scheduler.sqlite") || $0 == "lifeboat-drill"
    }
    left += try removeFiles(in: host.logDirectory) { name in
      services.contains { name == "\($0).log" }
    }
    left += try removeFiles(in: host.serviceDirectory) { name in
      services.contains { [".json", ".pid", ".lock"].map($0.appending).contains(name) }
    }
    left += try removeFiles(in: host.path) {
      [
        "host.json", "host.log", "host.lock", "host.pid", "host.sock", "Server.config",
        "Failover.config",
      ].contains($0)
    }
    return left
  }

  private func removeFiles(
    in directory: String, where isOurs: (String) -> Bool
  ) throws -> [String] {
    for name in try File.names(in: directory)
    where isOurs(name) || name.contains(File.temporaryMark) {
      try File.remove("\(directory)/\(name)")
    }
    return try removeDirectory(directory)
  }

  /// Removes a directory if it is empty, else names what is in it.
  private func removeDirectory(_ directory: String) throws -> [String] {
    let rest = try File.names(in: directory).map { "\(directory)/\($0)" }
    if rest.isEmpty { try File.remove(directory) }
    return rest.filter { !isDirectory($0) }
  }

  private func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}
