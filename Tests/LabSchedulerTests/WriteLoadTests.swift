import Foundation
import Glibc
import ODBC
import TestSupport
import Testing

@testable import LabScheduler

@Suite("The writing client", .serialized)
struct WriteLoadTests {
  @Test func itFindsThePromotedStandbyAndKeepsAccount() async throws {
    try await SchedulerServer.with(.postgresql) { primary in
      let primaryServer = try #require(primary.server as? TestSupport.PostgreSQLServer)
      let standby = try await TestSupport.PostgreSQLServer.createStandby(of: primaryServer)
      let result: Result<Void, any Error>
      do {
        result = .success(try await moveUnderLoad(primary, standby))
      } catch { result = .failure(error) }
      try await standby.destroy()
      try result.get()
    }
  }

  private func moveUnderLoad(_ primary: SchedulerServer, _ standby: TestSupport.PostgreSQLServer)
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let output = "\(directory)/load.jsonl"
      let file = try primary.writeConfiguration(
        in: directory, copies: [primary.server, standby])
      let load = try start(file, output)
      try await acknowledged(in: output, on: primary.server, atLeast: 50)
      try await primary.server.suspend()
      let hungAt = Clock.uptimeMilliseconds
      let admin = try await ODBCConnection.open(
        SchedulerServer.adminSettings(.postgresql, standby))
      try await admin.execute("SELECT pg_promote(true, 60)")
      try await acknowledged(in: output, on: standby, atLeast: 50)
      try await end(load)

      let first = try attempts(output)
      #expect(first.map(\.number) == Array(1...first.count), "no number is missing or used twice")
      let outage = try #require(
        first.first { $0.acknowledged && $0.copy?.hasSuffix(":\(standby.port)") == true })
      #expect(outage.endedUptimeMs - hungAt < 5000, "a hanging primary keeps nobody")
      let written = try await admin.query("SELECT number FROM load").map { $0.values[0] }
      // Nothing was on its way when the primary hung for longer than a statement may take.
      let there = Set(written)
      let missing = first.filter { $0.acknowledged && !there.contains(.integer($0.number)) }
      #expect(missing.count <= 1, "\(missing)")

      let again = try start(file, output)
      try await eventually("a second run appends") {
        try attempts(output).last?.acknowledged == true && attempts(output).count > first.count + 20
      }
      try await end(again)
      let all = try attempts(output)
      #expect(all.map(\.number) == Array(1...all.count))
    }
  }

  @Test(arguments: DatabaseKind.allCases)
  func anOutageIsWrittenDownAndOver(kind: DatabaseKind) async throws {
    try await SchedulerServer.with(kind) { server in
      try await TemporaryDirectory.with { directory in
        let output = "\(directory)/load.jsonl"
        let file = try server.writeConfiguration(in: directory, copies: [server.server])
        let load = try start(file, output)
        try await acknowledged(in: output, on: server.server, atLeast: 20)
        try await server.server.kill()
        try await eventually("attempts fail") { try attempts(output).last?.acknowledged == false }
        try await server.server.start()
        let before = try attempts(output).count
        try await acknowledged(in: output, on: server.server, atLeast: 40)
        try await end(load)
        let all = try attempts(output)
        #expect(all.count > before)
        let acknowledged = all.filter(\.acknowledged).map(\.number)
        let inDoubt = all.filter(\.inDoubt).map(\.number)
        let there = try await server.query(
          "SELECT number FROM \(kind == .mariadb ? "`load`" : "load")"
        )
        .compactMap { row in if case .integer(let n) = row.values[0] { n } else { nil } }
        #expect(Set(acknowledged).isSubset(of: there))
        #expect(Set(there).isSubset(of: Set(acknowledged).union(inDoubt)))
      }
    }
  }

  private func start(_ file: String, _ output: String) throws -> ServerProcess {
    try ServerProcess(
      [Program.executable, "write-load", "--config", file, "--output", output],
      log: "\(output).log")
  }

  private func end(_ load: ServerProcess) async throws {
    load.signal(SIGTERM)
    try await eventually("the client ends") { !load.isRunning }
    load.release()
  }

  private func attempts(_ output: String) throws -> [LoadAttempt] {
    // The last line may be half written.
    guard let data = FileManager.default.contents(atPath: output),
      let end = data.lastIndex(of: UInt8(ascii: "\n"))
    else { return [] }
    let whole = data.prefix(through: end)
    return try whole.split(separator: UInt8(ascii: "\n")).map {
      try JSON.decode(LoadAttempt.self, from: Data($0))
    }
  }

  private func acknowledged(in output: String, on server: any DatabaseServer, atLeast count: Int)
    async throws
  {
    let copy = "\(server.host):\(server.port)"
    try await eventually("\(count) rows on \(copy)") {
      try attempts(output).count { $0.acknowledged && $0.copy == copy } >= count
    }
  }
}
