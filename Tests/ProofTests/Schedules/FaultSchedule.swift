import Actuators
import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// One schedule: a plan in a world, executed and resumed while things go wrong, and then until it is done or cannot go on.
struct FaultSchedule {
  struct Result {
    let beginning: ProofBeginning
    let story: [String]
    let breaches: [ProofBreach]
    /// Whether a run came past its prechecks.
    let isBegun: Bool
    /// Whether one scheduler was in control in the end, though nothing came back that was lost at the beginning.
    let isInOrder: Bool
    /// Whether the last run came to its end.
    let isDone: Bool
  }

  /// How a run was left.
  private struct Life {
    var run: String?
    var isDone = false
  }

  private let scheduled: ScheduledPlan
  private let beginning: ProofBeginning
  private let isCalm: Bool
  private let clock = ManualClock()
  private let store = FaultyJournalStore()
  private let journal: Journal
  private let world: ScheduledWorld
  private let watcher: Watcher

  private var plan: Plan { scheduled.plan }

  /// - Parameter isCalm: nothing goes wrong.
  init(
    _ scheduled: ScheduledPlan, seed: UInt64, from given: ProofBeginning? = nil,
    isCalm: Bool = false
  ) throws {
    var generator = SeededGenerator(seed: seed)
    let beginning =
      given ?? scheduled.beginnings.randomElement(using: &generator) ?? scheduled.beginnings[0]
    let watcher = Watcher(try PermitLedger(scheduled.plan.inventory))
    self.scheduled = scheduled
    self.beginning = beginning
    self.isCalm = isCalm
    self.watcher = watcher
    journal = Journal(store: store, isAlive: HolderCheck { _ in .dead })
    world = ScheduledWorld(
      scheduled, from: beginning, seed: generator.next(), time: clock, store: store,
      permitted: { watcher.permitted })
  }

  func play() async throws -> Result {
    try await permitAtFirst()
    var life = Life()
    var round = 0
    if !isCalm {
      for _ in 0..<(world.choose([1, 2, 3]) ?? 1) where !life.isDone {
        life = try await live(life, isNew: world.chance(1, in: 4), &round, mayDie: true)
        clock.advance(by: .seconds(world.choose([0, 1, 30, 1200]) ?? 0))
      }
    }
    world.turn(.calm)
    life = try await goOn(life, &round)
    let isInOrder = world.isInOrder
    if !life.isDone {
      world.turn(.restored)
      life = try await goOn(life, &round)
    }
    return Result(
      beginning: beginning, story: world.story, breaches: world.breaches,
      isBegun: watcher.hasBegun, isInOrder: isInOrder, isDone: life.isDone)
  }

  /// Resumes what was begun; and where that doesn't lead on, executes the runbook anew.
  private func goOn(_ before: Life, _ round: inout Int) async throws -> Life {
    var life = before
    for isNew in [false, true, false, true] where !life.isDone {
      life = try await live(life, isNew: isNew, &round, mayDie: false)
      // What was begun may take effect yet.
      clock.advance(by: .seconds(60))
      world.settle()
    }
    return life
  }

  /// An earlier run gave the permit to whoever has it at the beginning.
  private func permitAtFirst() async throws {
    guard let site = beginning.permitted, site != watcher.permitted else { return }
    let record = PermitGranted(
      site: site, because: beginning.name, person: Self.people[0], version: "test")
    watcher.take(
      try await journal.append(
        EntryDraft(
          at: Timestamp(clock.now()), kind: PermitGranted.kind, body: try JSON(encoding: record),
          needsLease: false), under: nil))
  }

  private static let people = ["ann", "bob"].map { PersonRecord(user: $0, host: "desk") }

  /// Executes the plan, or resumes the run that was left, until it ends or its runner dies.
  private func live(
    _ life: Life, isNew: Bool, _ round: inout Int, mayDie: Bool
  ) async throws -> Life {
    round += 1
    let resumed = isNew ? nil : life.run
    let id = resumed ?? "r-\(round)"
    world.tell("\(resumed == nil ? "execute" : "resume") \(id)")
    if resumed == nil { world.forgetConsents() }
    let executor = executor(mayDie: mayDie)
    var recorded: RecordedRun?
    if let resumed {
      let run = try await RecordedRun.read(resumed, from: journal)
      // Its runner died when the end was written.
      if let ended = run.ended, !ended.resumable {
        return Life(run: nil, isDone: ended.ending == .done)
      }
      recorded = run
    }
    defer { world.restorePower() }
    let appended = store.appends
    let ended = try await clock.autoAdvancing { [recorded] () -> RunEnded? in
      do {
        if let recorded { return try await executor.resume(recorded, with: plan) }
        return try await executor.execute(plan, as: id, from: origin())
      } catch is JournalError {
        return nil
      }
    }
    guard let ended else { return Life(run: resumed ?? (store.appends > appended ? id : nil)) }
    world.tell("\(id) ends \(ended.ending.rawValue): \(ended.message)")
    // Where the new run isn't begun, the one before it can be resumed as it could.
    let before = resumed == nil ? life.run : nil
    return Life(run: ended.resumable ? id : before, isDone: ended.ending == .done)
  }

  private func executor(mayDie: Bool) -> Executor {
    let place = mayDie && world.troubles.deaths && world.chance(1, in: 3) ? crashPlace() : nil
    return Executor(
      surroundings: Surroundings(
        catalogue: ScheduledPlan.catalogue, journal: journal, time: clock,
        person: world.choose(Self.people) ?? Self.people[0], version: "test",
        watch: { [watcher] in watcher.take($0) }),
      world: world,
      answers: TruthfulAnswers(world: world, mayFail: mayDie && world.troubles.absences),
      crashes: CrashPlan(place) { [world] in
        world.die()
        withUnsafeCurrentTask { $0?.cancel() }
      })
  }

  private func crashPlace() -> String? {
    if world.chance(1, in: 8) { return world.choose(CrashPoint.ofRun).map { "run:\($0.name)" } }
    return world.choose(plan.steps).flatMap { step in
      world.choose(CrashPoint.ofStep).map { "\(step.id):\($0.name)" }
    }
  }

  private func origin() async throws -> RunOrigin {
    RunOrigin(
      runbookFile: "runbook.yaml", inventoryFile: "sites.yaml", accepted: try await accepted())
  }

  /// What nobody can tell, or can tell only on the spot, a person accepts; what isn't so, nobody does.
  private func accepted() async throws -> [String: String] {
    var accepted: [String: String] = [:]
    for precheck in plan.prechecks {
      let action = try precheck.makeAction(
        from: .standard, inventory: plan.inventory, facts: StepFacts())
      let sight = try await scheduled.sight(of: action, step: precheck.id)
      switch action.judge(world.seenOnTheSpot(by: sight)) {
      case .satisfied, .unknown: accepted[precheck.id] = "can't be told from here"
      case .needed, .blocked: break
      }
    }
    return accepted
  }
}

/// Learns from a journal's entries, in their order, who may run a scheduler, and whether a run got past its prechecks.
private final class Watcher: Sendable {
  private struct State {
    var ledger: PermitLedger
    var hasBegun = false
  }

  private let state: Mutex<State>

  init(_ ledger: PermitLedger) { state = Mutex(State(ledger: ledger)) }

  var permitted: String? {
    state.withLock { state in state.ledger.sites.first { state.ledger.permits($0) } }
  }

  var hasBegun: Bool { state.withLock(\.hasBegun) }

  func take(_ entry: Entry) {
    do {
      try state.withLock { state in
        state.hasBegun = state.hasBegun || entry.kind == StepStarted.kind
        try state.ledger.take(entry)
      }
    } catch {
      Issue.record(error)
    }
  }
}

/// Says yes to what is so; and sometimes no, or nothing.
private struct TruthfulAnswers: GateAnswers {
  let world: ScheduledWorld
  let mayFail: Bool

  func answer(_ question: Question, step: String) async throws -> Answer? {
    world.move()
    if world.refuses(at: step) { return refusal(at: step) }
    if mayFail, world.chance(1, in: 4) {
      if world.chance(1, in: 2) { return refusal(at: step) }
      world.tell("\(step): nobody answers")
      return nil
    }
    guard world.isSo(question.facts) else { return nil }
    world.tell("\(step): a person says yes")
    if question.kind == .consent { world.consent(at: step) }
    return Answer(isGranted: true, words: "seen by the test")
  }

  private func refusal(at step: String) -> Answer {
    world.tell("\(step): a person says no")
    return Answer(isGranted: false, words: "not now")
  }
}
