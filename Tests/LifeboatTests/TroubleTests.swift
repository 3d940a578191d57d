import Foundation
import GRDB
import Testing

@Suite("Trouble on the runner's own machine")
struct TroubleTests {
  @Test("a full disk: said, nothing lost, resumed when there is room")
  func fullDisk() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.strikeProduction()
      try await withMount(["-t", "tmpfs", "-o", "size=1m", "tmpfs"], at: lab.home) {
        // Prechecks pass, and then the journal finds no room for an intent.
        let waiting = try await lab.lifeboat(
          ["execute", Programs.runbook("scheduler-failover"), "--no-input"])
        #expect(waiting.code == 4, "\(waiting)")
        try fillUp(lab.home)
        let full = try await lab.lifeboat(["resume"] + TestLab.attestation)
        #expect(full.code == 9, "\(full)")
        #expect(full.error.contains("journal.disk_full"), "\(full)")
        #expect(
          try await lab.status().site("dr").database.role == "replica", "acted without an intent")

        try FileManager.default.removeItem(atPath: lab.home + "/filler")
        let resumed = try await lab.lifeboat(["resume"] + TestLab.attestation)
        #expect(resumed.code == 0, "\(resumed)")
        try await lab.expectInControl("dr")
        #expect(try await lab.lifeboat(["audit", "verify"]).code == 0)
      }
    }
  }

  @Test("a read-only state directory: said, and nothing is done")
  func readOnlyState() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let runbook = Programs.runbook("scheduler-failover")
      #expect(try await lab.lifeboat(["rehearse", runbook]).code == 0)
      try await lab.strikeProduction()
      // What it has still to apply would change the database beside us.
      try await lab.stopService("replicator", at: "dr")
      try await withMount(["--bind", lab.home], at: lab.home) {
        let remounted = try await run("mount", ["-o", "remount,ro,bind", lab.home])
        try #require(remounted.code == 0, "\(remounted)")
        let before = try LabState(lab)
        let refused = try await lab.failover()
        #expect(refused.code == 9, "\(refused)")
        #expect(refused.error.contains("journal.read_only"), "\(refused)")
        #expect(try LabState(lab).differences(from: before).isEmpty)
      }
    }
  }

  @Test("a corrupted journal: said, and nothing is done", arguments: ["garbage", "row"])
  func corruptedJournal(kind: String) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      #expect(
        try await lab.lifeboat(["rehearse", Programs.runbook("scheduler-failover")]).code == 0)
      try await lab.strikeProduction()
      let journal = lab.home + "/journal.sqlite"
      if kind == "garbage" {
        try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: journal))
        for suffix in ["-wal", "-shm"]
        where FileManager.default.fileExists(atPath: journal + suffix) {
          try FileManager.default.removeItem(atPath: journal + suffix)
        }
        let refused = try await lab.failover()
        #expect(refused.code == 9, "\(refused)")
        #expect(refused.error.contains("journal.damaged"), "\(refused)")
        #expect(try await lab.status().site("dr").database.role == "replica")
      } else {
        try await DatabaseQueue(path: journal).write {
          try $0.execute(
            sql:
              "UPDATE entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'rehearsal', 'execution') AS BLOB) WHERE kind = 'run.started'"
          )
        }
      }
      let verified = try await lab.lifeboat(["audit", "verify"])
      #expect(verified.code == 9, "\(verified)")
    }
  }

  @Test("the DR database vanishes during a run: said, resumed when it is back")
  func vanishedDatabase() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      try await lab.strikeProduction()
      let killed = try await lab.failover(crashAt: "truncate-failover:step.started")
      #expect(killed.code == 137)
      let database = lab.databasePath("dr")
      try FileManager.default.moveItem(atPath: database, toPath: database + ".away")
      let failed = try await lab.lifeboat(["resume"])
      #expect([1, 3].contains(failed.code), "\(failed)")
      #expect(
        !FileManager.default.fileExists(atPath: database), "looking must not create a database")
      try FileManager.default.moveItem(atPath: database + ".away", toPath: database)
      let resumed = try await lab.lifeboat(["resume"])
      #expect(resumed.code == 0, "\(resumed)")
      try await lab.expectInControl("dr")
    }
  }

  private func fillUp(_ directory: String) throws {
    let handle = open(directory + "/filler", O_WRONLY | O_CREAT, 0o600)
    defer { close(handle) }
    let chunk = [UInt8](repeating: 0, count: 512)
    while write(handle, chunk, chunk.count) > 0 {}
  }

  /// Mounts something for as long as `body` runs. Needs root.
  private func withMount(
    _ arguments: [String], at directory: String, _ body: () async throws -> Void
  ) async throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let mounted = try await run("mount", arguments + [directory])
    try #require(mounted.code == 0, "this test needs root: \(mounted)")
    var failure: (any Error)?
    do { try await body() } catch { failure = error }
    let unmounted = try await run("umount", [directory])
    #expect(unmounted.code == 0, "\(unmounted)")
    if let failure { throw failure }
  }
}
