import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import LabScheduler

@Suite("What a killed writer leaves half written", .serialized)
struct RecoveryTests {
  @Test func theHostFinishesItSoThatReadersNeedNotWrite() async throws {
    try await TestLab.with { lab in
      try await eventually("runs in the copy") { try lab.count(.dr, "job_history") > 0 }
      let pid = try #require(try await lab.services(.dr)[.replicator]?.pid)
      let replicator = try #require(ProcessIdentity(pid: pid))
      let file = lab.layout.site(.dr).databaseFile
      // Under an exclusive lock, so that the replicator is in no transaction of its own.
      try await lab.database(.dr).writeWithoutTransaction { db in
        try db.inTransaction(.exclusive) {
          try replicator.send(SIGSTOP)
          return .commit
        }
      }
      let rows = try lab.rows(.dr)
      try leaveHotJournal(at: file)
      #expect(throws: DatabaseError.self) { try readOnlyCount(file) }
      try await lab.service("kill", .dr, ["replicator"])
      #expect(try readOnlyCount(file) == rows.count)
      #expect(try lab.rows(.dr) == rows)
    }
  }

  /// Puts a database and its journal in place as they are in the midst of a transaction.
  private func leaveHotJournal(at file: String) throws {
    let copy = "\(file)-copy"
    let files = FileManager.default
    try files.copyItem(atPath: file, toPath: copy)
    let writer = try DatabaseQueue(path: copy)
    try writer.inDatabase { db in
      try db.execute(sql: "PRAGMA cache_size = 1")
      try db.inTransaction {
        try db.execute(sql: "CREATE TABLE filler (content)")
        for _ in 1...200 { try db.execute(sql: "INSERT INTO filler VALUES (randomblob(4000))") }
        for suffix in ["", "-journal"] {
          try Data(contentsOf: URL(fileURLWithPath: copy + suffix))
            .write(to: URL(fileURLWithPath: file + suffix))
        }
        return .rollback
      }
    }
    try writer.close()
    try files.removeItem(atPath: copy)
  }

  private func readOnlyCount(_ file: String) throws -> Int? {
    try SchedulerDatabase(path: file, readOnly: true).read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM job_history")
    }
  }
}
