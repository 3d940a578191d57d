import Foundation
import ODBC
import TestSupport

/// A double with two instances and a mirrored database between them.
struct SQLServerWorld: Sendable {
  let double: SQLServerDouble
  let port: Int

  static func with(
    logins: [String: Any] = [:], tls: [String: Any]? = nil,
    _ body: (SQLServerWorld) async throws -> Void
  ) async throws {
    var production: [String: Any] = [
      "sa_password": "secret", "logins": logins, "databases": ["JAMS": [String: Any]()],
      "backup_pause_ms": 100,
    ]
    if let tls { production["tls"] = tls }
    let world: [String: Any] = [
      "instances": [
        "PROD": production,
        "DR": ["sa_password": "secret", "databases": ["JAMS": [String: Any]()]],
      ],
      "mirroring": [["database": "JAMS", "principal": "PROD", "mirror": "DR"]],
    ]
    try await SQLServerDouble.with(world) { double in
      try await body(SQLServerWorld(double: double, port: double.port(of: "PROD")))
    }
  }

  func settings(
    _ mode: ODBCSettings.Mode = .readWrite, database: String = "JAMS",
    statement: Duration = .seconds(20)
  ) -> ODBCSettings {
    ODBCSettings(
      server: .sqlServer, host: "127.0.0.1", port: port, database: database, user: "sa",
      password: ODBCPassword { "secret" }, mode: mode, encryption: .disabled,
      connectTimeout: .seconds(5), statementTimeout: statement, applicationName: "odbc-tests")
  }

  /// A connection that is encrypted in this way.
  func open(_ encryption: ODBCSettings.Encryption, host: String = "127.0.0.1") async throws
    -> ODBCConnection
  {
    var settings = settings(database: "master")
    settings.encryption = encryption
    settings.host = host
    return try await ODBCConnection.open(settings)
  }

  func open(
    _ mode: ODBCSettings.Mode = .readWrite, database: String = "JAMS",
    statement: Duration = .seconds(20)
  ) async throws -> ODBCConnection {
    try await ODBCConnection.open(settings(mode, database: database, statement: statement))
  }
}

let hostileTexts = [
  "", " ", "ä€😀", "O'Brien \"x\" `y` \\ % _ [z] ]", "a\nb\r\nc\t", "{d '2020-01-01'}; ? -- /*",
  "$(whoami) `id` \u{1}\u{2}", String(repeating: "ö😀", count: 1300),
  String(repeating: "ö😀", count: 9000),
]
