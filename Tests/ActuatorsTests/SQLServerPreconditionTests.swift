import Foundation
import ODBC
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The same numbers as in `SQLServerErrorTests`, here by what leads to them: the double's world is brought into the state that
/// a number is documented for, and the statement is sent that then gets it.
@Suite("SQL Server's error numbers, each by its own cause (a double)", .serialized)
struct SQLServerPreconditionTests {
  private static let table = "CREATE TABLE dbo.Failover (GUID uniqueidentifier PRIMARY KEY)"

  /// Those that nothing in the double's world leads to. Nothing that Lifeboat sends is documented to meet 41140, and the
  /// double has neither witnesses (955) nor damaged chains of logs (4312): these can only be scripted.
  private static let scripted: Set<Int> = [955, 4312, 41140]

  private enum Site: String { case production, dr }

  private struct Cause: Sendable {
    let number: Int
    /// What the control interface is asked, as JSON; then what is sent, in which `!` is the statement that is refused.
    let world: [String]
    let statements: [(Site, String)]

    init(_ number: Int, _ world: [String] = [], _ statements: (Site, String)...) {
      self.number = number
      self.world = world
      self.statements = statements
    }
  }

  private static func set(_ thing: String, _ changes: String) -> String {
    "{\"do\": \"set\", \(thing), \"changes\": {\(changes)}}"
  }
  private static let mirrored = "\"mirroring\": \"M\""
  private static let group = "\"group\": \"ag\""
  private static let atReplica = "\"group\": \"ag\", \"replica\": \"dr\""
  private static let plain = "\"instance\": \"production\", \"database\": \"P\""
  private static let apart =
    "{\"do\": \"partition\", \"between\": [\"production\", \"dr\"], \"on\": true}"
  private static let failOver = "ALTER DATABASE [M] SET PARTNER FAILOVER"
  private static let failGroupOver = "ALTER AVAILABILITY GROUP [ag] FAILOVER"
  private static let read = "SELECT * FROM P.dbo.Failover"

  private static let mirroring: [Cause] = [
    Cause(1470, [], (.dr, failOver)),
    Cause(1477, [set(mirrored, "\"safety\": \"OFF\"")], (.production, failOver)),
    Cause(1447, [apart], (.production, failOver)),
    Cause(1422, [set(mirrored, "\"lagging\": true")], (.production, failOver)),
    Cause(1455, [], (.dr, "ALTER DATABASE [M] SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS")),
    Cause(1456, [apart], (.production, "ALTER DATABASE [M] SET PARTNER SAFETY OFF")),
    Cause(954, [], (.dr, "SELECT * FROM M.dbo.Failover")),
    Cause(
      956, [set(mirrored, "\"failing\": \"stuck\"")], (.production, failOver),
      (.production, "SELECT * FROM M.dbo.Failover")),
  ]

  private static let groups: [Cause] = [
    Cause(41113, [], (.dr, failGroupOver), (.dr, failGroupOver)),
    Cause(41122, [], (.production, failGroupOver)),
    Cause(41131, [set(group, "\"times_out\": true")], (.dr, failGroupOver)),
    Cause(41142, [set(atReplica, "\"lagging\": [\"A\"]")], (.dr, failGroupOver)),
    Cause(41144, [set(atReplica, "\"error_number\": 41144")], (.dr, failGroupOver)),
    Cause(41146, [set(group, "\"has_quorum\": false")], (.dr, failGroupOver)),
    Cause(976, [], (.dr, "SELECT * FROM A.dbo.Failover")),
    Cause(983, [set(group, "\"has_quorum\": false")], (.dr, "SELECT * FROM A.dbo.Failover")),
  ]

  private static let states: [Cause] = [
    Cause(921, [set(plain, "\"state\": \"RECOVERY_PENDING\"")], (.production, read)),
    Cause(922, [set(plain, "\"state\": \"RECOVERING\"")], (.production, read)),
    Cause(927, [], (.dr, "SELECT * FROM L.dbo.Failover")),
    Cause(942, [], (.production, "ALTER DATABASE [P] SET OFFLINE"), (.production, read)),
  ]

  private static func backup(_ name: String) -> (Site, String) {
    (
      .production,
      "INSERT INTO L.dbo.Failover VALUES (NEWID()); "
        + "BACKUP LOG [L] TO DISK = N'C:\\log\\\(name).trn'"
    )
  }
  private static func restore(_ name: String) -> (Site, String) {
    (.dr, "RESTORE LOG [L] FROM DISK = N'\\\\PROD\\log\\\(name).trn' WITH NORECOVERY")
  }
  private static let logs: [Cause] = [
    Cause(4305, [], backup("one"), backup("two"), restore("two")),
    Cause(4326, [], backup("one"), restore("one"), restore("one")),
    Cause(
      4330, [], backup("one"), restore("one"), (.dr, "RESTORE DATABASE [L] WITH RECOVERY"),
      (.dr, "BACKUP LOG [L] TO DISK = N'\\\\PROD\\log\\new.trn'"), backup("two"),
      (.production, "BACKUP LOG [L] TO DISK = N'C:\\log\\tail.trn' WITH NORECOVERY"),
      (.production, "RESTORE LOG [L] FROM DISK = N'C:\\log\\new.trn' WITH NORECOVERY")),
  ]

  private static let truncate = "TRUNCATE TABLE P.dbo.Failover"
  private static let tables: [Cause] = [
    Cause(4701, [], (.production, "TRUNCATE TABLE P.dbo.Nowhere")),
    Cause(
      4711, [set("\(plain), \"table\": \"dbo.Failover\"", "\"published\": true")],
      (.production, truncate)),
    Cause(
      4712, [],
      (
        .production,
        "USE P; CREATE TABLE dbo.Child (GUID uniqueidentifier REFERENCES dbo.Failover (GUID))"
      ), (.production, truncate)),
  ]

  private static let principals: [Cause] = [
    Cause(15023, [], (.production, "USE P; CREATE USER watcher FOR LOGIN other")),
    Cause(15025, [], (.production, "CREATE LOGIN watcher WITH PASSWORD = N'x'")),
    Cause(15063, [], (.production, "USE P; CREATE USER second FOR LOGIN watcher")),
    Cause(15151, [], (.production, "USE P; ALTER ROLE nobodys ADD MEMBER watcher")),
  ]

  private static var causes: [Cause] {
    mirroring + groups + states + logs + tables + principals
  }

  private func world(_ directory: String) -> [String: Any] {
    let logins: [String: Any] = ["watcher": ["password": "w"], "other": ["password": "o"]]
    let database: [String: Any] = ["sql": [Self.table], "users": ["watcher": ["db_datareader"]]]
    let copies = Dictionary(uniqueKeysWithValues: ["M", "A", "L"].map { ($0, [String: Any]()) })
    return [
      "instances": [
        "production": [
          "sa_password": "secret", "logins": logins, "volumes": ["C:\\log": directory],
          "databases": Dictionary(
            uniqueKeysWithValues: ["M", "A", "L", "P"].map { ($0, database) }),
        ],
        "dr": [
          "sa_password": "secret", "logins": logins,
          "volumes": ["\\\\PROD\\log": directory, "D:\\copy": directory], "databases": copies,
        ],
      ],
      "mirroring": [["database": "M", "principal": "production", "mirror": "dr"]],
      "availability_groups": [
        [
          "name": "ag", "replicas": ["production": [:], "dr": [:]], "primary": "production",
          "databases": ["A"],
        ] as [String: Any]
      ],
      "log_shipping": [
        [
          "database": "L", "primary": "production", "secondary": "dr",
          "backup_directory": "C:\\log", "backup_share": "\\\\PROD\\log",
          "copy_directory": "D:\\copy",
        ]
      ],
    ]
  }

  @Test("each of them, and none but the last statement is refused")
  func raised() async throws {
    // Those that change nothing share a world.
    let shared = Self.causes.filter { $0.world.isEmpty && $0.statements.count == 1 }
    let own = Self.causes.filter { !$0.world.isEmpty || $0.statements.count > 1 }
    for causes in [shared] + own.map({ [$0] }) {
      try await withDirectory { directory in
        try await SQLServerDouble.with(world(directory)) { double in
          for cause in causes { try await expectRaised(cause, double) }
        }
      }
    }
  }

  private func expectRaised(_ cause: Cause, _ double: SQLServerDouble) async throws {
    for request in cause.world {
      let object = try JSONSerialization.jsonObject(with: Data(request.utf8))
      try double.ask(try #require(object as? [String: Any]))
    }
    for (index, (site, statement)) in cause.statements.enumerated() {
      let numbers = try await send(statement, to: site, double)
      let isLast = index == cause.statements.count - 1
      #expect(
        numbers.contains(cause.number) == isLast, "\(cause.number): \(statement): \(numbers)")
      guard isLast else { continue }
      // Of the numbers that come with it, this is the one that is told.
      #expect(
        SQLServerErrors.meaning(of: numbers) == SQLServerErrors.known[cause.number],
        "\(cause.number): \(numbers)")
    }
  }

  @Test("no number of the table is left out, but those that can only be scripted")
  func complete() {
    #expect(
      Set(Self.causes.map(\.number)).union(Self.scripted) == SQLServerErrorTests.documented)
    #expect(Set(Self.causes.map(\.number)).isDisjoint(with: Self.scripted))
  }

  /// The numbers of all that the server said, on success too.
  private func send(
    _ statement: String, to site: Site, _ double: SQLServerDouble
  ) async throws -> [Int] {
    let connection = try await ODBCConnection.open(
      ODBCSettings(
        server: .sqlServer, host: "127.0.0.1", port: try double.port(of: site.rawValue),
        database: "master", user: "sa", password: ODBCPassword { "secret" }, mode: .readWrite,
        encryption: .disabled))
    do {
      return try await connection.perform { session in
        try session.execute(statement)
        return session.warnings.map(\.nativeError)
      }
    } catch let error as ODBCError {
      return error.diagnostics.map(\.nativeError)
    }
  }
}
