import Foundation
import TestSupport
import Testing

@testable import ODBC

/// A real server and the ways to reach it.
struct TestServer: Sendable {
  /// Those that can be had; for SQL Server there is a double, with tests of its own.
  static let realKinds: [ODBCSettings.Server] = [.postgreSQL, .mariaDB]

  let kind: ODBCSettings.Server
  let server: any DatabaseServer

  static func with(
    _ kind: ODBCSettings.Server, _ configuration: [String: String] = [:],
    _ body: (TestServer) async throws -> Void
  ) async throws {
    let server: any DatabaseServer =
      switch kind {
      case .postgreSQL: try await PostgreSQLServer.create(configuration)
      case .mariaDB: try await MariaDBServer.create(configuration)
      case .sqlServer: throw NeverFailed(what: "the double has tests of its own")
      }
    let result: Result<Void, any Error>
    do { result = .success(try await body(TestServer(kind: kind, server: server))) } catch {
      result = .failure(error)
    }
    try await server.destroy()
    try result.get()
  }

  var settings: ODBCSettings { settings() }

  func settings(
    _ mode: ODBCSettings.Mode = .readWrite, connect: Duration = .seconds(10),
    statement: Duration = .seconds(20)
  ) -> ODBCSettings {
    let password = server.password
    return ODBCSettings(
      server: kind, host: server.host, port: server.port, database: server.database,
      user: server.user, password: ODBCPassword { password }, mode: mode, connectTimeout: connect,
      statementTimeout: statement, applicationName: "odbc-tests")
  }

  func open(_ mode: ODBCSettings.Mode = .readWrite, statement: Duration = .seconds(20)) async throws
    -> ODBCConnection
  {
    try await ODBCConnection.open(settings(mode, statement: statement))
  }
}

/// The error that `body` throws.
func failure<Result>(_ what: String = "it", _ body: () async throws -> Result) async throws
  -> ODBCError
{
  do {
    _ = try await body()
  } catch let error as ODBCError {
    return error
  }
  throw NeverFailed(what: what)
}

struct NeverFailed: Error { let what: String }

/// A server for tests that leave nothing behind: made when first wanted, one of each kind.
enum SharedServer {
  private static let postgreSQL = Task { try await PostgreSQLServer.create() }
  private static let mariaDB = Task { try await MariaDBServer.create() }

  static func with(
    _ kind: ODBCSettings.Server, _ body: (TestServer) async throws -> Void
  ) async throws {
    let server: any DatabaseServer =
      switch kind {
      case .postgreSQL: try await postgreSQL.value
      case .mariaDB: try await mariaDB.value
      case .sqlServer: throw NeverFailed(what: "the double has tests of its own")
      }
    try await body(TestServer(kind: kind, server: server))
  }
}
