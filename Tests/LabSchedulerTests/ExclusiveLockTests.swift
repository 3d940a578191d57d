import Foundation
import GRDB
import Testing

@testable import LabScheduler

@Suite("The lock under which a snapshot is applied")
struct ExclusiveLockTests {
  @Test func itKeepsEverybodyOutBetweenTheCheckAndTheCopy() async throws {
    try await TemporaryDirectory.with { directory in
      let path = "\(directory)/scheduler.sqlite"
      try LabDatabase.createPrimary(
        at: path, site: "here", jobInterval: Interval(milliseconds: 1000))
      let applying = try SchedulerDatabase(path: path)
      let client = try SchedulerDatabase(path: path, busyTimeout: 0)
      let source = try DatabaseQueue()
      try write(in: client)
      try applying.queue.inDatabase { live in
        try live.holdingExclusiveLock {
          #expect(try ReplicationState.read(live).role == .primary)
          // No transaction is open here, and yet nobody gets in.
          let error = #expect(throws: DatabaseError.self) { try write(in: client) }
          #expect(error?.resultCode == .SQLITE_BUSY)
          try source.read { try $0.backup(to: live) }
          #expect(throws: DatabaseError.self) { try write(in: client) }
        }
      }
      let tables = try client.read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master")
      }
      #expect(tables == 0)
    }
  }

  @Test func itIsGivenBackAfterAFailure() async throws {
    try await TemporaryDirectory.with { directory in
      let path = "\(directory)/scheduler.sqlite"
      try LabDatabase.createPrimary(
        at: path, site: "here", jobInterval: Interval(milliseconds: 1000))
      let applying = try SchedulerDatabase(path: path)
      let client = try SchedulerDatabase(path: path, busyTimeout: 0)
      struct Failure: Error {}
      #expect(throws: Failure.self) {
        try applying.queue.inDatabase { live in
          try live.holdingExclusiveLock { throw Failure() }
        }
      }
      try write(in: client)
    }
  }

  private func write(in database: SchedulerDatabase) throws {
    try database.write { try $0.execute(sql: "UPDATE jobs SET interval_ms = interval_ms + 1") }
  }
}
