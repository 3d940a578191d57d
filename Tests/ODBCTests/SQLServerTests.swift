import Foundation
import TestSupport
import Testing

@testable import ODBC

/// Against the double of SQL Server, by FreeTDS's driver.
@Suite("SQL Server (a double)", .serialized)
struct SQLServerTests {
  @Test func valuesComeBackAsTheyWent() async throws {
    try await SQLServerWorld.with { double in
      let connection = try await double.open()
      try await connection.execute(
        "CREATE TABLE t (id int PRIMARY KEY, s nvarchar(max), i bigint, b bit)")
      let texts = hostileTexts
      for (id, text) in texts.enumerated() {
        let affected = try await connection.execute(
          "INSERT INTO t (id, s, i, b) VALUES (?, ?, ?, ?)",
          [.integer(id), .string(text), .integer(Int.max - id), .boolean(id % 2 == 0)])
        #expect(affected == 1)
      }
      try await connection.execute(
        "INSERT INTO t VALUES (?, ?, ?, ?)", [.integer(99), .null, .null, .null])
      let rows = try await connection.query(
        "SELECT * FROM t WHERE id < ? ORDER BY id", [.integer(50)])
      #expect(rows.map { $0["s"] } == texts.map { .string($0) })
      #expect(rows.map { $0["i"] } == texts.indices.map { .integer(Int.max - $0) })
      #expect(rows.map { $0["b"] } == texts.indices.map { .boolean($0 % 2 == 0) })
      #expect(rows[0].names == ["id", "s", "i", "b"])
      #expect(
        try await connection.query("SELECT * FROM t WHERE s IS NULL").map(\.values)
          == [[.integer(99), .null, .null, .null]])
      for text in texts where text.utf16.count < 4000 {
        #expect(
          try await connection.query("SELECT id FROM t WHERE s = ?", [.string(text)]).count >= 1)
      }
      #expect(try await connection.execute("UPDATE t SET i = 0 WHERE id < 3") == 3)
    }
  }

  @Test func typesOfTheServer() async throws {
    try await SQLServerWorld.with { double in
      let row = try await double.open().query(
        """
        SELECT CAST(1 AS tinyint), CAST(-2 AS smallint), CAST(3 AS bigint), CAST(1 AS bit), CAST(1.5 AS float),
          CAST(34000000012300001 AS numeric(25,0)), CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier),
          CAST('2026-01-02 03:04:05.1234567' AS datetime2), CAST('2026-01-02 03:04:05.123' AS datetime), 0x00FF10,
          CAST(N'ä€😀' AS nvarchar(10)), CAST('abc' AS varchar(10)), NULL
        """)[0]
      #expect(
        row.values == [
          .integer(1), .integer(-2), .integer(3), .boolean(true), .string("1.5"),
          .string("34000000012300001"), .string("6F9619FF-8B86-D011-B42D-00C04FC964FF"),
          .string("2026-01-02 03:04:05.1234567"), .string("2026-01-02 03:04:05.123"),
          .string("\\x00ff10"), .string("ä€😀"), .string("abc"), .null,
        ], "\(row)")
    }
  }

  @Test func messagesAreKeptOnSuccess() async throws {
    try await SQLServerWorld.with { double in
      for mode in [ODBCSettings.Mode.readWrite, .readOnly] {
        let warnings = try await double.open(mode).perform { session in
          try session.execute("PRINT N'hello ä'; RAISERROR('a warning', 10, 1); SELECT 1")
          return session.warnings
        }
        #expect(Set(warnings.map(\.message)) == ["hello ä", "a warning"], "\(mode): \(warnings)")
      }
    }
  }

  /// Without the draining in `executeAll` the backup would stop half-way.
  @Test func resultsAreTakenToTheirEnd() async throws {
    try await SQLServerWorld.with { double in
      let connection = try await double.open(database: "master")
      let file = "\(double.double.directory)/whole.trn"
      let warnings = try await connection.perform { session in
        try session.execute("BACKUP LOG [JAMS] TO DISK = ?", [.string(file)])
        return session.warnings
      }
      #expect(warnings.map(\.nativeError) == [4035, 3014], "\(warnings)")
      #expect(FileManager.default.fileExists(atPath: file))
    }
  }

  @Test func errorsHaveTheServersNumber() async throws {
    try await SQLServerWorld.with { double in
      let connection = try await double.open()
      let missing = try await failure { try await connection.query("SELECT * FROM missing_table") }
      #expect(
        missing.kind == .refused && missing.diagnostics.first?.nativeError == 208, "\(missing)")
      let both = try await failure {
        try await connection.execute("BACKUP LOG [JAMS] TO DISK = N'/nowhere/x.trn'")
      }
      #expect(both.diagnostics.map(\.nativeError) == [3201, 3013], "\(both)")
      let nested = try await failure {
        try await connection.transaction {
          try $0.execute("ALTER DATABASE [JAMS] SET PARTNER FAILOVER")
        }
      }
      #expect(nested.diagnostics.first?.nativeError == 226, "\(nested)")
    }
  }

  @Test func connectingFails() async throws {
    try await SQLServerWorld.with { double in
      var wrong = double.settings()
      wrong.password = ODBCPassword { "wr{}ong" }
      let denied = try await failure { try await ODBCConnection.open(wrong) }
      #expect(denied.kind == .authentication && !"\(denied)".contains("wr{}ong"), "\(denied)")
      let nowhere = try await failure { try await double.open(database: "nowhere") }
      #expect(nowhere.kind == .refused, "\(nowhere)")
      try double.double.ask(["do": "power", "instance": "PROD", "on": false])
      let gone = try await failure { try await double.open() }
      #expect(gone.kind == .unreachable, "\(gone)")
    }
  }

  @Test(arguments: ["p;a{s=w'o\"r\\d %41+ä", "{x", "}", "a b  c", "a}}b{", "=x;"])
  func passwordsOfAnyKindWork(password: String) async throws {
    try await SQLServerWorld.with(logins: ["other": ["password": password, "sysadmin": true]]) {
      double in
      var settings = double.settings()
      settings.user = "other"
      settings.password = ODBCPassword { password }
      let rows = try await ODBCConnection.open(settings).query("SELECT 1")
      #expect(rows.count == 1)
    }
  }

  @Test func aPasswordThatTheDriverCannotBeToldIsRefused() async throws {
    var settings = ODBCSettings(
      server: .sqlServer, host: "127.0.0.1", port: 1, database: "master", user: "sa",
      password: ODBCPassword { "" }, mode: .readOnly)
    settings.password = ODBCPassword { "p;a{s}s" }
    let refused = try await failure { try await ODBCConnection.open(settings) }
    #expect(refused.kind == .invalidCall && !"\(refused)".contains("p;a"), "\(refused)")
  }

  @Test func transactionsHoldOrVanish() async throws {
    try await SQLServerWorld.with { double in
      let connection = try await double.open()
      try await connection.execute("CREATE TABLE t (i int PRIMARY KEY)")
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
      #expect(
        refused.kind == .refused && refused.diagnostics.first?.nativeError == 2627, "\(refused)")
      #expect(try await connection.query("SELECT @@TRANCOUNT AS n")[0]["n"] == .integer(0))
      let other = try await double.open()
      let numbers = try await other.query("SELECT i FROM t ORDER BY i").map(\.values)
      #expect(numbers == [[.integer(1)], [.integer(2)]])
    }
  }

  /// Without the rollback in `ODBCSession` each of these would change something.
  @Test func aReaderChangesNothing() async throws {
    try await SQLServerWorld.with { double in
      let writer = try await double.open()
      try await writer.execute("CREATE TABLE t (i int)")
      try await writer.execute("INSERT INTO t VALUES (1)")
      let reader = try await double.open(.readOnly)
      for statement in [
        "INSERT INTO t VALUES (2)", "DELETE FROM t", "TRUNCATE TABLE t", "DROP TABLE t",
      ] {
        try await reader.execute(statement)
        try await reader.transaction { _ = try $0.execute(statement) }
        #expect(try await reader.query("SELECT * FROM t").map(\.values) == [[.integer(1)]])
      }
      for statement in [
        "ALTER DATABASE [JAMS] SET PARTNER OFF", "BACKUP LOG [JAMS] TO DISK = N'/tmp/never.trn'",
        "CREATE DATABASE [other]", "ALTER AVAILABILITY GROUP [ag] FAILOVER",
      ] {
        let refused = try await failure(statement) { try await reader.execute(statement) }
        #expect(
          refused.diagnostics.contains { [226, 3021].contains($0.nativeError) }, "\(refused)")
      }
    }
  }
}
