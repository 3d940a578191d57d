import Foundation
import GRDB
import TestSupport
import Testing

extension TestLab {
  /// Writes a runbook beside the lab, and gives its path. One file a lab: writing again replaces it.
  func runbook(_ text: String) throws -> String {
    let path = home + ".yaml"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  func stopServices(at site: String) async throws {
    for service in ["scheduler", "executor", "server"] {
      try await stopService(service, at: site)
    }
  }

  func stopService(_ service: String, at site: String) async throws {
    let stopped = try await run(
      Programs.labScheduler, ["service", "stop", "\(lab)/\(site)/scheduler", service])
    try #require(stopped.code == 0, "\(stopped)")
  }

  /// Waits until DR's copy of the table holds production's GUID.
  func waitForShippedGUID() async throws {
    try await eventually("production's GUID is in DR's Failover table") {
      try await query("dr", "SELECT count(*) FROM Failover") > 0
    }
  }

  func query(_ site: String, _ sql: String) async throws -> Int {
    try SiteDatabase.read(databasePath(site)) { try Int.fetchOne($0, sql: sql) ?? 0 }
  }

  /// Makes a site's database a primary by hand, as somebody who doesn't use Lifeboat might.
  func promote(_ site: String) async throws {
    try await change(
      site,
      "UPDATE replication_state SET role = 'primary', epoch = epoch + 1, source_site = '\(site)'")
  }

  func insertForeignGUID(at site: String) async throws {
    try await change(
      site,
      """
      INSERT INTO Failover VALUES ('00000000-0000-4000-8000-000000000000', 'elsewhere',
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')
      """)
  }

  private func change(_ site: String, _ sql: String) async throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    try await DatabaseQueue(path: databasePath(site), configuration: configuration)
      .write { try $0.execute(sql: sql) }
  }
}
