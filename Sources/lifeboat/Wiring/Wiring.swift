import Actuators
import CPlatform
import Engine
import Foundation
import Journal
import Review
import Runbook

/// Joins the engine and the actuators, which don't know each other, for a command that writes to the journal.
struct Wiring {
  let journal: Journal
  let surroundings: Surroundings
  private let world: ActuatorWorld
  private let console: Console
  private let progress: ProgressView

  /// Throws `JournalError`; `notFound` when the journal must exist already and doesn't. `tellsText`: whether text is written
  /// as the entries come.
  init(
    console: Console, format: OutputFormat, mustExist: Bool = false, tellsText: Bool = true
  ) throws {
    let time = SystemTime()
    let home = Home()
    let progress = ProgressView(
      console: console, format: format, time: time, tellsText: tellsText)
    if mustExist { try Journal.openForReading(directory: home.directory).close() }
    journal = try Journal.open(
      directory: home.directory,
      redacting: { [redactor = console.redactor] in redactor.redacted($0) })
    surroundings = Surroundings(
      catalogue: .standard, journal: journal, time: time, person: .current,
      version: Version.current, watch: { progress.show($0) })
    world = ActuatorWorld(time: time, redactor: console.redactor)
    self.console = console
    self.progress = progress
  }

  /// The world without operators: what a rehearsal gets.
  var observableWorld: any ObservableWorld { world }

  var runs: RunIndex { RunIndex(journal: journal) }

  func newRunID() -> String {
    var generator = SystemRandomNumberGenerator()
    return RandomID.make(at: Timestamp(surroundings.time.now()), using: &generator)
  }

  /// Reads a run that is to go on, and shows it under what it began as.
  func recordedRun(_ id: String) async throws -> RecordedRun {
    let entries = try await runs.entries(of: id)
    try progress.resume(from: entries)
    let recorded = try RecordedRun(id: id, entries: entries)
    try console.redactor.reserve(recorded.plan)
    return recorded
  }

  /// Reads a run that is to be undone. Throws `EngineError` when it is being undone, or still runs.
  func stoppedRun(_ id: String) async throws -> RecordedRun {
    let entries = try await runs.entries(of: id)
    let recorded = try RecordedRun(id: id, entries: entries)
    try recorded.requireNotAborted()
    guard try await !runs.isHeld(entries) else {
      throw EngineError(
        "abort.still_running", "\(id) is still being run",
        advice: "press Ctrl-C where it runs: it stops after the step in hand; then abort it")
    }
    try console.redactor.reserve(recorded.plan)
    return recorded
  }

  /// Runs `body` with an executor, under live progress, stopping on signals.
  func executing<Result: Sendable>(
    _ answers: Answers, signingWith key: String?,
    _ body: @escaping @Sendable (Executor) async throws -> Result
  ) async throws -> Result {
    let control = RunControl()
    let executor = Executor(
      surroundings: surroundings, world: world, answers: answers,
      signatures: GateSigning(in: world, key: key), control: control,
      crashes: try CrashPlan(ProcessInfo.processInfo.environment["LIFEBOAT_CRASH_AT"]))
    let status = Task { [progress] in await progress.runStatusLine() }
    defer { status.cancel() }
    return try await endingConnections {
      try await Signals.stopping(control, console: console) { try await body(executor) }
    }
  }

  /// Who changes keys, for the journal.
  var author: SigningKeys.Author {
    SigningKeys.Author(
      person: surroundings.person, version: surroundings.version,
      at: Timestamp(surroundings.time.now()))
  }

  func checkpointKeeper(_ witnesses: [Witness]) -> CheckpointKeeper {
    CheckpointKeeper(
      journal: journal, home: Home(), witnesses: witnesses, surroundings: surroundings,
      redactor: console.redactor)
  }

  /// Signs checkpoints of the journal beside `body`, and one after it. What goes wrong with that is said, and changes
  /// nothing of what was done. A rehearsal hands out no copies (`witnesses` nil): it changes nothing outside.
  func attesting<Result: Sendable>(
    by witnesses: [Witness]?, _ body: () async throws -> Result
  ) async throws -> Result {
    let keeper = checkpointKeeper(witnesses ?? [])
    await keeper.prepare()
    let watch = witnesses == nil ? nil : Task { await keeper.keepWatch() }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    watch?.cancel()
    await watch?.value
    for problem in await keeper.finish() { console.writeError("lifeboat: \(problem)") }
    return try result.get()
  }

  /// Connections are ended whatever came of the work. One that can't be ended changes nothing of what was done.
  func endingConnections<Result: Sendable>(
    _ body: () async throws -> Result
  ) async throws -> Result {
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    do { try await world.close() } catch {
      console.writeError("lifeboat: a connection could not be ended: \(error)")
    }
    return try result.get()
  }
}

/// Reading the journal, for commands that review. Writes nothing.
struct ReadingWiring {
  let journal: Journal
  private let time = SystemTime()

  init() async throws {
    journal = try Journal.openForReading(directory: Home().directory)
  }

  var runs: RunIndex { RunIndex(journal: journal) }
  var now: Timestamp { Timestamp(time.now()) }

  func permits(_ inventory: Inventory) async throws -> PermitLedger {
    try await PermitLedger.current(journal, inventory)
  }

  /// The report of a run, as of its last entry.
  func report(of run: String) async throws -> RunReport {
    let entries = try await runs.entries(of: run)
    guard let first = entries.first, let last = entries.last else { throw notFound(run) }
    guard try first.record(RunStarted.self)?.type != .readiness else {
      throw EngineError(
        "report.readiness", "the run \(run) looked at readiness: it has no steps to report",
        advice: "'lifeboat audit show \(run)' tells what it found")
    }
    let proof = try await journal.proof(
      from: first.index, to: last.index, checkpoints: try await checkpoints())
    guard let report = try RunReport(entries, isHeld: try await runs.isHeld(entries), proof: proof)
    else { throw notFound(run) }
    return report
  }

  private func notFound(_ run: String) -> EngineError {
    EngineError(
      "run.not_found", "the journal has no beginning of a run \(run)",
      advice: "'lifeboat audit verify' checks the journal, 'lifeboat audit list' shows the runs")
  }
}
