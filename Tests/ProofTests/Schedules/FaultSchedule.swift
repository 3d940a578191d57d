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

  /// A run that can be gone on with.
  private struct LeftRun {
    let id: String
    /// Whether it undoes another one.
    var isUndoing = false
  }

  /// How the runs were left.
  private struct Life {
    /// The last one last. Once that is undone or has ended, the one before it can be resumed as it could.
    var left: [LeftRun] = []
    var isDone = false

    /// After the end of `run`, which was the last one.
    func after(_ ended: RunEnded, of run: LeftRun) -> Life {
      Life(left: left.dropLast(), isDone: ended.ending == .done && !run.isUndoing)
    }

    func withoutLast() -> Life { Life(left: left.dropLast()) }
    func adding(_ run: LeftRun) -> Life { Life(left: left + [run]) }
    /// While `id` undoes the last one, that can't be resumed.
    func undone(by id: String) -> Life {
      withoutLast().adding(LeftRun(id: id, isUndoing: true))
    }
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

  /// An error that none of this expects is a finding, as a rule that was broken is: with its story and its seed.
  func play() async throws -> Result {
    do { return try await playOut() } catch {
      return result(
        breaches: [ProofBreach("unexpected-error", "\(error)")], isInOrder: false, isDone: false)
    }
  }

  private func playOut() async throws -> Result {
    try await permitAtFirst()
    var life = Life()
    var round = 0
    if !isCalm {
      for _ in 0..<(world.choose([1, 2, 3]) ?? 1) where !life.isDone {
        life = try await live(life, isNew: world.chance(1, in: 4), &round, mayDie: true)
        if world.chance(1, in: 4) { life = try await abort(life, &round) }
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
    return result(breaches: world.breaches, isInOrder: isInOrder, isDone: life.isDone)
  }

  private func result(breaches: [ProofBreach], isInOrder: Bool, isDone: Bool) -> Result {
    Result(
      beginning: beginning, story: world.story, breaches: breaches, isBegun: watcher.hasBegun,
      isInOrder: isInOrder, isDone: isDone)
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
    if !isNew, let left = life.left.last { return try await resume(left, life, mayDie: mayDie) }
    let id = "r-\(round)"
    world.tell("execute \(id)")
    world.forgetConsents()
    let appended = store.appends
    let executor = executor(mayDie: mayDie)
    let ended = try await untilDeath { try await executor.execute(plan, as: id, from: origin()) }
    guard let ended else {
      return store.appends > appended ? life.adding(LeftRun(id: id)) : life
    }
    tell(ended, of: id)
    if ended.ending == .done { return Life(left: life.left, isDone: true) }
    return ended.resumable ? life.adding(LeftRun(id: id)) : life
  }

  private func resume(_ left: LeftRun, _ life: Life, mayDie: Bool) async throws -> Life {
    world.tell("resume \(left.id)")
    let recorded = try await RecordedRun.read(left.id, from: journal)
    // Its runner died when the end was written.
    if let ended = recorded.ended, !ended.resumable { return life.after(ended, of: left) }
    let executor = executor(mayDie: mayDie)
    do {
      let ended = try await untilDeath { try await executor.resume(recorded, with: recorded.plan) }
      guard let ended else { return life }
      tell(ended, of: left.id)
      return ended.resumable ? life : life.after(ended, of: left)
    } catch let error as EngineError where left.isUndoing && error.code == "abort.overtaken" {
      world.tell("it is refused: \(error.code)")
      return life.withoutLast()
    }
  }

  /// Nil when the runner died.
  private func untilDeath(
    _ work: @Sendable () async throws -> RunEnded
  ) async throws -> RunEnded? {
    defer { world.restorePower() }
    return try await clock.autoAdvancing {
      do { return try await work() } catch is JournalError { return nil }
    }
  }

  private func tell(_ ended: RunEnded, of run: String) {
    world.tell("\(run) ends \(ended.ending.rawValue): \(ended.message)")
  }

  // MARK: - Aborting

  /// Undoes what a stopped run has done, as `lifeboat abort` does: rehearsed first, and where it is refused, the run is left
  /// as it was.
  private func abort(_ life: Life, _ round: inout Int) async throws -> Life {
    guard let left = life.left.last, !left.isUndoing else { return life }
    let run = left.id
    round += 1
    let id = "r-\(round)"
    world.tell("abort \(run) by \(id)")
    world.endLate()
    let recorded = try await RecordedRun.read(run, from: journal)
    let executor = executor(mayDie: true)
    let begun = Mutex(false)
    do {
      let ended = try await untilDeath {
        let undo = try await UndoPlan(
          of: recorded, surroundings(), world, approvedBy: GateApproval.schema.name)
        let origin = RunOrigin(
          runbookFile: "runbook.yaml", inventoryFile: "sites.yaml", aborts: undo.aborts)
        let rehearsed = try await Rehearsal(surroundings: surroundings(), world: world).rehearse(
          undo.plan, as: "\(id)-rehearsed", from: origin)
        guard rehearsed.ending == .done else { return rehearsed }
        let appended = store.appends
        defer { begun.withLock { $0 = store.appends > appended } }
        return try await executor.execute(undo.plan, as: id, from: origin)
      }
      if let ended { tell(ended, of: id) }
      guard begun.withLock({ $0 }) else { return life }
      guard let ended else { return life.undone(by: id) }
      if ended.ending == .done, run == "r-1" { world.checkRestored(to: beginning) }
      return ended.resumable ? life.undone(by: id) : life.withoutLast()
    } catch let error as EngineError {
      world.tell("it is refused: \(error.code)")
      return life
    }
  }

  private func surroundings() -> Surroundings {
    Surroundings(
      catalogue: ScheduledPlan.catalogue, journal: journal, time: clock,
      person: world.choose(Self.people) ?? Self.people[0], version: "test",
      watch: { [watcher] in watcher.take($0) })
  }

  private func executor(mayDie: Bool) -> Executor {
    let place = mayDie && world.troubles.deaths && world.chance(1, in: 3) ? crashPlace() : nil
    let isSuspended = Mutex(place != nil && world.chance(1, in: 4))
    return Executor(
      surroundings: surroundings(), world: world,
      answers: TruthfulAnswers(
        world: world, clock: clock, mayFail: mayDie && world.troubles.absences),
      crashes: CrashPlan(place) { [world, clock] in
        // Once: the runner only stands still for a while, and the world goes on.
        if isSuspended.withLock({ exchange(&$0, with: false) }) {
          world.tell("the runner is suspended")
          clock.advance(by: .seconds(1200))
          world.settle()
        } else {
          world.die()
          withUnsafeCurrentTask { $0?.cancel() }
        }
      })
  }

  private func crashPlace() -> String? {
    if world.chance(1, in: 8) { return world.choose(CrashPoint.ofRun).map { "run:\($0.name)" } }
    return world.choose(plan.steps).flatMap { step in
      // Of its undoing, where the run is aborted.
      let id = world.chance(1, in: 4) ? "undo-\(step.id)" : step.id
      return world.choose(CrashPoint.ofStep).map { "\(id):\($0.name)" }
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
  let clock: ManualClock
  let mayFail: Bool

  func answer(_ question: Question, step: String) async throws -> Answer? {
    world.move()
    if world.refuses(at: step) { return refusal(at: step) }
    if mayFail, world.chance(1, in: 4) {
      if world.chance(1, in: 2) { return refusal(at: step) }
      world.tell("\(step): nobody answers")
      return nil
    }
    if mayFail, world.chance(1, in: 4) {
      world.tell("\(step): a person thinks for long")
      clock.advance(by: .seconds(1200))
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
