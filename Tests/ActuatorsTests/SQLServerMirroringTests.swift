import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Reversing the roles of mirroring, with the double of SQL Server.
@Suite("SQL Server's mirroring (a double)", .serialized)
struct SQLServerMirroringTests {
  private func state(_ pair: SQLServerPair) throws -> String {
    try pair.sql(
      "production",
      "SELECT mirroring_role_desc, mirroring_state_desc FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL",
      database: "master")
  }

  /// What an operating account needs, and not more.
  private static let operating = (
    permissions: ["VIEW SERVER STATE", "ALTER ANY DATABASE"],
    roles: ["db_datareader", "db_ddladmin"]
  )

  @Test("a switchover and what follows it, action by action")
  func switchover() async throws {
    try await SQLServerPair.with(.mirroring, operating: Self.operating) { pair in
      try await expectConforms(try pair.reverse()) { try await pair.standing() }
      #expect(try await pair.roles() == "replica 2, primary 2")
      #expect(try pair.rows("production") == 1)
      let truncate = try pair.make(FailoverTruncate.self, at: "dr")
      try await expectConforms(truncate) { [try await pair.roles(), "\(try pair.rows("dr"))"] }
      #expect(try pair.rows("production") == 0)
      for action in [
        try pair.make(DatabaseWritable.self, at: "dr"),
        try pair.make(ReplicationStatus.self, ["primary": "dr"]),
        try pair.make(ReplicationLag.self, ["maximum": "1h"]),
        try pair.make(FailoverNoForeignGUID.self, at: "dr"),
      ] as [any Action] {
        let verdict = try await pair.look(action).verdict
        #expect(verdict.isSatisfied, "\(type(of: action).schema.name): \(verdict)")
        try await expectConforms(action) { try await pair.standing() }
      }
      try await expectConforms(try pair.reverse(to: "production")) { try await pair.standing() }
      #expect(try await pair.roles() == "primary 3, replica 3")
    }
  }

  @Test("a failover and the way back, action by action")
  func failover() async throws {
    try await SQLServerPair.with(.mirroring, operating: Self.operating) { pair in
      try await expectConforms(try pair.make(DatabaseFence.self, at: "production")) {
        try await pair.standing()
      }
      try await expectConforms(try pair.reverse("ungraceful")) { try await pair.standing() }
      #expect(try await pair.roles() == "stopped 0, primary 2")
      try await expectConforms(try pair.rejoin("production")) { try await pair.standing() }
      #expect(try await pair.roles() == "replica 2, primary 2")
      #expect(try state(pair) == "MIRROR SYNCHRONIZED")
    }
  }

  @Test(
    "a primary that answers is fenced before the mirror is forced, and one that can't be stopped forbids it"
  )
  func rivals() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      try pair.makeUnstoppable("production")
      await #expect(throws: ActionError.self) {
        try await pair.perform(try pair.reverse("ungraceful"))
      }
      #expect(try await pair.roles() == "primary 1, replica 1")
    }
    try await SQLServerPair.with(.mirroring) { pair in
      let evidence = try await pair.perform(try pair.reverse("ungraceful"))
      #expect(evidence.details["fenced"] == ["scheduler@production"])
      #expect(try await pair.roles() == "stopped 0, primary 2")
      let instance = SQLServerInstance(copy: try pair.copy("production"))
      #expect(try await instance.isDisabled(world.makeObserver()))
    }
  }

  @Test(
    "a connection that is cut at the command: the next run completes it",
    arguments: [
      "cut_before", "cut_after",
    ])
  func cutAtTheCommand(_ action: String) async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      for (mode, target, site) in [
        ("graceful", "dr", "production"), ("ungraceful", "production", "production"),
      ] {
        try pair.double.ask([
          "do": "fault", "match": "SET PARTNER", "action": action, "instance": site,
        ])
        let reversal = try pair.reverse(to: target, mode)
        let error = await #expect(throws: ActionError.self) { try await pair.perform(reversal) }
        #expect(error?.kind == .inDoubt, "\(mode)")
        if mode == "graceful" {
          try await eventually("the roles settle") { try await pair.roles().contains("primary") }
        }
        try await pair.perform(reversal)
        #expect(try await pair.look(reversal).verdict.isSatisfied, "\(mode)")
      }
    }
  }

  @Test("what the old primary alone had is named, and a person agrees before it is thrown away")
  func divergence() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      try pair.double.ask(["do": "set", "mirroring": "JAMS", "changes": ["lagging": true]])
      try pair.sql("production", "INSERT INTO dbo.Failover VALUES (NEWID(), N'lost', NULL)")
      #expect(try pair.rows("dr") == 1)
      try await pair.perform(try pair.reverse("ungraceful"))
      let rejoin = try pair.rejoin("production")
      let stopped = try await pair.look(rejoin).observation
      // Its server doesn't run: nobody can say what it has.
      #expect(rejoin.consent(for: stopped)?.prompt.contains("that can't be told") == true)
      try await pair.control("set-start-type", "production", "automatic")
      try await pair.control("start", "production")
      let seen = try await pair.look(rejoin).observation
      #expect(seen["scheduler@production", "diverged"] == true)
      let question = try #require(rejoin.consent(for: seen))
      #expect(question.prompt.contains("the log beyond LSN"), "\(question.prompt)")
      try await pair.perform(rejoin)
      #expect(try await pair.roles() == "replica 2, primary 2")
      #expect(try pair.rows("production") == 1)
    }
  }

  @Test("a failover that was accepted and comes to nothing is told, and can be done again")
  func comesToNothing() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      try pair.double.ask(["do": "set", "mirroring": "JAMS", "changes": ["failing": true]])
      let action = try pair.reverse(to: "dr", "graceful", ["drain_timeout": "400ms"])
      let error = await #expect(throws: ActionError.self) { try await pair.perform(action) }
      #expect(error?.code == "replication.not_in_time")
      #expect(error?.message.contains("scheduler@dr is MIRROR") == true)
      #expect(error?.advice?.contains("came to nothing") == true)
      try pair.double.ask(["do": "look", "times": 3])
      #expect(try await pair.roles() == "primary 1, replica 1")
      try await pair.perform(try pair.reverse())
      #expect(try await pair.roles() == "replica 2, primary 2")
    }
  }

  @Test(
    "without safety FULL, and while it isn't synchronized, nothing is reversed gracefully",
    arguments: [
      ("mirroring-safety-full", "safety", "OFF" as any Sendable & Equatable),
      ("mirroring-synchronized", "lagging", true), ("mirroring-synchronized", "suspended", true),
    ] as [(String, String, any Sendable & Equatable)])
  func guards(id: String, attribute: String, value: any Sendable & Equatable) async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      try pair.double.ask(["do": "set", "mirroring": "JAMS", "changes": [attribute: value]])
      let action = try pair.reverse()
      guard case .violated = try await pair.finding(id, of: action) else {
        Issue.record("\(id) holds")
        return
      }
      // Also where nobody looked before: the principal is asked again, and nothing is sent.
      let seen = try await pair.look(action).observation
      let error = await #expect(throws: ActionError.self) {
        try await action.act(world.makeOperator(token: "t"), given: seen)
      }
      #expect(error?.code == "replication.not_synchronized")
      #expect(try await pair.roles() == "primary 1, replica 1")
    }
  }

  @Test("without the permission to see it, mirroring is not taken for absent")
  func permissions() async throws {
    try await SQLServerPair.with(.mirroring, permissions: []) { pair in
      let status = try pair.make(ReplicationStatus.self)
      let observation = try await pair.look(status).observation
      for site in SQLServerPair.sites {
        let gap = observation.gap("scheduler@\(site)", "role")
        #expect(gap?.contains("may not see") == true, "\(gap ?? "")")
      }
    }
    try await SQLServerPair.with(.mirroring, permissions: ["VIEW SERVER STATE"]) { pair in
      let observation = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      #expect(observation["scheduler@production", "role"] == "primary")
      #expect(observation.gap("scheduler@dr", "role")?.contains("sysadmin") == true)
    }
  }

  @Test("a database whose mirroring was ended is said not to be mirrored")
  func notMirrored() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      try pair.sql("production", "ALTER DATABASE JAMS SET PARTNER OFF", database: "master")
      let observation = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      for site in SQLServerPair.sites {
        let gap = observation.gap("scheduler@\(site)", "role")
        #expect(gap?.contains("is not mirrored") == true, "\(gap ?? "")")
      }
    }
  }

  @Test("as_of is known only while each commit waits for the mirror")
  func asOf() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      let lag = try pair.make(ReplicationLag.self, ["maximum": "1m"])
      #expect(try await pair.look(lag).verdict.isSatisfied)
      for changes in [["suspended": true], ["suspended": false, "safety": "OFF"]] as [[String: Any]]
      {
        try pair.double.ask(["do": "set", "mirroring": "JAMS", "changes": changes])
        let (observation, verdict) = try await pair.look(lag)
        #expect(observation["scheduler@dr", "as_of"] == nil)
        #expect(!verdict.isSatisfied, "\(verdict)")
      }
    }
  }

  @Test("wherever the runner dies, running the step again completes it", arguments: 0...4)
  func dying(after calls: Int) async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      for mode in ["graceful", "ungraceful"] {
        let target = try await pair.roles().hasPrefix("primary") ? "dr" : "production"
        let action = try pair.reverse(to: target, mode)
        let mortal = MortalOperator(world.makeOperator(token: "t"), after: calls)
        let seen = try await pair.look(action).observation
        do { _ = try await action.act(mortal, given: seen) } catch is MortalOperator.Died {}
        try await pair.perform(action)
        let verdict = try await pair.look(action).verdict
        #expect(verdict.isSatisfied, "\(mode): \(verdict)")
      }
    }
  }

  @Test("every action keeps its word when its target can't be asked")
  func unreachable() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      let dark = try await pair.darkened("production")
      try await dark.expectConformance()
      try await expectConformsUnreachable([try dark.make(FailoverTruncate.self, at: "production")])
      let forced = try dark.make(ReplicationReverse.self, ["to": "dr", "mode": "ungraceful"])
      let evidence = try await pair.perform(forced)
      #expect(evidence.details["given_up"]?.list?.count == 1)
      #expect(try pair.sql("dr", "SELECT COUNT(*) FROM dbo.Failover") == "1")
    }
  }
}
