import ArgumentParser
import Engine
import Journal
import Review
import Runbook

/// Whether a rehearsal looks at readiness instead, and how much is enough.
struct ReadinessOptions: ParsableArguments {
  @Flag(
    name: .customLong("readiness"),
    help: ArgumentHelp(
      "Judge no steps: look whether the runbook could be executed when it is needed, and end in a table.",
      discussion: "The runbook's prechecks, and what the inventory asks for by itself."))
  var isWanted = false

  @Flag(help: "With --readiness: show only what changed since the last readiness run.")
  var sinceLast = false

  @Option(
    help: ArgumentHelp(
      "With --readiness: how much must be free in each directory and beside each database.",
      valueName: "size"))
  var minimumFree = ReadinessThresholds.defaultMinimumFree

  @Option(
    help: ArgumentHelp("With --readiness: how far clocks may be apart.", valueName: "duration"))
  var clockTolerance = ReadinessThresholds.defaultClockTolerance

  func validate() throws {
    if sinceLast, !isWanted { throw ValidationError("--since-last goes with --readiness") }
    if Int(runbookSize: minimumFree) == nil {
      throw ValidationError("--minimum-free \(minimumFree): this is no size, as 10GiB is")
    }
    if Duration(runbook: clockTolerance) == nil {
      throw ValidationError("--clock-tolerance \(clockTolerance): this is no duration, as 2s is")
    }
  }

  func run(
    _ loaded: LoadedPlan, allowProbeFiles: Bool, on console: Console, _ format: OutputFormat
  ) async throws -> RunEnded {
    let wiring = try Wiring(console: console, format: format, tellsText: false)
    let earlier = sinceLast ? try await wiring.runs.lastReadiness(of: loaded.plan.runbook) : nil
    let readiness = Readiness(
      surroundings: wiring.surroundings, world: wiring.observableWorld,
      allowsProbeFiles: allowProbeFiles,
      thresholds: ReadinessThresholds(
        minimumFree: minimumFree, clockTolerance: clockTolerance))
    let run = wiring.newRunID()
    let ended = try await wiring.attesting(by: nil) {
      try await wiring.endingConnections {
        try await Signals.cancelling {
          try await readiness.look(for: loaded.plan, as: run, from: loaded.origin())
        }
      }
    }
    if let report = try ReadinessReport(try await wiring.runs.entries(of: run)) {
      try show(report, since: earlier, on: console, format)
    }
    return ended
  }

  private func show(
    _ report: ReadinessReport, since earlier: ReadinessReport?, on console: Console,
    _ format: OutputFormat
  ) throws {
    switch format {
    case .text: console.write(sinceLast ? report.lines(since: earlier) : report.lines)
    case .json:
      var object = ["readiness": try JSON(encoding: report)]
      if sinceLast {
        let changes = earlier.map { ReadinessChanges(from: $0, to: report) }
        object["since_last"] = try changes.map { try JSON(encoding: $0) } ?? .null
      }
      console.write(JSON.object(object).description)
    }
  }
}
