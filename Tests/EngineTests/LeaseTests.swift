import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// One runner at a time on a site, and none that has lost its lease.
struct LeaseTests {
  private let plan = FakePlan.make([FakeStep("a"), FakeStep("b")])

  /// Another runner takes over, as one on another machine does when a lease has run out.
  private func takeOver(_ rig: Rig) async throws {
    rig.life.become(.dead)
    let moment = Timestamp(rig.clock.now())
    _ = try await rig.journal.acquire(
      ["dr", "production"], for: .current(), at: moment, until: moment.advanced(by: .seconds(60)))
  }

  @Test func aSecondRunnerIsRefusedWhileOneHoldsTheLease() async throws {
    let rig = Rig()
    rig.beforeChange { change in
      guard change.token.hasPrefix(Rig.run) else { return }
      let second = rig.executor()
      let error = await #expect(throws: JournalError.self) {
        try await second.execute(plan, as: "r-2", from: Rig.origin)
      }
      #expect(error?.code == .leaseHeld)
    }
    #expect(try await rig.execute(plan).ending == .done)
    #expect(try await rig.entries("r-2").isEmpty)
    #expect(rig.world.calls.count == 2)
    #expect(try await rig.execute(plan, as: "r-3").ending == .done)
  }

  @Test func aRunThatRunsIsNotResumedByASecondRunner() async throws {
    let rig = Rig()
    let isFirst = Atomic(true)
    rig.beforeChange { _ in
      guard isFirst.exchange(false, ordering: .sequentiallyConsistent) else { return }
      let second = rig.executor()
      let recorded = try await RecordedRun.read(Rig.run, from: rig.journal)
      let error = await #expect(throws: JournalError.self) {
        try await second.resume(recorded, with: plan)
      }
      #expect(error?.code == .leaseHeld)
    }
    #expect(try await rig.execute(plan).ending == .done)
    #expect(try await rig.records(RunResumed.self).isEmpty)
  }

  @Test func aRunnerThatLostItsLeaseActsNoMore() async throws {
    let rig = Rig()
    rig.beforeChange { _ in try await takeOver(rig) }
    let error = await #expect(throws: JournalError.self) { try await rig.execute(plan) }
    #expect(error?.code == .leaseLost)
    #expect(rig.world.calls.map(\.key.property) == ["a"])
    #expect(try await rig.story(of: "a").last == StepIntent.kind)
    #expect(try await rig.story(of: "b").isEmpty)
  }

  /// The renewal finds out, while the runner waits for the world.
  @Test func aRunnerThatOnlyWaitsFindsOutByRenewing() async throws {
    let rig = Rig()
    let waiting = FakePlan.make([FakeStep("a", "fake.wait") { $0.timeout = "1h" }, FakeStep("b")])
    let executor = rig.executor()
    let error = await #expect(throws: JournalError.self) {
      try await rig.clock.autoAdvancing {
        async let thief: Void = {
          try await rig.clock.sleep(for: .seconds(90))
          try await takeOver(rig)
        }()
        let ended = try await executor.execute(waiting, as: Rig.run, from: Rig.origin)
        try await thief
        return ended
      }
    }
    #expect(error?.code == .leaseLost)
    #expect(rig.clock.uptime() < .seconds(120))
    #expect(rig.world.calls.isEmpty)
  }

  @Test func aLongRunKeepsItsLease() async throws {
    let rig = Rig()
    let waiting = FakePlan.make([FakeStep("a", "fake.wait") { $0.timeout = "1h" }])
    let ended = try await rig.execute(waiting, whileAfter: .seconds(1800)) {
      rig.world[FakePlan.host, "a"] = "done"
      // Somebody who can't see whether this runner lives finds a lease that hasn't run out.
      rig.life.become(.unknown)
    }
    #expect(ended.ending == .done)
  }

  @Test func aLeaseThatIsRenewedIsNotTakenByWhoCannotSeeItsHolder() async throws {
    let rig = Rig()
    rig.life.become(.unknown)
    let waiting = FakePlan.make([FakeStep("a", "fake.wait") { $0.timeout = "1h" }])
    let executor = rig.executor()
    let second = rig.executor()
    try await rig.clock.autoAdvancing {
      async let other: Void = {
        try await rig.clock.sleep(for: .seconds(1801))
        let error = await #expect(throws: JournalError.self) {
          try await second.execute(waiting, as: "r-2", from: Rig.origin)
        }
        #expect(error?.code == .leaseHeld)
        rig.world[FakePlan.host, "a"] = "done"
      }()
      #expect(
        try await executor.execute(waiting, as: Rig.run, from: Rig.origin).ending == .done)
      try await other
    }
  }

  @Test func aDeadRunnersLeaseIsTakenOverAtOnce() async throws {
    let rig = Rig()
    try await rig.die(at: "a:act.after", plan)
    let start = rig.clock.uptime()
    #expect(try await rig.resume(with: plan).ending == .done)
    #expect(rig.clock.uptime() == start)
  }
}
