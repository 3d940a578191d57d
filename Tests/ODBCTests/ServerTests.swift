import Foundation
import TestSupport
import Testing

@testable import ODBC

@Suite("Statements on real servers", .serialized)
struct ServerTests {
  @Test(arguments: TestServer.realKinds)
  func valuesComeBackAsTheyWent(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let connection = try await server.open()
      let texts = [
        "", " ", "ä€😀", "O'Brien \"x\" `y` \\ % _", "a\nb\r\nc\t", "{d '2020-01-01'}; ? -- /*",
        String(repeating: "ö😀", count: 9000),
      ]
      try await connection.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s \(kind == .mariaDB ? "LONGTEXT" : "TEXT"), i BIGINT, b BOOLEAN)"
      )
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
      #expect(rows[0].names == ["id", "s", "i", "b"])
      let truth: ODBCValue = kind == .mariaDB ? .integer(1) : .boolean(true)
      #expect(rows[2]["b"] == truth)
      let nulls = try await connection.query("SELECT * FROM t WHERE s IS NULL")
      #expect(nulls.map(\.values) == [[.integer(99), .null, .null, .null]])
      #expect(
        try await connection.query("SELECT 'ä€😀''s ?' AS \(kind == .mariaDB ? "`ü€`" : "\"ü€\"")")
          == [ODBCRow(names: ["ü€"], values: [.string("ä€😀's ?")])])
      #expect(try await connection.execute("UPDATE t SET i = 0 WHERE id < 3") == 3)
      #expect(
        try await failure { try await connection.execute("SELECT '\0'") }.kind == .invalidCall)
      #expect(
        try await failure { try await connection.query("SELECT ?", [.string("a\0b")]) }.kind
          == .invalidCall)
    }
  }
}
