import Foundation
import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// Random misfortune: acts and probes that go wrong, hosts that go dark, runners that die, lose their lease or their disk,
/// and somebody who resumes until the end. `LIFEBOAT_TEST_SEED` repeats one schedule.
struct ScheduleTests {
  static let plan = FakePlan.make([
    FakeStep("a") { $0.retry = .init(limit: 1, interval: "5s", backoff: 2) },
    FakeStep("once", "fake.change_once"),
    FakeStep("two", "fake.change_in_two_calls") { $0.depends = ["a"] },
    FakeStep("again", "fake.change_once") { $0.depends = ["two"] },
    .guarded("guarded", property: "state", is: "stopped") { $0.depends = ["once", "again"] },
  ])
  static let once = ["once", "again"]
  /// From this round on nothing goes wrong any more.
  static let calmRound = 8

  static let seeds: [UInt64] = {
    if let text = ProcessInfo.processInfo.environment["LIFEBOAT_TEST_SEED"], let seed = UInt64(text)
    {
      return [seed]
    }
    var generator = SystemRandomNumberGenerator()
    let first = generator.next() >> 16
    return (0..<100).map { first + $0 }
  }()

  @Test func theSeedsAreSaid() {
    FileHandle.standardError.write(
      Data("schedules \(Self.seeds[0]) to \(Self.seeds[Self.seeds.count - 1])\n".utf8))
  }

  @Test(arguments: seeds) func everyScheduleEndsWell(_ seed: UInt64) async throws {
    var schedule = Schedule(seed: seed)
    var ending: RunEnded?
    for round in 0..<(Self.calmRound + 6) where ending?.ending != .done {
      if let ending { #expect(ending.resumable, "seed \(seed): \(ending.message)") }
      ending = try await schedule.play(round: round)
      schedule.checkSafety()
    }
    #expect(ending?.ending == .done, "seed \(seed) ends with \(String(describing: ending))")
    for step in Self.plan.steps {
      #expect(schedule.rig.world[FakePlan.host, step.id] == "done", "seed \(seed), \(step.id)")
    }
  }
}

/// What must not be done twice is begun again only when its last act has ended, and was judged to have had no effect.
private func checkFirstOrFailed(_ step: String, _ rig: Rig, _ seed: UInt64) async throws {
  let entries = try await rig.entries().filter { $0.step == step }
  let intents = entries.indices.filter { entries[$0].kind == StepIntent.kind }
  guard intents.count > 1 else { return }
  let between = entries[intents[intents.count - 2]..<intents[intents.count - 1]]
  let hasActed = between.contains { $0.kind == StepActed.kind }
  let hasFailed = try between.contains { try $0.record(StepEnded.self)?.outcome == .failed }
  #expect(hasActed && hasFailed, "seed \(seed): \(step) is done again without knowing")
}

/// One schedule: a rig, and the misfortune that its seed brings.
private struct Schedule {
  let seed: UInt64
  let rig = Rig()
  private var generator: SeededGenerator

  init(seed: UInt64) {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
  }

  /// Executes or resumes once; nil when the runner didn't live to say how it ended.
  mutating func play(round: Int) async throws -> RunEnded? {
    let isCalm = round >= ScheduleTests.calmRound
    rig.world.forgetFaults()
    setHosts(isCalm: isCalm)
    rig.life.become(.dead)
    if !isCalm { scriptFaults() }
    let place =
      isCalm || chance(2, in: 3) ? nil : CrashTests.place(in: ScheduleTests.plan, &generator)
    if !isCalm, chance(1, in: 6) { rig.store.failAppend(Int.random(in: 1...12, using: &generator)) }
    watchActs(isStolen: !isCalm && chance(1, in: 8))

    let ended = try await run(isBegun: rig.store.appends > 0, dyingAt: place)
    if ended?.ending == .inDoubt { try finishByHand() }
    return ended
  }

  private func run(isBegun: Bool, dyingAt place: String?) async throws -> RunEnded? {
    do {
      if let place {
        return try await rig.die(at: place, ScheduleTests.plan, resuming: isBegun)
      }
      return isBegun
        ? try await rig.resume(with: ScheduleTests.plan)
        : try await rig.execute(ScheduleTests.plan)
    } catch is JournalError {
      return nil
    }
  }

  private mutating func setHosts(isCalm: Bool) {
    let isStopped = isCalm || chance(2, in: 3)
    rig.world[FakePlan.otherHost, "state"] = isStopped ? "stopped" : "running"
    for host in [FakePlan.host, FakePlan.otherHost] {
      if !isCalm, chance(1, in: 8) { rig.world.darken(host) } else { rig.world.lighten(host) }
    }
  }

  private mutating func scriptFaults() {
    for step in ScheduleTests.plan.steps {
      if chance(1, in: 3), let fault = ActFault.allCases.randomElement(using: &generator) {
        rig.world.script(FakePlan.host, step.id, acts: [fault])
      }
      if chance(1, in: 6), let fault = ProbeFault.allCases.randomElement(using: &generator) {
        rig.world.script(FakePlan.host, step.id, probes: [fault])
      }
    }
  }

  /// Holds every change against what must be so at that moment, and may let another runner take over at the first one.
  private func watchActs(isStolen: Bool) {
    let allowed = Mutex<Set<String>?>(nil)
    rig.beforeChange { [rig, seed] change in
      let step = String(change.token.dropFirst(Rig.run.count + 1))
      let mayAct = allowed.withLock { $0?.contains(step) ?? true }
      #expect(mayAct, "seed \(seed): \(step) begins to act after the lease was lost")
      if ScheduleTests.once.contains(step) { try await checkFirstOrFailed(step, rig, seed) }
      if step == "guarded" {
        #expect(
          rig.world[FakePlan.otherHost, "state"] == "stopped", "seed \(seed): against its guard")
      }
      guard isStolen, allowed.withLock({ $0 == nil }) else { return }
      // What has its intent may be under way; nothing else may begin.
      let begun = ScheduleTests.plan.steps.map(\.id).filter {
        rig.store.latestEntry(ofStep: $0)?.kind == StepIntent.kind
      }
      allowed.withLock { $0 = Set(begun) }
      let moment = Timestamp(rig.clock.now())
      do {
        _ = try await rig.journal.acquire(
          ["dr", "production"], for: .current(), at: moment, until: moment)
      } catch is JournalError {
        // The runner itself was killed a moment before: then there is nobody to take it from.
      }
    }
  }

  /// What a person does about a step in doubt: waits for what may still come, looks, and does it where it isn't so.
  private func finishByHand() throws {
    rig.clock.advance(by: FakeWorld.delay)
    for id in ScheduleTests.once {
      guard let latest = rig.store.latestEntry(ofStep: id) else { continue }
      let isInDoubt = try latest.record(StepEnded.self)?.outcome == .inDoubt
      if isInDoubt, rig.world[FakePlan.host, id] == nil {
        rig.world[FakePlan.host, id] = "done"
      }
    }
  }

  /// What must hold after every round.
  func checkSafety() {
    for id in ScheduleTests.once {
      #expect(rig.world.effects(on: id) <= 1, "seed \(seed): \(id) was done twice")
    }
  }

  private mutating func chance(_ count: Int, in total: Int) -> Bool {
    Int.random(in: 0..<total, using: &generator) < count
  }
}

extension CrashTests {
  /// Some crash point of a plan.
  fileprivate static func place(in plan: Plan, _ generator: inout SeededGenerator) -> String? {
    let step = plan.steps.randomElement(using: &generator)?.id ?? "a"
    let points = CrashPoint.ofStep + [.duringAct(call: 1), .duringAct(call: 2)]
    return points.randomElement(using: &generator).map { "\(step):\($0.name)" }
  }
}
