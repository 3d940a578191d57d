import Foundation
import TestSupport
import Testing

@testable import ODBC

@Suite("Waiting for SQL Server ends (a double)", .serialized)
struct SQLServerPatienceTests {
  @Test func theDriverEndsALongStatement() async throws {
    try await SQLServerWorld.with { world in
      let connection = try await world.open(statement: .seconds(1))
      let error = try await failure {
        try await connection.execute("WAITFOR DELAY '00:00:50'")
      }
      #expect(error.kind == .timedOut && error.state == "HYT00" && error.isInDoubt, "\(error)")
      #expect(try await connection.query("SELECT 1 AS one")[0]["one"] == .integer(1))
      let reader = try await world.open(.readOnly, statement: .seconds(1))
      let read = try await failure { try await reader.query("WAITFOR DELAY '00:00:50'") }
      #expect(read.kind == .timedOut && !read.isInDoubt, "\(read)")
    }
  }

  @Test func cancellationEndsTheStatementOnTheServer() async throws {
    try await SQLServerWorld.with { world in
      let observer = try await world.open()
      let connection = try await world.open()
      let running =
        "SELECT session_id FROM sys.dm_exec_requests WHERE command = 'WAITFOR'"
      let task = Task { try await connection.execute("WAITFOR DELAY '00:00:50'") }
      try await eventually("the statement runs") { try await observer.query(running).count == 1 }
      task.cancel()
      let error = try await failure { try await task.value }
      #expect(error.kind == .cancelled, "\(error)")
      try await eventually("the server has ended it") {
        try await observer.query(running).isEmpty
      }
    }
  }

  @Test func aHangingServerKeepsNobodyWaiting() async throws {
    try await SQLServerWorld.with { world in
      let writer = try await world.open(statement: .seconds(1))
      let idle = try await world.open(statement: .seconds(1))
      try await writer.execute("CREATE TABLE t (i int)")
      try await world.double.suspend()
      let connecting = try await failure("connect") {
        var settings = world.settings()
        settings.connectTimeout = .seconds(1)
        return try await ODBCConnection.open(settings)
      }
      #expect(connecting.kind == .timedOut, "\(connecting)")
      let writing = try await failure("write") {
        try await writer.execute("INSERT INTO t VALUES (1)")
      }
      #expect(writing.kind == .timedOut && writing.isInDoubt, "\(writing)")
      let deleting = try await failure("delete") {
        try await idle.transaction { try $0.execute("DELETE FROM t") }
      }
      #expect(deleting.kind == .timedOut && !deleting.isInDoubt, "\(deleting)")
      world.double.resume()
    }
  }

  @Test func connectionsDoNotWaitForEachOther() async throws {
    try await SQLServerWorld.with { world in
      let slow = try await world.open(statement: .seconds(60))
      let sleeper = Task { try await slow.execute("WAITFOR DELAY '00:00:50'") }
      let quick = try await world.open()
      let running =
        "SELECT session_id FROM sys.dm_exec_requests WHERE command = 'WAITFOR'"
      try await eventually("it runs") { try await quick.query(running).count == 1 }
      for _ in 0..<5 { _ = try await quick.query("SELECT 1") }
      #expect(try await quick.query(running).count == 1, "they waited for the slow one")
      sleeper.cancel()
      _ = try await failure { try await sleeper.value }
    }
  }

  /// What was under way when the connection broke may have been done.
  @Test(arguments: [("cut_before", 1), ("cut_after", 0)])
  func aConnectionThatBreaksLeavesDoubt(action: String, rowsLeft: Int) async throws {
    try await SQLServerWorld.with { world in
      let connection = try await world.open()
      try await connection.execute("CREATE TABLE t (i int)")
      try await connection.execute("INSERT INTO t VALUES (1)")
      try world.double.ask(["do": "fault", "match": "^DELETE", "action": action])
      let error = try await failure { try await connection.execute("DELETE FROM t") }
      #expect(error.kind == .connectionLost && error.isInDoubt, "\(error)")
      let other = try await world.open()
      let left = try await other.query("SELECT count(*) AS n FROM t")[0]["n"]
      #expect(left == .integer(rowsLeft))
      let reader = try await world.open(.readOnly)
      try world.double.ask(["do": "fault", "match": "^SELECT", "action": action])
      let read = try await failure { try await reader.query("SELECT 1") }
      #expect(read.kind == .connectionLost && !read.isInDoubt, "\(read)")
    }
  }

  @Test(arguments: [("cut_before", 1), ("cut_after", 0)])
  func aCommitThatBreaksLeavesDoubt(action: String, rowsLeft: Int) async throws {
    try await SQLServerWorld.with { world in
      let connection = try await world.open()
      try await connection.execute("CREATE TABLE t (i int)")
      try await connection.execute("INSERT INTO t VALUES (1)")
      try world.double.ask(["do": "fault", "match": "^COMMIT", "action": action])
      let error = try await failure {
        try await connection.transaction { try $0.execute("DELETE FROM t") }
      }
      #expect(error.kind == .connectionLost && error.isInDoubt, "\(error)")
      let other = try await world.open()
      let left = try await other.query("SELECT count(*) AS n FROM t")[0]["n"]
      #expect(left == .integer(rowsLeft))
    }
  }
}
