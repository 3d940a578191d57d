import ArgumentParser
import Engine
import Journal
import Review
import Runbook

struct RehearseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse",
    abstract:
      "Judge every step as an execution would, in the world as earlier steps would leave it. Changes nothing.",
    discussion: """
      A rehearsal is the real run minus acting: the same plan, the same probes. Each step is reported as \
      already so, would change, blocked, or cannot tell. It is kept in the journal beside the executions. At the end it \
      says how long the run will take, by how long its steps took in the executions so far.
      """)

  @OptionGroup var input: RunbookOptions
  @OptionGroup var assumed: AssumeLostOptions
  @OptionGroup var readiness: ReadinessOptions
  @OptionGroup var output: OutputOptions

  @Flag(
    help:
      "Let steps write probe files, to prove what reading can't show (path.shared). They are named .lifeboat-probe-…, journalled, and removed."
  )
  var allowProbeFiles = false

  @Option(
    help:
      "Save the plan with all that was seen, for 'lifeboat execute --plan'. A saved plan that is there is replaced.",
    completion: .file(extensions: ["json"]))
  var out: String?

  func validate() throws {
    if readiness.isWanted, !assumed.sites.isEmpty {
      throw ValidationError("--readiness looks at all sites: it can't go with --assume-lost")
    }
    if out != nil, readiness.isWanted || !assumed.sites.isEmpty {
      throw ValidationError(
        "--out saves a plan with the world as it is: it goes with neither --readiness nor --assume-lost"
      )
    }
  }

  func run() async throws {
    let console = output.console
    let ended = try await output.errors(on: console).guarding {
      let loaded = try input.load(warningsOn: console)
      if readiness.isWanted {
        return try await readiness.run(
          loaded, allowProbeFiles: allowProbeFiles, on: console, output.output)
      }
      let assumedLoss = try assumed.loss(for: loaded)
      let file = out.map(SavedPlanFile.init)
      try file?.requireReplaceable()
      let wiring = try Wiring(console: console, format: output.output)
      let loss = try await assumedLoss?.knowingRoutes(
        in: loaded.plan.inventory, from: wiring.observableWorld.makeObserver())
      let rehearsal = Rehearsal(
        surroundings: wiring.surroundings, world: wiring.observableWorld,
        allowsProbeFiles: allowProbeFiles, assuming: loss)
      let proof = try await ProofBeforeRun(loaded.plan, on: console, output.output).make()
      let run = wiring.newRunID()
      let rehearsed = try await wiring.attesting(by: nil) {
        try await wiring.endingConnections {
          try await Signals.cancelling {
            try await rehearsal.rehearseToSave(
              loaded.plan, as: run, from: loaded.origin(proof: proof))
          }
        }
      }
      try await tellForecast(of: run, loaded.plan, wiring.runs, on: console)
      if let file { try save(rehearsed.plan, in: file, console) }
      return rehearsed.ended
    }
    try ExitStatus(ended.ending).exit()
  }

  private func save(_ plan: SavedPlan, in file: SavedPlanFile, _ console: Console) throws {
    try file.write(plan)
    switch output.output {
    case .text:
      console.write("Saved \(file.path) (\(plan.digest)): lifeboat execute --plan \(file.path)")
    case .json:
      let saved: JSON = [
        "saved_plan": [
          "path": .string(file.path), "digest": .string(plan.digest.description),
          "rehearsal": .string(plan.content.rehearsal),
        ]
      ]
      console.write(saved.description)
    }
  }

  /// What the rehearsal found stands without it: a history that can't be read is told, and changes no exit code.
  private func tellForecast(
    of run: String, _ plan: Plan, _ runs: RunIndex, on console: Console
  ) async throws {
    do {
      let forecast = Forecast(
        try await runs.account(of: run), from: try await runs.history(of: plan.runbook),
        objective: plan.objectives.rto.flatMap { Duration(runbook: $0) })
      switch output.output {
      case .json:
        console.write(JSON.object(["forecast": try JSON(encoding: forecast)]).description)
      case .text: console.write(forecast.lines)
      }
    } catch let error as JournalError {
      console.writeError("lifeboat: no forecast, since the history can't be read: \(error)")
    } catch let error as JSONError {
      console.writeError("lifeboat: no forecast, since the history can't be read: \(error)")
    }
  }
}
