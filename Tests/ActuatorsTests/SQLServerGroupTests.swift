import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Failing over availability groups, with the double of SQL Server.
@Suite("SQL Server's availability groups (a double)", .serialized)
struct SQLServerGroupTests {
  static let group = "group ]'\"ö"
  /// What a watching account needs, and not more.
  static let watching = ["VIEW SERVER STATE", "VIEW ANY DEFINITION"]
  /// What an operating one needs besides.
  private static let operating =
    watching + ["ALTER ANY DATABASE", "ALTER ANY AVAILABILITY GROUP"]

  private func with(
    permissions: [String]? = watching, _ body: (SQLServerPair) async throws -> Void
  ) async throws {
    try await SQLServerPair.with(
      .availabilityGroup, permissions: permissions,
      operating: (Self.operating, ["db_datareader", "db_ddladmin"]), body)
  }

  private func set(
    _ pair: SQLServerPair, replica: String? = nil, _ changes: [String: any Sendable]
  ) throws {
    var request: [String: Any] = ["do": "set", "group": Self.group, "changes": changes]
    if let replica { request["replica"] = replica }
    try pair.double.ask(request)
  }

  @Test("a switchover and what follows it, action by action")
  func switchover() async throws {
    try await with { pair in
      try await expectConforms(try pair.reverse()) { try await pair.standing() }
      #expect(try await pair.roles() == "replica 0, primary 0")
      let truncate = try pair.make(FailoverTruncate.self, at: "dr")
      try await expectConforms(truncate) { [try await pair.roles(), "\(try pair.rows("dr"))"] }
      for action in [
        try pair.make(DatabaseWritable.self, at: "dr"),
        try pair.make(ReplicationStatus.self, ["primary": "dr"]),
        try pair.make(ReplicationLag.self, ["maximum": "1m"]),
        try pair.make(FailoverNoForeignGUID.self, at: "dr"),
      ] as [any Action] {
        let verdict = try await pair.look(action).verdict
        #expect(verdict.isSatisfied, "\(type(of: action).schema.name): \(verdict)")
        try await expectConforms(action) { try await pair.standing() }
      }
      try await expectConforms(try pair.reverse(to: "production")) { try await pair.standing() }
      #expect(try await pair.roles() == "primary 0, replica 0")
    }
  }

  @Test("a failover and the way back, action by action")
  func failover() async throws {
    try await with { pair in
      try await expectConforms(try pair.make(DatabaseFence.self, at: "production")) {
        try await pair.standing()
      }
      let target = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      #expect(target["scheduler@dr", AvailabilityState.roleFact] == "RESOLVING")
      #expect(target["scheduler@dr", "writable"] == false)
      try await expectConforms(try pair.reverse("ungraceful")) { try await pair.standing() }
      #expect(try await pair.roles() == "stopped 0, primary 0")
      let rejoin = try pair.rejoin("production")
      let seen = try await pair.look(rejoin).observation
      #expect(rejoin.consent(for: seen)?.prompt.contains("that can't be told") == true)
      try await expectConforms(rejoin) { try await pair.standing() }
      #expect(try await pair.roles() == "replica 0, primary 0")
    }
  }

  @Test(
    "a primary that answers is fenced before the failover is forced, and one that can't be stopped forbids it"
  )
  func rivals() async throws {
    try await with { pair in
      try pair.makeUnstoppable("production")
      await #expect(throws: ActionError.self) {
        try await pair.perform(try pair.reverse("ungraceful"))
      }
      #expect(try await pair.roles() == "primary 0, replica 0")
    }
    try await with { pair in
      let evidence = try await pair.perform(try pair.reverse("ungraceful"))
      #expect(evidence.details["fenced"] == ["scheduler@production"])
      let instance = SQLServerInstance(copy: try pair.copy("production"))
      #expect(try await instance.isDisabled(world.makeObserver()))
    }
  }

  @Test("that bringing the group online takes too long is a mere message: the roles tell")
  func timesOut() async throws {
    try await with { pair in
      try set(pair, ["times_out": true])
      try await pair.perform(try pair.reverse())
      #expect(try await pair.roles() == "replica 0, primary 0")
    }
  }

  @Test("a failover that was accepted and comes to nothing is told, and can be done again")
  func comesToNothing() async throws {
    try await with { pair in
      try set(pair, ["failing": true, "times_out": true])
      let action = try pair.reverse(to: "dr", "graceful", ["drain_timeout": "400ms"])
      let error = await #expect(throws: ActionError.self) { try await pair.perform(action) }
      #expect(error?.code == "replication.not_in_time")
      #expect(error?.message.contains("scheduler@dr is SECONDARY") == true)
      try pair.double.ask(["do": "look", "times": 3])
      #expect(try await pair.roles() == "primary 0, replica 0")
      try await pair.perform(try pair.reverse())
      #expect(try await pair.roles() == "replica 0, primary 0")
    }
  }

  @Test("a replica that isn't ready, or doesn't hear each commit, isn't failed over to gracefully")
  func guards() async throws {
    let cases: [(id: String, replica: String, changes: [String: any Sendable])] = [
      ("group-synchronous-commit", "dr", ["mode": "ASYNCHRONOUS_COMMIT"]),
      ("group-synchronous-commit", "production", ["mode": "ASYNCHRONOUS_COMMIT"]),
      ("group-failover-ready", "dr", ["suspended": ["JAMS"]]),
      ("group-failover-ready", "dr", ["lagging": ["JAMS"]]),
    ]
    for each in cases {
      try await with { pair in
        try set(pair, replica: each.replica, each.changes)
        let action = try pair.reverse()
        guard case .violated = try await pair.finding(each.id, of: action) else {
          Issue.record("\(each) holds")
          return
        }
        // The server refuses as well, in words of its own.
        let seen = try await pair.look(action).observation
        let error = await #expect(throws: ActionError.self) {
          try await action.act(world.makeOperator(token: "t"), given: seen)
        }
        #expect(error?.message.contains(", 41142]") == true, "\(String(describing: error))")
        #expect(try await pair.roles().hasPrefix("primary"))
      }
    }
  }

  @Test(
    "what the replica says of itself when it fails, or has no quorum", arguments: [41144, 41146])
  func failedReplica(_ number: Int) async throws {
    try await with { pair in
      if number == 41144 {
        try set(pair, replica: "dr", ["error_number": 41144])
      } else {
        try set(pair, ["has_quorum": false])
      }
      let action = try pair.reverse("ungraceful")
      let error = await #expect(throws: ActionError.self) { try await pair.perform(action) }
      #expect(error?.message.contains(", \(number)]") == true, "\(String(describing: error))")
    }
  }

  @Test("without its permissions the account is told what it lacks")
  func permissions() async throws {
    try await with(permissions: ["VIEW SERVER STATE"]) { pair in
      let observation = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      #expect(
        observation.gap("scheduler@dr", "role")?.contains("VIEW ANY DEFINITION") == true
          || observation.gap("scheduler@dr", "role")?.contains("may not see") == true)
    }
    try await with(permissions: ["VIEW ANY DEFINITION"]) { pair in
      let observation = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      let gap = observation.gap("scheduler@dr", "role")
      #expect(gap?.contains("VIEW SERVER STATE") == true, "\(gap ?? "")")
    }
  }

  @Test("a database that is in no group is said not to be")
  func notInAGroup() async throws {
    try await SQLServerPair.with(.availabilityGroup, permissions: Self.watching) { pair in
      try set(pair, ["databases": [String]()])
      let observation = try await pair.look(try pair.make(ReplicationStatus.self)).observation
      let gap = observation.gap("scheduler@dr", "role")
      #expect(gap?.contains("in no availability group") == true, "\(gap ?? "")")
    }
  }

  @Test("as_of is the time of the last commit that is there, when not every commit waits")
  func asOf() async throws {
    try await with { pair in
      try set(pair, replica: "dr", ["lagging": ["JAMS"]])
      let lag = try pair.make(ReplicationLag.self, ["maximum": "1h"])
      let (observation, verdict) = try await pair.look(lag)
      #expect(observation["scheduler@dr", "as_of"]?.string?.hasSuffix("Z") == true)
      #expect(verdict.isSatisfied, "\(verdict)")
    }
  }

  @Test("wherever the runner dies, running the step again completes it", arguments: 0...4)
  func dying(after calls: Int) async throws {
    try await with { pair in
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

  @Test(
    "a connection that is cut at the command: the next run completes it",
    arguments: [
      "cut_before", "cut_after",
    ])
  func cutAtTheCommand(_ action: String) async throws {
    try await with { pair in
      for (mode, target) in [("graceful", "dr"), ("ungraceful", "production")] {
        try pair.double.ask([
          "do": "fault", "match": "ALTER AVAILABILITY", "action": action, "instance": target,
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
}
