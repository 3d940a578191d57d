import Foundation

enum SiteName: String, CaseIterable, Codable, Sendable, CustomStringConvertible {
  case production
  case dr

  var description: String { rawValue }
  var partner: SiteName { self == .production ? .dr : .production }
}

/// Where everything of a lab is.
struct LabLayout: Sendable {
  let root: String

  init(_ directory: String) {
    root = HostDirectory(directory).path
  }

  var settingsFile: String { "\(root)/lab.json" }
  var lockFile: String { "\(root)/lab.lock" }
  var sitesFile: String { "\(root)/sites.yaml" }
  var sharedDirectory: String { "\(root)/shared" }
  var sharedLogDirectory: String { "\(sharedDirectory)/logs" }

  func site(_ name: SiteName) -> SiteLayout {
    SiteLayout(name: name, directory: "\(root)/\(name)")
  }

  var sites: [SiteLayout] { SiteName.allCases.map(site) }

  /// The settings of an existing lab.
  func settings() throws -> LabSettings {
    guard File.exists(settingsFile) else {
      throw LabError(
        .notALab, "\(root): is no lab; `lab-scheduler lab up \(root)` makes one")
    }
    return try JSON.read(LabSettings.self, file: settingsFile)
  }

  /// Whether there is nothing in the directory but what a lab has before it is marked as one.
  func holdsNoMoreThanABeginning() throws -> Bool {
    try File.names(in: root).allSatisfy {
      "\(root)/\($0)" == lockFile || $0.contains(File.temporaryMark)
    }
  }

  /// Keeps two commands from building up or taking down the same lab at once.
  func lock() throws -> FileLock {
    guard let lock = try FileLock(path: lockFile) else {
      throw LabError(.refused, "\(root): another command is changing this lab; try again")
    }
    return lock
  }
}

struct SiteLayout: Sendable {
  let name: SiteName
  let directory: String

  var databaseDirectory: String { "\(directory)/database" }
  var databaseFile: String { "\(databaseDirectory)/scheduler.sqlite" }
  var outboxDirectory: String { "\(databaseDirectory)/outbox" }
  var replicationFile: String { "\(databaseDirectory)/replication.json" }

  func host(_ name: String) -> HostDirectory { HostDirectory("\(directory)/\(name)") }

  static let drillHost = "drill"

  /// The names of the site's schedulers, the first one first.
  func schedulerNames(_ settings: LabSettings) -> [String] {
    settings.isPair && name == .production ? ["scheduler", "secondary"] : ["scheduler"]
  }

  /// The names of the site's hosts, the first scheduler first.
  func hostNames(_ settings: LabSettings) -> [String] {
    schedulerNames(settings) + (name == .dr ? [Self.drillHost] : [])
  }

  func hosts(_ settings: LabSettings) -> [HostDirectory] { hostNames(settings).map(host) }

  /// Copies of former primaries' databases that were put aside.
  func divergedDatabases() throws -> [String] {
    try File.names(in: databaseDirectory).filter {
      $0.hasPrefix("diverged-") && $0.hasSuffix(".sqlite")
    }
  }
}
