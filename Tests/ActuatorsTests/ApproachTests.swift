import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Log-ins that are made before somebody needs them.
@Suite(.serialized)
struct ApproachTests {
  @Test(
    "a host that was approached needs no further log-in, also not when it is asked meanwhile",
    .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
  func host() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        async let asked = world.look(["uname"], on: server.host())
        await world.approach([.host(server.host()), .host(server.host())])
        #expect(try await asked.exitCode == 0)
        #expect(try await world.act(["true"], on: server.host()).exitCode == 0)
        #expect(try server.logIns() == 1)
      }
    }
  }

  @Test(
    "a log-in that fails is no error, and the step that needs the host says why in its own words",
    .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
  func deadHost() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        server.signalAll(SIGKILL)
        await world.approach([.host(server.host())])
        let error = await #expect(throws: ActionError.self) {
          try await world.look(["uname"], on: server.host())
        }
        #expect(error?.code == "host.unreachable")
      }
    }
  }

  @Test(
    "a session that was made beforehand is the one that is used, also by who comes too soon",
    .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
  func database() async throws {
    try await PostgreSQLPair.with { pair in
      let copy = try pair.copy("production")
      let sessions = { () async throws -> String in
        try await pair.sql(
          "production",
          "SELECT string_agg(usename, ' ' ORDER BY usename) FROM pg_stat_activity WHERE application_name = 'lifeboat'"
        )
      }
      try await withWorld { world async throws in
        await world.approach([.reading(copy), .writing(copy)])
        #expect(try await sessions() == "observer postgres")
        _ = try await world.makeObserver().read(copy) { try $0.query("SELECT 1") }
        _ = try await world.makeOperator(token: "t").session(copy) { try $0.query("SELECT 1") }
        #expect(try await sessions() == "observer postgres")
      }
      try await pair.stop("production")
      try await withWorld { world async throws in
        await world.approach([.reading(copy)])
        let error = await #expect(throws: ActionError.self) {
          _ = try await world.makeObserver().read(copy) { try $0.query("SELECT 1") }
        }
        #expect(error?.code == "database.unreachable")
      }
    }
  }
}
