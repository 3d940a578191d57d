import Foundation
import GRDB
import TestSupport
import Testing

extension TestLab {
  static let drillRunbook = Programs.runbook("scheduler-drill")

  var drillHost: String { "\(lab)/dr/drill" }
  var drillDirectory: String { "\(drillHost)/drill" }
  var drillCopy: String { "\(drillDirectory)/scheduler.sqlite" }

  func drill(crashAt: String? = nil, _ more: [String] = []) async throws -> Ran {
    try await lifeboat(["execute", Self.drillRunbook, "--no-input"] + more, crashAt: crashAt)
  }

  /// The shipped drill with another text in place of one that it has.
  func changedDrill(_ text: String, _ replacement: String) throws -> String {
    let shipped = try String(contentsOfFile: Self.drillRunbook, encoding: .utf8)
    try #require(shipped.contains(text))
    return try runbook(shipped.replacing(text, with: replacement))
  }

  /// A lab in which DR's copy has production's row, and production runs jobs.
  static func forDrills(_ body: (TestLab) async throws -> Void) async throws {
    try await with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.waitForShippedGUID()
      try await body(lab)
    }
  }

  func guid(of host: String) throws -> String {
    let text = try String(contentsOfFile: "\(lab)/\(host)/Server.config", encoding: .utf8)
    let match = try #require(text.firstMatch(of: /<InstalledGUID>(.+)<\/InstalledGUID>/))
    return String(match.1)
  }

  /// No file, no service and no process of a drill is left, and it has left no trace in what is real.
  func expectNoDrillLeft() async throws {
    #expect(!FileManager.default.fileExists(atPath: drillDirectory))
    let show = try await run(Programs.labScheduler, ["service", "show", drillHost])
    #expect(!show.output.contains("running") && !show.output.contains("starting"), "\(show)")
    let left = try LabState.processes(of: drillHost).values.filter { !$0.contains("host\0") }
    #expect(left.isEmpty, "\(left)")
    let own = try guid(of: "dr/drill")
    for site in ["production", "dr"] {
      #expect(try await query(site, "SELECT count(*) FROM Failover WHERE guid = '\(own)'") == 0)
      #expect(try await query(site, "SELECT count(*) FROM job_history WHERE guid = '\(own)'") == 0)
    }
    let logs = try FileManager.default.contentsOfDirectory(atPath: "\(lab)/shared/logs")
    #expect(!logs.contains { $0.contains(own.prefix(8)) })
  }

  /// Production is in control, DR follows it and is stopped, and jobs go on.
  func expectProductionUntouched() async throws {
    try await expectInControl("production")
    let dr = try await status().site("dr")
    #expect(dr.database.role == "replica")
    #expect(
      dr.hosts.allSatisfy {
        $0.services.allSatisfy { $0.name == "replicator" || $0.state == "stopped" }
      })
    let jobs = try JobHistory(self).runs.count
    try await waitForJobs(at: "production", beyond: jobs)
    try expectTurns(["production"])
    #expect(try await lifeboat(["permit", "--site", "production"]).code == 0)
    #expect(try await lifeboat(["permit", "--site", "dr"]).code == 10)
  }

  /// Boots the drill's host anew, so that what runs there reaches everything.
  func loseIsolation() async throws {
    let file = "\(drillHost)/host.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try #require(text.contains("\"is_isolated\" : true"))
    try text.replacing("\"is_isolated\" : true", with: "\"is_isolated\" : false")
      .write(toFile: file, atomically: true, encoding: .utf8)
    try cutPowerOfDrillHost()
    let up = try await lab("up")
    try #require(up.code == 0, "\(up)")
  }

  private func cutPowerOfDrillHost() throws {
    struct Recorded: Decodable { let pid: Int32 }
    let data = try #require(FileManager.default.contents(atPath: "\(drillHost)/host.pid"))
    kill(try JSONDecoder().decode(Recorded.self, from: data).pid, SIGKILL)
  }
}
