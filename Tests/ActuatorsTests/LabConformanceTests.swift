import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Actions upon the real lab: scheduler programs, replicators and databases at work.
@Suite(.serialized) struct LabConformanceTests {
  private func expectConformance(
    _ action: some Action, _ lab: TestLab,
    of part: @escaping @Sendable (String) -> Bool = { _ in true }
  ) async throws {
    try await expectConforms(action) { try await lab.standing().filter(part) }
  }

  private func inControl(_ site: String, _ lab: TestLab) async throws {
    let action = try lab.make(FailoverInControl.self, on: "scheduler@\(site)")
    try await eventually("\(site) in control") { try await lab.look(action).verdict.isSatisfied }
  }

  @Test("a switchover, action by action: each conforms where it is needed")
  func switchover() async throws {
    try await TestLab.with { lab in
      try await inControl("production", lab)

      let stop = try lab.make(ServiceStop.self, on: "production.scheduler")
      try await expectConformance(stop, lab)

      let reverse = try lab.make(
        ReplicationReverse.self, on: "scheduler", ["to": "dr", "mode": "graceful"])
      try await expectConformance(reverse, lab)

      let truncate = try lab.make(FailoverTruncate.self, on: "scheduler@dr")
      let noForeign = try lab.make(FailoverNoForeignGUID.self, on: "scheduler@dr")
      guard case .needed = try await lab.look(noForeign).verdict else {
        Issue.record("production's GUID is not in the copy")
        return
      }
      try await expectConformance(noForeign, lab)
      try await expectConformance(truncate, lab)
      #expect(try await lab.look(noForeign).verdict.isSatisfied)

      let control = try lab.make(FailoverInControl.self, on: "scheduler@dr")
      try await expectConformance(control, lab)

      let start = try lab.make(ServiceStart.self, on: "dr.scheduler")
      let beforeStart = try await lab.look(start).observation
      // A started server takes control at a moment of its own: whose GUID is in the table is left out.
      try await expectConformance(start, lab) { $0.contains("/") }

      // What the rehearsal would have foreseen, with the services' start laid over what was seen then.
      let foreseen = try await lab.look(control).observation
        .overlaid(with: try #require(start.predict(beforeStart)).facts)
      let prediction = try #require(control.predict(foreseen))
      try await inControl("dr", lab)
      let seen = try await lab.look(control).observation
      for fact in prediction.facts { #expect(seen[fact.key]?.reading == fact.reading) }

      let running = try lab.make(ServiceStatus.self, on: "dr.scheduler", ["expect": "running"])
      try await expectConformance(running, lab)
      #expect(try await lab.look(running).verdict.isSatisfied)
    }
  }

  @Test("an ungraceful reversal conforms when production is dead, and when it answers after all")
  func ungraceful() async throws {
    try await TestLab.with { lab in
      try await inControl("production", lab)
      try await lab.stop("production")
      let reverse = try lab.make(
        ReplicationReverse.self, on: "scheduler", ["to": "dr", "mode": "ungraceful"])
      try await expectConformance(reverse, lab)
      #expect(try lab.role("dr") == "primary")
      #expect(try lab.role("production") == "replica")
    }
    try await TestLab.with { lab in
      try await inControl("production", lab)
      try await lab.strikeProduction()
      let reverse = try lab.make(
        ReplicationReverse.self, on: "scheduler", ["to": "dr", "mode": "ungraceful"])
      let sight = try await lab.look(reverse)
      guard case .needed = sight.verdict else {
        Issue.record("\(sight.verdict)")
        return
      }
      // Nobody has vouched for production's services yet.
      let dead = try #require(reverse.guards.first { $0.id == "old-primarys-scheduler-stopped" })
      guard case .unknown = dead.check(sight.observation) else {
        Issue.record("a dead host counts as stopped")
        return
      }
      let evidence = try await reverse.act(
        world.makeOperator(token: "t"), given: sight.observation)
      #expect(evidence.details["promoted"] == "scheduler@dr")
      #expect(evidence.details["as_of"]?.string != nil)
      #expect(evidence.details["given_up"]?.list?.count == 1)
      #expect(try await lab.look(reverse).verdict.isSatisfied)
      #expect(try lab.role("dr") == "primary")
    }
  }

  @Test("every action keeps its word when its target can't be asked")
  func unreachable() async throws {
    try await TestLab.with { lab in
      try await inControl("production", lab)
      try await lab.strikeProduction()
      let actions: [any Action] = [
        try lab.make(ServiceStop.self, on: "production.scheduler"),
        try lab.make(ServiceStart.self, on: "production.scheduler"),
        try lab.make(ServiceStatus.self, on: "production.scheduler", ["expect": "running"]),
        try lab.make(
          ReplicationReverse.self, on: "scheduler", ["to": "production", "mode": "graceful"]),
        try lab.make(
          ReplicationLag.self, on: "scheduler", ["maximum": "1ms", "to": "production"]),
        try lab.make(FailoverTruncate.self, on: "scheduler@production"),
        try lab.make(FailoverNoForeignGUID.self, on: "scheduler@production"),
        try lab.make(FailoverInControl.self, on: "scheduler@production"),
        try lab.make(PathDirectory.self, on: "production.scheduler", ["path": "default-logs"]),
        try lab.make(
          PathShared.self,
          ["path": "scheduler-logs", "between": ["production.scheduler", "dr.scheduler"]]),
        try lab.make(
          CommandRun.self, on: "production.scheduler", ["command": ["true"], "unless": ["true"]]),
        try lab.make(
          SQLRun.self, on: "scheduler@production",
          ["statement": "DELETE FROM job_queue", "unless": "SELECT 1"]),
        try lab.make(
          WaitUntil.self,
          ["command": ["host": "production.scheduler", "command": ["true"]]]),
      ]
      try await expectConformsUnreachable(actions)
    }
  }
}

extension TestLab {
  /// An action without a target.
  func make<A: Action>(_ type: A.Type, _ values: [String: Value]) throws -> A {
    try make(type, on: nil, values)
  }
}
