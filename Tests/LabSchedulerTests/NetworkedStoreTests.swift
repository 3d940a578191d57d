import Foundation
import ODBC
import TestSupport
import Testing

@testable import LabScheduler

@Suite("A scheduler on a networked database", .serialized)
struct NetworkedStoreTests {
  private static func with(
    _ kind: DatabaseKind, _ body: (SchedulerServer, String) async throws -> Void
  ) async throws {
    try await SchedulerServer.with(kind) { server in
      try await TemporaryDirectory.with { try await body(server, $0) }
    }
  }

  @Test(arguments: DatabaseKind.allCases)
  func controlGoesFromOneServerToTheOther(kind: DatabaseKind) async throws {
    try await Self.with(kind) { server, directory in
      let production = try NetworkedScheduler(directory, on: server)
      let reserve = try NetworkedScheduler(directory, on: server)
      try production.start()
      try await eventually("production runs jobs") { try await server.runs() > 3 }
      #expect(try await server.guids() == [production.guid])
      try reserve.start()
      try await eventually("the other says why it does nothing") {
        reserve.log("server").contains("not in control: Failover holds \(production.guid)")
      }
      try await production.stop()
      #expect(production.log("server").hasSuffix("server: stopped\n"))
      let runs = try await server.runs()
      // The row of the stopped server keeps the other away, however old it gets.
      try await eventually("the row is stale") {
        let beat = try await server.strings("SELECT heartbeat_at FROM \(server.failover)")[0]
        return Clock.now.milliseconds(since: try #require(Timestamp(beat))) > 2000
      }
      #expect(try await server.guids() == [production.guid])
      #expect(try await server.runs() == runs)
      try await server.execute("TRUNCATE TABLE \(server.failover)")
      try await eventually("the other runs jobs") { try await server.runs() > runs + 2 }
      #expect(try await server.guids() == [reserve.guid])
      try await reserve.stop()
      try await expectSoundHistory(server, guids: [production.guid, reserve.guid])
    }
  }

  /// In each round several servers see an empty table at once.
  @Test(arguments: DatabaseKind.allCases)
  func controlIsNeverDoubled(kind: DatabaseKind) async throws {
    try await Self.with(kind) { server, directory in
      let schedulers = try (0..<4).map { _ in try NetworkedScheduler(directory, on: server) }
      for scheduler in schedulers { try scheduler.start(["server"]) }
      for _ in 0..<25 {
        try await server.execute("DELETE FROM \(server.failover)")
        try await eventually("somebody takes control") { try await !server.guids().isEmpty }
        #expect(try await server.guids().count == 1)
      }
      for scheduler in schedulers { try await scheduler.stop() }
    }
  }

  @Test(arguments: DatabaseKind.allCases)
  func aLostDatabaseIsWaitedForAndControlCheckedAgain(kind: DatabaseKind) async throws {
    try await Self.with(kind) { server, directory in
      let scheduler = try NetworkedScheduler(directory, on: server)
      try scheduler.start()
      try await eventually("it runs jobs") { try await server.runs() > 3 }
      try await server.server.kill()
      try await eventually("each service says so") {
        scheduler.services.keys.allSatisfy { scheduler.log($0).contains("failed, will try again") }
      }
      try await server.server.start()
      let runs = try await server.runs()
      try await eventually("it goes on") { try await server.runs() > runs + 3 }

      try await server.server.stop()
      try await server.server.start()
      try await server.execute(
        "INSERT INTO \(server.failover) VALUES ('foreign', 'elsewhere', '\(Clock.now)', '\(Clock.now)')"
      )
      try await eventually("it sees the other GUID") {
        scheduler.log("server").contains("Failover holds foreign")
      }
      let last = try await server.runs()
      try await eventually("jobs are long overdue") {
        let due = try await server.strings("SELECT min(next_run_at) FROM jobs")[0]
        return Clock.now.milliseconds(since: try #require(Timestamp(due))) > 1500
      }
      #expect(try await server.runs() == last)
      for service in scheduler.services.values { #expect(service.isRunning) }
      try await scheduler.stop()
      try await expectSoundHistory(server, guids: [scheduler.guid])
    }
  }

  @Test(arguments: DatabaseKind.allCases)
  func aCopyThatTakesNoWritesIsLeftAlone(kind: DatabaseKind) async throws {
    try await Self.with(kind) { server, directory in
      let isReadOnly = { (on: Bool) in
        if kind == .mariadb {
          try await server.execute("SET GLOBAL read_only = \(on ? 1 : 0)")
        } else {
          try await server.execute("ALTER ROLE scheduler SET default_transaction_read_only = \(on)")
        }
      }
      try await isReadOnly(true)
      let scheduler = try NetworkedScheduler(directory, on: server)
      try scheduler.start()
      try await eventually("it says why") {
        scheduler.log("server").contains("not in control: the database is read-only")
      }
      #expect(try await server.guids().isEmpty)
      #expect(try await server.runs() == 0)
      try await scheduler.stop()
      try await isReadOnly(false)
      try scheduler.start()
      try await eventually("it runs jobs") { try await server.runs() > 0 }
      try await scheduler.stop()
    }
  }

  @Test(arguments: DatabaseKind.allCases)
  func aDatabaseThatRefusesEndsTheService(kind: DatabaseKind) async throws {
    try await SchedulerServer.with(kind, tables: false) { server in
      try await TemporaryDirectory.with { directory in
        let file = try server.writeConfiguration(in: directory, copies: [server.server])
        for service in ["server", "executor", "scheduler"] {
          let missing = try await Program.run([service, "--config", file])
          #expect(missing.status == 5, "\(service): \(missing.errors)")
          #expect(missing.errors.contains("[refused]"))
        }
        try server.writeConfiguration(in: directory, copies: [server.server], password: "wrong")
        let denied = try await Program.run(["server", "--config", file])
        #expect(denied.status == 5 && denied.errors.contains("doesn't let scheduler in"))
        #expect(!denied.errors.contains("wrong"))
        try server.writeConfiguration(in: directory, copies: [server.server, server.server])
        let two = try await Program.run(["server", "--config", file])
        #expect(two.status == 1 && two.errors.contains("own site's copy"), "\(two.errors)")
      }
    }
    try await Self.with(kind) { server, directory in
      let file = try server.writeConfiguration(in: directory, copies: [server.server])
      let again = try await Program.run(["schema", "--config", file])
      #expect(again.status == 1 && again.errors.contains("exists"), "\(again.errors)")
      #expect(try await server.strings("SELECT count(*) FROM jobs") == ["4"])
    }
  }

  /// Every run has one row and one log, and none was run by two.
  private func expectSoundHistory(_ server: SchedulerServer, guids: [String]) async throws {
    let logs = try await server.strings("SELECT log_path FROM job_history")
    #expect(Set(logs).count == logs.count)
    #expect(logs.allSatisfy { File.exists($0) })
    let statuses = try await server.strings("SELECT DISTINCT exit_status FROM job_history")
    #expect(Set(statuses).isSubset(of: ["0", "1"]))
    let found = try await server.strings("SELECT DISTINCT guid FROM job_history")
    #expect(Set(found) == Set(guids))
    let overlapping = try await server.strings(
      """
      SELECT count(*) FROM job_history a JOIN job_history b ON a.job_id = b.job_id AND a.id < b.id
      WHERE b.started_at < a.finished_at
      """)
    #expect(overlapping == ["0"])
  }
}
