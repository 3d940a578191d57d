import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The Failover table and statements of one's own in SQL Server.
@Suite("SQL Server's tables (a double)", .serialized)
struct SQLServerAccessTests {
  @Test func theTableIsTruncatedInOneTransaction() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      let action = try pair.make(FailoverTruncate.self, at: "production")
      let (observation, verdict) = try await pair.look(action)
      #expect(
        verdict
          == .needed(
            "remove 11111111-2222-3333-4444-555555555555 from Failover of scheduler@production, by emptying it"
          ))
      let row = observation["scheduler@production", "failover_rows"]?.list?.first?.mapping
      #expect(row?["GUID"] == "11111111-2222-3333-4444-555555555555")
      #expect(row?["Host"] == "p1 'ö' 😀")
      #expect(row?[#"Beat ]'""#]?.string?.hasPrefix("2026-01-02 03:04:05") == true)
      try await expectConforms(action) { try pair.rows("production") }
      #expect(try pair.rows("production") == 0)
    }
  }

  /// What the server refuses to truncate, and the number that it says so by.
  enum Refusal: CaseIterable, CustomTestStringConvertible {
    case foreignKey, published, temporal, indexedView, noPermission

    var number: Int {
      switch self {
      case .foreignKey: 4712
      case .published: 4711
      case .temporal: 13545
      case .indexedView: 3729
      case .noPermission: 4701
      }
    }
    var testDescription: String { "\(self), \(number)" }

    fileprivate func prepare(_ pair: SQLServerPair) throws {
      let change: [String: Any]
      switch self {
      case .foreignKey:
        try pair.sql(
          "production",
          "CREATE TABLE dbo.Child (GUID uniqueidentifier REFERENCES dbo.Failover (GUID))")
        return
      case .noPermission: return
      case .published: change = ["published": true]
      case .temporal: change = ["temporal": true]
      case .indexedView: change = ["indexed_view": "dbo.Shown"]
      }
      try pair.double.ask([
        "do": "set", "instance": "production", "database": "JAMS", "table": "dbo.Failover",
        "changes": change,
      ])
    }
  }

  @Test(
    "where truncating is refused the rows are deleted, and that is said",
    arguments: Refusal.allCases)
  func deletedInstead(_ refusal: Refusal) async throws {
    let operating: (permissions: [String], roles: [String])? =
      refusal == .noPermission ? ([], ["db_datareader", "db_datawriter"]) : nil
    try await SQLServerPair.with(.single, operating: operating) { pair in
      try refusal.prepare(pair)
      let action = try pair.make(FailoverTruncate.self, at: "production")
      let evidence = try await pair.perform(action)
      #expect(try pair.rows("production") == 0)
      #expect(evidence.details["rows_removed"] == 1)
      let said = try #require(evidence.details["truncation_refused"]?.string)
      #expect(said.contains(", \(refusal.number)]"), "\(said)")
    }
  }

  @Test func whoMayNeitherTruncateNorDeleteRemovesNothing() async throws {
    try await SQLServerPair.with(.single, operating: ([], ["db_datareader"])) { pair in
      let action = try pair.make(FailoverTruncate.self, at: "production")
      let error = await #expect(throws: ActionError.self) { try await pair.perform(action) }
      #expect(error?.message.contains("229") == true, "\(String(describing: error))")
      #expect(try pair.rows("production") == 1)
    }
  }

  @Test(
    "rows that somebody wrote meanwhile stay, whichever way they were to go",
    arguments: [false, true])
  func movedMeanwhile(isRefused: Bool) async throws {
    try await SQLServerPair.with(.single) { pair in
      let action = try pair.make(FailoverTruncate.self, at: "production")
      let seen = try await pair.look(action).observation
      try pair.sql("production", "INSERT INTO dbo.Failover VALUES (NEWID(), N'other', NULL)")
      if isRefused { try Refusal.foreignKey.prepare(pair) }
      await #expect(throws: ActionError.self) {
        try await action.act(world.makeOperator(token: "t"), given: seen)
      }
      #expect(try pair.rows("production") == 2)
    }
  }

  @Test func aConnectionThatBreaksMidwayLeavesAllRows() async throws {
    try await SQLServerPair.with(.single) { pair in
      let action = try pair.make(FailoverTruncate.self, at: "production")
      try pair.double.ask([
        "do": "fault", "match": "TRUNCATE", "action": "cut_after", "instance": "production",
      ])
      await #expect(throws: ActionError.self) { try await pair.perform(action) }
      try await eventually("the server has undone it") { try pair.rows("production") == 1 }
      try await pair.perform(action)
      #expect(try pair.rows("production") == 0)
    }
  }

  @Test func statementsAndConditionsOfOnesOwn() async throws {
    try await SQLServerPair.with(.single) { pair in
      let name = "O''Brien ]; DROP TABLE dbo.Failover --"
      let insert = try pair.make(
        SQLRun.self,
        [
          "statement": .string(
            "INSERT INTO Failover (GUID, Host) VALUES ('99999999-2222-3333-4444-555555555555', N'\(name)')"
          ),
          "unless": .string("SELECT 1 FROM Failover WHERE Host = N'\(name)'"),
        ], at: "production")
      try await expectConforms(insert) { try pair.rows("production") }
      #expect(try pair.rows("production") == 2)
      #expect(
        try pair.sql("production", "SELECT Host FROM dbo.Failover WHERE Host LIKE N'O%'")
          == name.replacing("''", with: "'"))
      // Nobody stays in a database that may be about to change its role.
      #expect(
        try pair.sql(
          "production",
          "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE database_id = DB_ID('JAMS') AND session_id <> @@SPID",
          database: "master") == "0")
    }
  }

  @Test(
    "a statement can't end the transaction that it runs in",
    arguments: [
      "SELECT 1; COMMIT; DROP TABLE dbo.Failover", "SELECT 1 rollback transaction",
      "SELECT 1/* ' */COMMIT -- '", "SELECT ']' + '''' exec ('DROP TABLE dbo.Failover')",
    ])
  func holdingTheTransaction(_ query: String) async throws {
    try await SQLServerPair.with(.single) { pair in
      let copy = try pair.copy("production")
      #expect(throws: ActionError.self) { try SQLCondition(query, of: copy) }
    }
  }

  @Test func quotedWordsEndNothing() async throws {
    try await SQLServerPair.with(.single) { pair in
      let copy = try pair.copy("production")
      let text = "SELECT 'COMMIT' + '''EXEC' AS [EXEC]]COMMIT] /* ROLLBACK /* x */ EXEC */ -- EXEC"
      #expect(throws: Never.self) { try SQLCondition(text, of: copy) }
    }
  }

  @Test("what only looks undoes whatever it did")
  func looking() async throws {
    try await SQLServerPair.with(.single) { pair in
      let copy = try pair.copy("production")
      let condition = try SQLCondition("SELECT 1; DELETE FROM dbo.Failover", of: copy)
      _ = try await condition.observe(world.makeObserver())
      #expect(try pair.rows("production") == 1)
    }
  }

  @Test("names with every sign that quotes or ends something")
  func hostileNames() async throws {
    let (database, table) = (#"J]A'M"S; -- [ö😀]"#, #"Fail]o'v"er.; DROP TABLE [x]"#)
    let quoted = table.replacing("]", with: "]]")
    let sql = [
      "CREATE TABLE dbo.[\(quoted)] (GUID nvarchar(100) NOT NULL, Host nvarchar(200))",
      "INSERT INTO dbo.[\(quoted)] VALUES (N'FOREIGN', N'x')",
    ]
    try await SQLServerPair.with(
      .mirroring, database: database, sql: sql, failoverTable: "dbo.\(table)"
    ) { pair in
      let action = try pair.make(FailoverTruncate.self, at: "production")
      let count = { @Sendable in try pair.rows("production", "dbo.\(table)", database: database) }
      #expect(try count() == 1)
      try await expectConforms(action) { try count() }
      #expect(try count() == 0)
    }
  }

  @Test("the table is asked for in the schema that is named, and one that isn't there is told")
  func schemas() async throws {
    for name in ["Failover", "dbo.Failover"] {
      try await SQLServerPair.with(.single, failoverTable: name) { pair in
        let action = try pair.make(FailoverNoForeignGUID.self, at: "production")
        guard case .needed = try await pair.look(action).verdict else {
          Issue.record("\(name) isn't read")
          return
        }
      }
    }
    try await SQLServerPair.with(.single, failoverTable: "jams.Failover") { pair in
      let action = try pair.make(FailoverNoForeignGUID.self, at: "production")
      let verdict = try await pair.look(action).verdict
      #expect("\(verdict)".contains("has no table"), "\(verdict)")
    }
  }

  @Test(
    "a mirror and a secondary are what they are, though nobody can read them",
    arguments: [
      SQLServerPair.Kind.mirroring, .availabilityGroup,
    ])
  func closedCopies(_ kind: SQLServerPair.Kind) async throws {
    try await SQLServerPair.with(kind) { pair in
      let action = try pair.make(FailoverTruncate.self, at: "dr")
      let (observation, verdict) = try await pair.look(action)
      #expect(observation["scheduler@dr", "role"] == "replica")
      guard case .unknown(let why) = verdict else {
        Issue.record("\(verdict)")
        return
      }
      #expect(why.contains("scheduler@dr is"), "\(why)")
      let finding = try await pair.finding(PrimaryGuard.note.name, of: action)
      #expect(finding == .violated("scheduler@dr is replica"), "\(finding)")
    }
  }
}
