import Foundation
import TestSupport
import Testing

@testable import ODBC

@Suite("What goes wrong is told apart", .serialized)
struct ErrorTests {
  @Test(arguments: TestServer.realKinds)
  func connectingFails(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      var wrong = server.settings
      wrong.password = ODBCPassword { "wr{}ong;pass=word" }
      let denied = try await failure { try await ODBCConnection.open(wrong) }
      #expect(denied.kind == .authentication, "\(denied)")
      #expect(!"\(denied)".contains("wr{}ong") && !"\(wrong)".contains("wr{}ong"))
      var database = server.settings
      database.database = "nowhere"
      #expect(try await failure { try await ODBCConnection.open(database) }.kind == .refused)
      var driver = server.settings
      driver.driver = "/nowhere/driver.so"
      #expect(try await failure { try await ODBCConnection.open(driver) }.kind == .driverMissing)
      var secret = server.settings
      secret.password = ODBCPassword { throw CocoaError(.fileNoSuchFile) }
      #expect(try await failure { try await ODBCConnection.open(secret) }.kind == .authentication)
      var host = server.settings
      host.host = "127.0.0.1;PWD=x"
      #expect(try await failure { try await ODBCConnection.open(host) }.kind == .invalidCall)
      try await server.server.stop()
      let gone = try await failure { try await server.open() }
      #expect(gone.kind == .unreachable, "\(gone)")
    }
  }

  @Test(
    arguments: TestServer.realKinds,
    ["p;a{s}s}}=w'o\"r\\d %41+ä", "{x", "}", "a b  c"])
  func passwordsOfAnyKindWork(kind: ODBCSettings.Server, password: String) async throws {
    try await SharedServer.with(kind) { server in
      let connection = try await server.open()
      let literal = password.replacing("'", with: "''")
      switch kind {
      case .postgreSQL:
        try await connection.execute("DROP USER IF EXISTS other")
        try await connection.execute("CREATE USER other PASSWORD '\(literal)'")
      case .mariaDB:
        try await connection.execute(
          "CREATE OR REPLACE USER other IDENTIFIED BY '\(literal.replacing("\\", with: "\\\\"))'")
        try await connection.execute("GRANT ALL ON lab.* TO other")
      case .sqlServer: throw NeverFailed(what: "the double has tests of its own")
      }
      var settings = server.settings
      settings.user = "other"
      settings.password = ODBCPassword { password }
      #expect(try await ODBCConnection.open(settings).query("SELECT 1").count == 1)
    }
  }

  @Test(arguments: TestServer.realKinds)
  func statementsFail(kind: ODBCSettings.Server) async throws {
    try await SharedServer.with(kind) { server in
      let connection = try await server.open()
      let missing = try await failure { try await connection.query("SELECT * FROM missing_table") }
      #expect(missing.kind == .refused)
      #expect(missing.state == (kind == .mariaDB ? "42S02" : "42P01"), "\(missing)")
      let secret = try await failure {
        try await connection.perform { try $0.execute("NONSENSE 'hunter2'", concealing: true) }
      }
      #expect(
        secret.state?.hasPrefix("42") == true && !"\(secret)".contains("hunter2"), "\(secret)")
      #expect(!secret.diagnostics.isEmpty)
    }
  }

  @Test(arguments: TestServer.realKinds)
  func whatBrokeBeforeACommitIsNotInDoubt(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let connection = try await server.open()
      let reader = try await server.open(.readOnly)
      try await connection.execute("CREATE TABLE t (i INTEGER)")
      try await server.server.kill()
      let write = try await failure { try await connection.execute("INSERT INTO t VALUES (1)") }
      #expect(write.kind == .connectionLost && write.isInDoubt, "\(write)")
      let read = try await failure { try await reader.query("SELECT 1") }
      #expect(read.kind == .connectionLost && !read.isInDoubt, "\(read)")
      try await server.server.start()
      let fresh = try await server.open()
      let slot = server.server
      let commit = try await failure {
        try await fresh.transaction { session in
          try session.execute("INSERT INTO t VALUES (2)")
          slot.process?.killAll()
        }
      }
      #expect(commit.kind == .connectionLost && commit.isInDoubt, "\(commit)")
    }
  }

  @Test(arguments: TestServer.realKinds)
  func transactionsHoldOrVanish(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let connection = try await server.open()
      try await connection.execute("CREATE TABLE t (i INTEGER PRIMARY KEY)")
      try await connection.transaction { session in
        try session.execute("INSERT INTO t VALUES (1)")
        try session.execute("INSERT INTO t VALUES (2)")
      }
      let refused = try await failure {
        try await connection.transaction { session in
          try session.execute("INSERT INTO t VALUES (3)")
          try session.execute("INSERT INTO t VALUES (1)")
        }
      }
      #expect(refused.kind == .refused && refused.state?.hasPrefix("23") == true, "\(refused)")
      await #expect(throws: NeverFailed.self) {
        try await connection.transaction { session in
          try session.execute("INSERT INTO t VALUES (4)")
          throw NeverFailed(what: "rolls back")
        }
      }
      let other = try await server.open()
      #expect(
        try await other.query("SELECT i FROM t ORDER BY i").map(\.values) == [
          [.integer(1)], [.integer(2)],
        ])
      try await connection.execute("INSERT INTO t VALUES (5)")
      #expect(try await other.query("SELECT count(*) AS n FROM t")[0]["n"] == .integer(3))
    }
  }

  @Test(arguments: TestServer.realKinds)
  func theServerHoldsAReaderToReading(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let writer = try await server.open()
      try await writer.execute("CREATE TABLE t (i INTEGER)")
      try await writer.execute("INSERT INTO t VALUES (1)")
      let reader = try await server.open(.readOnly)
      for statement in [
        "INSERT INTO t VALUES (2)", "UPDATE t SET i = 3", "DELETE FROM t", "TRUNCATE TABLE t",
        "DROP TABLE t", "CREATE TABLE u (i INTEGER)", "ALTER TABLE t ADD COLUMN j INTEGER",
      ] {
        let alone = try await failure { try await reader.execute(statement) }
        #expect(alone.kind == .refused, "\(statement): \(alone)")
        #expect(alone.state == "25006" || alone.diagnostics.first?.nativeError == 1792, "\(alone)")
        await #expect(throws: ODBCError.self, "\(statement)") {
          try await reader.transaction { try $0.execute(statement) }
        }
      }
      #expect(try await reader.query("SELECT * FROM t").map(\.values) == [[.integer(1)]])
      #expect(try await writer.query("SELECT * FROM t").map(\.values) == [[.integer(1)]])
    }
  }

  @Test func warningsAreKept() async throws {
    try await SharedServer.with(.postgreSQL) { server in
      let connection = try await server.open()
      let warnings = try await connection.perform { session in
        try session.execute("DROP TABLE IF EXISTS never_there")
        return session.warnings
      }
      #expect(warnings.contains { $0.message.contains("never_there") }, "\(warnings)")
    }
  }

  @Test(arguments: TestServer.realKinds)
  func bytesAndOtherTypesAreText(kind: ODBCSettings.Server) async throws {
    try await SharedServer.with(kind) { server in
      let connection = try await server.open()
      let bytes = kind == .mariaDB ? "CAST(x'00ff10' AS BINARY)" : "'\\x00ff10'::bytea"
      let row = try await connection.query(
        "SELECT \(bytes) AS bytes, CAST(1.50 AS DECIMAL(5,2)) AS decimal_number, "
          + "CAST('2026-01-02' AS DATE) AS day")[0]
      #expect(
        row.values == [.string("\\x00ff10"), .string("1.50"), .string("2026-01-02")], "\(row)")
      if kind == .mariaDB {
        let big = try await connection.query("SELECT CAST(18446744073709551615 AS UNSIGNED) AS u")
        #expect(big[0]["u"] == .string("18446744073709551615"))
      } else {
        let row = try await connection.query(
          "SELECT '0/16B3748'::pg_lsn AS lsn, ARRAY[1,2] AS list, 1.5::float8 AS number, NULL::bool AS none"
        )[0]
        #expect(row.values == [.string("0/16B3748"), .string("{1,2}"), .string("1.5"), .null])
      }
    }
  }
}
