import TestSupport
import Testing

@testable import ODBC

/// Waiting ends: nobody hangs because a server does.
@Suite("Waiting ends", .serialized)
struct PatienceTests {
  private func sleep(_ kind: ODBCSettings.Server, _ seconds: Int) -> String {
    kind == .mariaDB ? "SELECT SLEEP(\(seconds))" : "SELECT pg_sleep(\(seconds))"
  }

  private func timed<Result>(_ body: () async throws -> Result) async rethrows -> (Result, Duration)
  {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try await body()
    return (result, clock.now - start)
  }

  @Test(arguments: TestServer.realKinds)
  func theServerEndsALongStatementItself(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let connection = try await server.open(statement: .seconds(1))
      let (error, time) = try await timed {
        try await failure { try await connection.query(sleep(kind, 60)) }
      }
      #expect(error.kind == .timedOut && !error.isInDoubt, "\(error)")
      #expect(time < .seconds(50))
      #expect(try await connection.query("SELECT 1 AS one")[0]["one"] == .integer(1))
    }
  }

  @Test(arguments: TestServer.realKinds)
  func cancellationEndsTheStatementOnTheServer(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let observer = try await server.open()
      let connection = try await server.open()
      let task = Task { try await connection.query(sleep(kind, 60)) }
      try await eventually("the statement runs") {
        try await observer.query(running(kind)).count == 1
      }
      task.cancel()
      let (error, time) = try await timed { try await failure { try await task.value } }
      #expect(error.kind == .cancelled, "\(error)")
      #expect(time < .seconds(15))
      try await eventually("the server has ended it") {
        try await observer.query(running(kind)).isEmpty
      }
      #expect(try await failure { try await connection.query("SELECT 1") }.kind == .invalidCall)
    }
  }

  @Test(arguments: TestServer.realKinds)
  func aCallThatWaitsItsTurnIsCancelledAlone(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let connection = try await server.open()
      let first = Task { try await connection.query(sleep(kind, 2)) }
      let second = Task { try await connection.query("SELECT 1") }
      second.cancel()
      #expect(try await failure { try await second.value }.kind == .cancelled)
      #expect(try await first.value.count == 1)
      #expect(try await connection.query("SELECT 1").count == 1)
    }
  }

  /// Without `abandon` of the watchman these would wait until the server goes on.
  @Test(arguments: TestServer.realKinds)
  func aHangingServerKeepsNobodyWaiting(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let writer = try await server.open(statement: .seconds(1))
      let reader = try await server.open(.readOnly, statement: .seconds(1))
      let idle = try await server.open(statement: .seconds(1))
      try await writer.execute("CREATE TABLE t (i INTEGER)")
      try await server.server.suspend()
      async let connecting = timed {
        try await failure("connect") {
          try await ODBCConnection.open(server.settings(connect: .seconds(1)))
        }
      }
      async let writing = timed {
        try await failure("insert") { try await writer.execute("INSERT INTO t VALUES (1)") }
      }
      async let reading = timed { try await failure("read") { try await reader.query("SELECT 1") } }
      async let blocking = timed {
        try await failure("idle") {
          try idle.transactionAndWait { try $0.execute("DELETE FROM t") }
        }
      }
      for (what, (error, time), isInDoubt) in [
        ("connect", try await connecting, false), ("write", try await writing, true),
        ("read", try await reading, false), ("transaction", try await blocking, kind == .mariaDB),
      ] {
        #expect(error.kind == .timedOut && error.isInDoubt == isInDoubt, "\(what): \(error)")
        #expect(time > .milliseconds(900) && time < .seconds(20), "\(what): \(time)")
      }
      let again = try await timed {
        try await failure("again") { try await writer.query("SELECT 1") }
      }
      #expect(again.0.kind == .invalidCall && again.1 < .seconds(5), "\(again)")
      server.server.resume()
      let observer = try await server.open()
      let others =
        kind == .mariaDB
        ? "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'admin'"
        : "SELECT pid FROM pg_stat_activity WHERE application_name = 'odbc-tests' AND pid <> pg_backend_pid()"
      try await eventually("abandoned connections end when the server goes on") {
        try await observer.query(others).isEmpty
      }
    }
  }

  /// unixODBC can be set to let one call at a time into a driver.
  @Test(arguments: TestServer.realKinds)
  func connectionsDoNotWaitForEachOther(kind: ODBCSettings.Server) async throws {
    try await TestServer.with(kind) { server in
      let slow = try await (0..<3).asyncMap { _ in try await server.open(statement: .seconds(60)) }
      let quick = try await server.open()
      let sleepers = slow.map { connection in
        Task { _ = try await connection.query(sleep(kind, 50)) }
      }
      try await eventually("three statements run side by side") {
        try await quick.query(running(kind)).count == 3
      }
      for _ in 0..<20 { _ = try await quick.query("SELECT 1") }
      _ = try await server.open().query("SELECT 1")
      #expect(try await quick.query(running(kind)).count == 3, "they waited for the slow ones")
      for sleeper in sleepers { sleeper.cancel() }
      for sleeper in sleepers { _ = try await failure { try await sleeper.value } }
    }
  }

  /// The sleeping statements, as the server sees them.
  private func running(_ kind: ODBCSettings.Server) -> String {
    kind == .mariaDB
      ? "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"
      : "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
  }
}

extension Sequence {
  fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows
    -> [Result]
  {
    var results: [Result] = []
    for element in self { results.append(try await body(element)) }
    return results
  }
}
