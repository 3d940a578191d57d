import Foundation
import GRDB
import Runbook
import Testing

@testable import Actuators

/// Two copies of a small replicated database on this machine, without a replicator: what the test doesn't change stays.
struct TestDatabase: InventoriedDatabase {
  let directory: String
  let inventory: Inventory

  init(in directory: String) throws {
    self.directory = directory
    let sites = ["production", "dr"].map { site in
      Site(
        name: site,
        hosts: [
          Host(
            site: site, name: "scheduler", connection: .local,
            guid: .value("{\(site.uppercased())}"))
        ])
    }
    var placements: [String: Runbook.Database.Placement] = [:]
    for site in ["production", "dr"] {
      placements[site] = .init(host: "scheduler", file: "\(directory)/\(site).sqlite")
    }
    inventory = Inventory(
      sites: sites,
      databases: [
        Runbook.Database(
          name: "scheduler", kind: .sqlite, replication: .init(kind: .logShipping),
          primary: "production",
          placements: placements)
      ])
    try create("production", role: "primary")
    try create("dr", role: "replica")
  }

  /// The same copy, served by another host.
  func copy(_ site: String, servedBy host: Host) throws -> DatabaseCopy {
    let copy = try copy(site)
    return DatabaseCopy(
      database: copy.database, site: site, host: host, placement: copy.placement)
  }

  func file(_ site: String) -> String { "\(directory)/\(site).sqlite" }

  func queue(_ site: String) throws -> DatabaseQueue { try DatabaseQueue(path: file(site)) }

  func execute(_ site: String, _ sql: String) throws {
    try queue(site).writeWithoutTransaction { try $0.execute(sql: sql) }
  }

  func strings(_ site: String, _ sql: String) throws -> [String] {
    try queue(site).read { try String.fetchAll($0, sql: sql) }
  }

  func state(_ site: String, _ assignments: String) throws {
    try execute(site, "UPDATE replication_state SET \(assignments)")
  }

  private func create(_ site: String, role: String) throws {
    try execute(
      site,
      """
      CREATE TABLE replication_state (
        id INTEGER PRIMARY KEY CHECK (id = 1), role TEXT, epoch INTEGER, position INTEGER,
        as_of TEXT, drained_position INTEGER);
      CREATE TABLE Failover (guid TEXT PRIMARY KEY, host TEXT, acquired_at TEXT, weight REAL, note BLOB);
      CREATE TABLE jobs (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
      INSERT INTO replication_state VALUES (1, '\(role)', 1, 10, '2026-01-02T03:04:05.678Z', NULL);
      INSERT INTO Failover VALUES ('PRODUCTION', 'p1', '2026-01-01T00:00:00Z', 1.5, x'00ff');
      INSERT INTO jobs VALUES (1, 'nightly');
      """)
  }
}
