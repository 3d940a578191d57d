import Actuators
import Foundation
import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// The real engine with the real actions' judgements, in an imagined world that goes wrong at random: no rule that the proof
/// holds is ever broken, and in the end one scheduler is in control. `LIFEBOAT_TEST_SEED` repeats one schedule,
/// `LIFEBOAT_SCHEDULES` says how many there are.
@Suite("Random faults under the real engine")
struct FaultScheduleTests {
  static let runbooks = ["scheduler-failover", "scheduler-switchover"]
  private static let environment = ProcessInfo.processInfo.environment

  static let count = environment["LIFEBOAT_SCHEDULES"].flatMap { Int($0) } ?? 10_000

  static let first: UInt64 =
    environment["LIFEBOAT_TEST_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0 ... .max >> 16)

  @Test("breaks no rule, and ends with one scheduler in control")
  func shipped() async throws {
    let seeds = Self.environment["LIFEBOAT_TEST_SEED"] == nil ? Self.count : 1
    FileHandle.standardError.write(
      Data("schedules \(Self.first) to \(Self.first + UInt64(seeds - 1))\n".utf8))
    let plans = try Self.runbooks.map { try Variant($0, of: $0).plan() }
    for number in 0..<UInt64(seeds) {
      let seed = Self.first + number
      let plan = plans[Int(seed % UInt64(plans.count))]
      let result = try await FaultSchedule(plan, seed: seed).play()
      let story = "seed \(seed), \(plan.runbook) from \(result.beginning): \(result.told)"
      #expect(result.broken == [], "\(story)")
      #expect(result.isInOrder, "\(story)")
      if !result.broken.isEmpty || !result.isInOrder { return }
    }
  }
}

/// One schedule: a plan in a world, executed and resumed until it is done or cannot go on.
struct FaultSchedule {
  struct Result {
    let beginning: String
    /// How each round ended.
    let told: [String]
    let broken: [String]
    let isInOrder: Bool
  }

  /// From this round on nothing goes wrong any more.
  private static let calmRound = 5
  private static let rounds = 9

  private let plan: Plan
  private let beginning: ProofBeginning
  private let clock = ManualClock()
  private let store = FaultyJournalStore()
  private let journal: Journal
  private let world: ScheduledWorld
  private let permits: Permits
  private let random: Random

  init(_ plan: Plan, seed: UInt64, asksPermit: Bool = true) throws {
    self.plan = plan
    var generator = SeededGenerator(seed: seed)
    let domain = SchedulerDomain(plan, asksPermit: asksPermit)
    // Of the others an earlier run would have to stand in the journal: it gave the permit away.
    let beginnings = domain.beginnings.filter {
      $0.permitted == plan.inventory.databases[0].primary
    }
    beginning = beginnings.randomElement(using: &generator) ?? domain.beginnings[0]
    journal = Journal(store: store, isAlive: HolderCheck { _ in .dead })
    let permits = Permits(try PermitLedger(plan.inventory))
    self.permits = permits
    world = ScheduledWorld(
      plan, domain, from: beginning, seed: generator.next(), time: clock,
      permitted: { permits.holder })
    random = Random(generator)
  }

  func play() async throws -> Result {
    var run: String?
    var told: [String] = []
    for round in 0..<Self.rounds {
      if round == Self.calmRound { world.calm() }
      let ended = try await once(run, round)
      run = ended.run
      told.append("\(round): \(ended.ending?.message ?? "the runner died")")
      if ended.ending?.ending == .done { break }
    }
    world.calm()
    world.settle()
    return Result(
      beginning: beginning.name, told: told, broken: world.broken,
      isInOrder: world.domain.isInOrder(world.world))
  }

  /// Executes, or resumes what was begun; the run to go on with, nil when there is none.
  private func once(_ run: String?, _ round: Int) async throws -> (run: String?, ending: RunEnded?)
  {
    let place = round < Self.calmRound && chance(1, in: 3) ? crashPlace() : nil
    let isResumed = run != nil && chance(3, in: 4)
    let id = isResumed ? run ?? "" : "r-\(100 + round)"
    let crashes = CrashPlan(place) { [world, store] in
      world.cutPower()
      store.cutPower()
      withUnsafeCurrentTask { $0?.cancel() }
    }
    let executor = Executor(
      surroundings: Surroundings(
        catalogue: ActionCatalogue.standard.modelled, journal: journal, time: clock,
        person: PersonRecord(user: "ann", host: "desk"), version: "test",
        watch: { [permits] in permits.take($0) }),
      world: world,
      answers: TruthfulAnswers(world: world, random: random, mayBeAway: round < Self.calmRound),
      crashes: crashes)
    let recorded = isResumed ? try await RecordedRun.read(id, from: journal) : nil
    defer {
      world.restorePower()
      store.restorePower()
    }
    do {
      let ended = try await clock.autoAdvancing {
        if let recorded {
          try await executor.resume(recorded, with: plan)
        } else {
          try await executor.execute(plan, as: id, from: origin)
        }
      }
      return (ended.resumable ? id : nil, ended)
    } catch is JournalError {
      return (store.appends > 0 ? id : nil, nil)
    }
  }

  /// What can't be told, a person accepts: what the model has no facts of, and how old a lost primary's replica is.
  private var origin: RunOrigin {
    RunOrigin(
      runbookFile: "runbook.yaml", inventoryFile: "sites.yaml",
      accepted: Dictionary(
        uniqueKeysWithValues: plan.prechecks.map { ($0.id, "can't be told here") }))
  }

  private func crashPlace() -> String? {
    random.with { random in
      let step = plan.steps.randomElement(using: &random)?.id ?? ""
      return CrashPoint.ofStep.randomElement(using: &random).map { "\(step):\($0.name)" }
    }
  }

  private func chance(_ count: Int, in total: Int) -> Bool { random.chance(count, in: total) }
}

/// Who may run a scheduler, as the entries tell in their order.
private final class Permits: Sendable {
  private let ledger: Mutex<PermitLedger>

  init(_ ledger: PermitLedger) { self.ledger = Mutex(ledger) }

  var holder: String? {
    ledger.withLock { ledger in ledger.sites.first { ledger.permits($0) } }
  }

  func take(_ entry: Entry) {
    do {
      try ledger.withLock { try $0.take(entry) }
    } catch {
      Issue.record(error)
    }
  }
}

private final class Random: Sendable {
  private let generator: Mutex<SeededGenerator>

  init(_ generator: SeededGenerator) { self.generator = Mutex(generator) }

  func with<Result: Sendable>(_ body: (inout SeededGenerator) -> Result) -> Result {
    generator.withLock { body(&$0) }
  }

  func chance(_ count: Int, in total: Int) -> Bool {
    with { Int.random(in: 0..<total, using: &$0) < count }
  }
}

/// Says yes to what is so, and sometimes isn't there.
private struct TruthfulAnswers: GateAnswers {
  let world: ScheduledWorld
  let random: Random
  let mayBeAway: Bool

  func answer(_ question: Question, step: String) async throws -> Answer? {
    guard world.isSo(question.facts), !mayBeAway || !random.chance(1, in: 4) else { return nil }
    if question.kind == .consent { world.consent() }
    return Answer(isGranted: true, words: "seen by the test")
  }
}
