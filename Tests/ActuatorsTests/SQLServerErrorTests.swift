import ODBC
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Each number that SQL Server may answer with, raised by its double, as an operator gets to see it.
@Suite("SQL Server's error numbers (a double)")
struct SQLServerErrorTests {
  /// Those that reversing roles, shipping logs, emptying a table and granting access are documented to meet.
  static let documented: Set<Int> = [
    41113, 41122, 41131, 41140, 41142, 41144, 41146, 1470, 1477, 1422, 1447, 1455, 1456, 921, 922,
    927, 942, 954, 955, 956, 976, 983, 4305, 4312, 4326, 4330, 4701, 4711, 4712, 15023, 15025,
    15063,
    15151,
  ]

  @Test func numberMeaningAndAdviceReachTheOperator() async throws {
    #expect(Self.documented.isSubset(of: SQLServerErrors.known.keys))
    try await SQLServerDouble.with(["instances": ["DR": ["sa_password": "secret"]]]) { double in
      let settings = ODBCSettings(
        server: .sqlServer, host: "127.0.0.1", port: try double.port(of: "DR"), database: "master",
        user: "sa", password: ODBCPassword { "secret" }, mode: .readWrite, encryption: .disabled)
      for (number, known) in SQLServerErrors.known.sorted(by: { $0.key < $1.key }) {
        try double.ask(["do": "fault", "match": "raise it", "action": "error", "number": number])
        let connection = try await ODBCConnection.open(settings)
        do {
          let warnings = try await connection.perform { session in
            try session.execute("SELECT 'raise it'")
            return session.warnings
          }
          #expect(number == 41131, "only that is a mere message")
          #expect(SQLServerErrors.meaning(of: warnings.map(\.nativeError)) == known)
        } catch let error as ODBCError {
          let told = try #require(errors.described(error) as? ActionError)
          #expect(told.description.contains(", \(number)]"), "\(told)")
          #expect(told.description.contains(known.meaning), "\(told)")
          #expect(told.advice == known.advice && told.kind == .failed, "\(told)")
        }
      }
    }
  }

  @Test func theReasonIsToldAndNotThatTheStatementEnds() {
    #expect(SQLServerErrors.meaning(of: [3201, 3013]) == SQLServerErrors.known[3201])
    #expect(SQLServerErrors.meaning(of: [3013]) == nil)
    let other = ODBCError(
      kind: .refused, place: "here", server: .mariaDB, summary: "no",
      diagnostics: [ODBCDiagnostic(state: "42000", nativeError: 1422, message: "")])
    #expect(SQLServerErrors.meaning(of: other) == nil)
  }

  private var errors: ServerErrors {
    let database = Database(
      name: "scheduler", kind: .postgresql, replication: nil, primary: "dr", placements: [:])
    let host = Host(site: "dr", name: "scheduler", connection: .local)
    return ServerErrors(
      copy: DatabaseCopy(
        database: database, site: "dr", host: host,
        placement: .init(host: host.id, file: "/nowhere")), isWriting: true)
  }
}
