import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// A runner with everything around it: a fake world, a journal, a clock. Every change in the world is held against the
/// journal at that moment: without an intent there, the test fails.
final class Rig: Sendable {
  static let run = "r-1"
  static let origin = RunOrigin(runbookFile: "fake.yaml", inventoryFile: "sites.yaml")
  static let ann = PersonRecord(user: "ann", host: "desk")

  let clock = ManualClock()
  let world: FakeWorld
  let store: FaultyJournalStore
  let journal: Journal
  let life: Life

  /// `facts` are properties of `FakePlan.host`.
  init(_ facts: [String: String] = [:], store base: any JournalStore = MemoryJournalStore()) {
    let own = facts.map { (FactKey(FakePlan.host, $0.key), $0.value) }
    world = FakeWorld(Dictionary(uniqueKeysWithValues: own), time: clock)
    store = FaultyJournalStore(base)
    let life = Life()
    journal = Journal(store: store, isAlive: HolderCheck { _ in life.liveness })
    self.life = life
    beforeChange { _ in }
  }

  /// Called before each change, once it is known to have its intent.
  func beforeChange(_ body: @escaping @Sendable (FakeWorld.Change) async throws -> Void) {
    world.beforeChange { [store] change in
      let step = String(change.token.dropFirst(Rig.run.count + 1))
      let latest = store.latestEntry(ofStep: step)?.kind ?? "nothing"
      #expect(latest == StepIntent.kind, "\(step) acts without its intent, after \(latest)")
      try await body(change)
    }
  }
}

/// What everybody finds out about the holder of a lease. All runners of a test are one process, so `/proc` can't tell.
final class Life: Sendable {
  private let state = Mutex(Liveness.alive)
  var liveness: Liveness { state.withLock { $0 } }
  func become(_ liveness: Liveness) { state.withLock { $0 = liveness } }
}

// MARK: - Running

extension Rig {
  func surroundings(_ person: PersonRecord = ann) -> Surroundings {
    Surroundings(
      catalogue: .fake, journal: journal, time: clock, person: person, version: "test")
  }

  func executor(
    answers: any GateAnswers = ScriptedAnswers(), control: RunControl = RunControl(),
    crashes: CrashPlan = .none, person: PersonRecord = ann
  ) -> Executor {
    Executor(
      surroundings: surroundings(person), world: world, answers: answers, control: control,
      crashes: crashes)
  }

  func execute(
    _ plan: Plan, as run: String = run, answers: any GateAnswers = ScriptedAnswers(),
    control: RunControl = RunControl(), person: PersonRecord = ann
  ) async throws -> RunEnded {
    let executor = executor(answers: answers, control: control, person: person)
    return try await clock.autoAdvancing {
      try await executor.execute(plan, as: run, from: Self.origin)
    }
  }

  /// Executes a plan, and does something else once so much time has passed.
  func execute(
    _ plan: Plan, whileAfter delay: Duration, _ meanwhile: @escaping @Sendable () -> Void
  ) async throws -> RunEnded {
    let executor = executor()
    return try await clock.autoAdvancing { [clock] in
      async let later: Void = {
        try await clock.sleep(for: delay)
        meanwhile()
      }()
      let ended = try await executor.execute(plan, as: Self.run, from: Self.origin)
      try await later
      return ended
    }
  }

  /// Reads the run, and goes on with it.
  func resume(
    with plan: Plan, answers: any GateAnswers = ScriptedAnswers(),
    control: RunControl = RunControl(), person: PersonRecord = ann
  ) async throws -> RunEnded {
    let executor = executor(answers: answers, control: control, person: person)
    let recorded = try await RecordedRun.read(Self.run, from: journal)
    return try await clock.autoAdvancing { try await executor.resume(recorded, with: plan) }
  }

  /// Resumes a run that was killed or has stopped, until it has ended for good or a person is needed: then `byHand`, and
  /// once more.
  func finish(_ plan: Plan, byHand: @Sendable () -> Void) async throws -> RunEnded {
    if let ended = try await RecordedRun.read(Self.run, from: journal).ended, !ended.resumable {
      return ended
    }
    let ended = try await resume(with: plan)
    guard ended.ending == .inDoubt else { return ended }
    byHand()
    return try await resume(with: plan)
  }

  func rehearse(
    _ plan: Plan, as run: String = run, allowsProbeFiles: Bool = false
  ) async throws -> RunEnded {
    try await clock.autoAdvancing {
      try await self.rehearseNow(plan, as: run, allowsProbeFiles: allowsProbeFiles)
    }
  }

  /// For use where the clock is auto-advancing already.
  func rehearseNow(
    _ plan: Plan, as run: String, allowsProbeFiles: Bool = false
  ) async throws -> RunEnded {
    let rehearsal = Rehearsal(
      surroundings: surroundings(), world: world, allowsProbeFiles: allowsProbeFiles)
    return try await rehearsal.rehearse(plan, as: run, from: Self.origin)
  }

  /// Begins or resumes a run, and lets the runner die at `place`: from there on nothing of it reaches the world or the
  /// journal, and the next runner finds its lease with a dead holder. Returns the run's end when it never came there.
  @discardableResult
  func die(
    at place: String, _ plan: Plan, resuming: Bool = false, from origin: RunOrigin = origin
  ) async throws -> RunEnded? {
    let hasDied = Mutex(false)
    let crashes = CrashPlan(place) { [world, store] in
      hasDied.withLock { $0 = true }
      world.cutPower()
      store.cutPower()
      // The dead don't wait: no time passes for them.
      withUnsafeCurrentTask { $0?.cancel() }
    }
    let executor = executor(crashes: crashes)
    let recorded = resuming ? try await RecordedRun.read(Self.run, from: journal) : nil
    defer {
      world.restorePower()
      store.restorePower()
      life.become(.dead)
    }
    do {
      return try await clock.autoAdvancing {
        if let recorded {
          try await executor.resume(recorded, with: plan)
        } else {
          try await executor.execute(plan, as: Self.run, from: origin)
        }
      }
    } catch let error as JournalError {
      // Otherwise something else ended it first.
      guard hasDied.withLock({ $0 }) else { throw error }
      return nil
    }
  }
}

// MARK: - What the journal says

extension Rig {
  func entries(_ run: String = run) async throws -> [Entry] {
    try await journal.entries(run: run).collect()
  }

  /// The records of one kind, of one step or of all.
  func records<R: Record>(
    _ type: R.Type, of step: String? = nil, in run: String = run
  ) async throws -> [R] {
    try await entries(run).filter { step == nil || $0.step == step }.compactMap {
      try $0.record(R.self)
    }
  }

  /// How a step ended last.
  func ending(of step: String) async throws -> StepEnded {
    try #require(try await records(StepEnded.self, of: step).last, "\(step) never ended")
  }

  func outcome(of step: String) async throws -> StepEnded.Outcome? {
    try await records(StepEnded.self, of: step).last?.outcome
  }

  /// The kinds of a step's entries, in order
  func story(of step: String) async throws -> [String] {
    try await entries().filter { $0.step == step }.map(\.kind)
  }
}
