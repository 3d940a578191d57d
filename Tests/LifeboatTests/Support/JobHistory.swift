import Foundation
import GRDB
import TestSupport
import Testing

/// What the schedulers did, as their databases tell: which GUID ran what, and when.
struct JobHistory {
  struct Run: Hashable {
    let guid: String
    let site: String
    let startedAt: String
    let finishedAt: String
  }

  /// In the order of their starts; each run once, though both sites' databases may hold it.
  let runs: [Run]

  init(_ lab: TestLab) throws {
    var runs: Set<Run> = []
    let manager = FileManager.default
    for site in ["production", "dr"] {
      let folder = "\(lab.lab)/\(site)/database"
      let kept = try manager.contentsOfDirectory(atPath: folder)
        .filter { $0.hasPrefix("diverged") && $0.hasSuffix(".sqlite") }
      for file in ["scheduler.sqlite"] + kept {
        runs.formUnion(try Self.read("\(folder)/\(file)"))
      }
    }
    self.runs = runs.sorted { ($0.startedAt, $0.finishedAt) < ($1.startedAt, $1.finishedAt) }
  }

  private static func read(_ path: String) throws -> [Run] {
    try SiteDatabase.read(path) {
      try Row.fetchAll($0, sql: "SELECT guid, site, started_at, finished_at FROM job_history")
    }.map {
      Run(
        guid: $0["guid"], site: $0["site"], startedAt: $0["started_at"],
        finishedAt: $0["finished_at"])
    }
  }

  /// The sites in the order in which their schedulers ran jobs, each turn once.
  var turns: [String] {
    runs.reduce(into: []) { turns, run in if turns.last != run.site { turns.append(run.site) } }
  }

  /// Two GUIDs whose jobs ran at the same time; nil when there never were.
  var overlap: (Run, Run)? {
    for (index, run) in runs.enumerated() {
      for later in runs[(index + 1)...] where later.guid != run.guid {
        if later.startedAt < run.finishedAt { return (run, later) }
      }
    }
    return nil
  }
}

extension TestLab {
  /// No two GUIDs ever ran jobs at once, and control went from site to site in just this order.
  func expectTurns(_ sites: [String]) throws {
    let history = try JobHistory(self)
    #expect(history.overlap == nil, "two schedulers ran jobs at once")
    #expect(history.turns == sites)
  }

  /// Waits until a site's scheduler has run jobs of its own.
  func waitForJobs(at site: String, beyond count: Int = 0) async throws {
    try await eventually("jobs run at \(site)") {
      try JobHistory(self).runs.filter { $0.site == site }.count > count
    }
  }

  /// The state that a failover is for: DR in control of its own, writable database; production not.
  func expectInControl(_ site: String) async throws {
    let status = try await status()
    #expect(status.schedulersInControl == 1)
    for each in status.sites {
      #expect(each.hosts.contains { $0.isInControl } == (each.name == site), "\(each.name)")
    }
    #expect(try status.site(site).database.role == "primary")
  }

  /// As much as the tests need of what `lab status --json` says.
  struct Status: Decodable {
    struct Service: Decodable {
      let name: String
      let state: String
      let startType: String
    }

    struct Host: Decodable {
      let name: String
      let state: String
      let isInControl: Bool
      let guid: String
      let services: [Service]
    }

    struct Database: Decodable {
      let role: String?
      let epoch: Int?
      let position: Int?
      let diverged: [String]
    }

    struct Site: Decodable {
      let name: String
      let hosts: [Host]
      let database: Database
    }

    let schedulersInControl: Int
    let sites: [Site]

    func site(_ name: String) throws -> Site { try #require(sites.first { $0.name == name }) }
  }

  func status() async throws -> Status {
    let ran = try await lab("status", ["--json"])
    try #require(ran.code == 0, "\(ran)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Status.self, from: Data(ran.output.utf8))
  }
}
