import Engine
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The safety properties, each refused for its own reason, in the real lab.
@Suite(.serialized) struct GuardTests {
  private func finding(
    _ id: String, of action: some ActingAction, _ lab: TestLab
  ) async throws -> String {
    let observation = try await action.probe(world.makeObserver())
    let each = try #require(action.guards.first { $0.id == id })
    switch each.check(observation) {
    case .holds: return "holds"
    case .violated: return "violated"
    case .unknown: return "unknown"
    }
  }

  private func waitForControl(_ site: String, _ lab: TestLab) async throws {
    let action = try lab.make(FailoverInControl.self, on: "scheduler@\(site)")
    try await eventually("\(site) in control") { try await lab.look(action).verdict.isSatisfied }
  }

  @Test("truncating is refused while production runs, and while the copy is a replica")
  func truncateTooEarly() async throws {
    try await TestLab.with { lab in
      try await waitForControl("production", lab)
      let truncate = try lab.make(FailoverTruncate.self, on: "scheduler@dr")
      try await eventually("production's GUID in the copy") {
        try await lab.look(truncate).verdict.name == "needed"
      }
      #expect(try await finding("other-schedulers-stopped", of: truncate, lab) == "violated")
      #expect(try await finding("database-is-primary", of: truncate, lab) == "violated")
      #expect(try await finding("is-target-sites-own", of: truncate, lab) == "violated")
      #expect(try await finding("own-scheduler-stopped", of: truncate, lab) == "holds")
      try await lab.stop("production")
      #expect(try await finding("other-schedulers-stopped", of: truncate, lab) == "holds")
      #expect(try await finding("database-is-primary", of: truncate, lab) == "violated")
      try await lab.reverse(to: "dr")
      for each in truncate.guards {
        #expect(try await finding(each.id, of: truncate, lab) == "holds", "\(each.id)")
      }
    }
  }

  @Test("the live site's table is never truncated, whatever is in it")
  func truncateLiveSite() async throws {
    try await TestLab.with { lab in
      try await waitForControl("production", lab)
      let truncate = try lab.make(FailoverTruncate.self, on: "scheduler@production")
      // Only its own GUID: there is nothing to do.
      #expect(try await lab.look(truncate).verdict.isSatisfied)
      let now = Timestamp.text(SystemTime().now())
      try lab.execute(
        "production", "INSERT INTO Failover VALUES ('FOREIGN', 'h', '\(now)', '\(now)')")
      let verdict = try await lab.look(truncate).verdict
      #expect(verdict.name == "needed", "\(verdict)")
      #expect(try await finding("own-scheduler-stopped", of: truncate, lab) == "violated")
    }
  }

  @Test("a table that somebody writes to is not truncated, whatever the guards say")
  func truncateMoved() async throws {
    try await withDirectory { directory in
      let database = try TestDatabase(in: directory)
      try database.state("production", "role = 'replica'")
      try database.state("dr", "role = 'primary', epoch = 2")
      let truncate = try database.make(FailoverTruncate.self, at: "dr")
      for change in [
        "UPDATE Failover SET acquired_at = 'now'", "INSERT INTO Failover (guid) VALUES ('OTHER')",
        "UPDATE replication_state SET role = 'replica'",
      ] {
        let observation = try await truncate.probe(world.makeObserver())
        try database.execute("dr", change)
        let error = await #expect(throws: ActionError.self) {
          try await truncate.act(world.makeOperator(token: "t"), given: observation)
        }
        #expect(error?.code == "failover_table.moved")
        #expect(try !database.strings("dr", "SELECT guid FROM Failover").isEmpty)
      }
      try database.state("dr", "role = 'primary'")
      let fresh = try await truncate.probe(world.makeObserver())
      let evidence = try await truncate.act(world.makeOperator(token: "t"), given: fresh)
      #expect(evidence.details["rows_removed"] == 2)
      #expect(try database.strings("dr", "SELECT guid FROM Failover") == [])
      // Every row, with every column, is in the observation that is journalled before.
      let kept = fresh["scheduler@dr", "failover_rows"]?.list
      #expect(kept?.count == 2)
      #expect(kept?.last?.mapping?["note"] == "x'00ff'")
      #expect(kept?.last?.mapping?["acquired_at"] == "now")
    }
  }

  @Test("starting is refused while the other scheduler runs, on a replica, and with a foreign GUID")
  func startTooEarly() async throws {
    try await TestLab.with { lab in
      try await waitForControl("production", lab)
      let start = try lab.make(ServiceStart.self, on: "dr.scheduler")
      try await eventually("production's GUID in the copy") {
        try await finding("no-foreign-guid", of: start, lab) == "violated"
      }
      #expect(try await finding("other-schedulers-stopped", of: start, lab) == "violated")
      #expect(try await finding("database-is-primary", of: start, lab) == "violated")
      try await lab.stop("production")
      try await lab.reverse(to: "dr")
      #expect(try await finding("other-schedulers-stopped", of: start, lab) == "holds")
      #expect(try await finding("database-is-primary", of: start, lab) == "holds")
      #expect(try await finding("no-foreign-guid", of: start, lab) == "violated")
      try await lab.perform(try lab.make(FailoverTruncate.self, on: "scheduler@dr"))
      #expect(try await finding("no-foreign-guid", of: start, lab) == "holds")
    }
  }

  @Test("reversing is refused while the old primary's scheduler runs; a dead one counts as nothing")
  func reverseTooEarly() async throws {
    try await TestLab.with { lab in
      try await waitForControl("production", lab)
      let reverse = try lab.make(
        ReplicationReverse.self, on: "scheduler", ["to": "dr", "mode": "graceful"])
      #expect(
        try await finding("old-primarys-scheduler-stopped", of: reverse, lab) == "violated")
      #expect(try await finding("source-reachable", of: reverse, lab) == "holds")
      try await lab.strikeProduction()
      #expect(try await finding("old-primarys-scheduler-stopped", of: reverse, lab) == "unknown")
      #expect(try await finding("source-reachable", of: reverse, lab) == "unknown")
      #expect(try await finding("target-reachable", of: reverse, lab) == "holds")
      let back = try lab.make(
        ReplicationReverse.self, on: "scheduler", ["to": "production", "mode": "ungraceful"])
      #expect(try await finding("target-reachable", of: back, lab) == "unknown")
    }
  }

  @Test("a person's word for a dead site opens the guards, and only for what can't be asked")
  func attested() async throws {
    try await TestLab.with { lab in
      try await waitForControl("production", lab)
      let stop = try lab.make(ServiceStop.self, on: "production.scheduler")
      let alive = try await lab.look(stop).observation
      try await lab.strikeProduction()
      let dead = try await lab.look(stop)
      #expect(dead.verdict.name == "unknown")
      let vouched = try #require(stop.predict(dead.observation)).facts
      // Nobody can vouch for the start type of a machine that is off.
      #expect(Set(vouched.map(\.key.property)) == ["state"])
      #expect(stop.judge(dead.observation.filled(with: vouched)).isSatisfied)
      #expect(!stop.judge(alive.filled(with: vouched)).isSatisfied)
      let reverse = try lab.make(
        ReplicationReverse.self, on: "scheduler", ["to": "dr", "mode": "ungraceful"])
      let seen = try await lab.look(reverse).observation.filled(with: vouched)
      for each in reverse.guards { #expect(each.check(seen) == .holds, "\(each.id)") }
    }
  }
}
