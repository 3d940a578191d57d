import Actuators
import ArgumentParser
import Engine
import Journal
import Runbook

struct AbortCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abort",
    abstract: "Undo exactly what a stopped run has done, while that can be done.",
    discussion: """
      Each step that acted is taken back, the last one first, to what was seen before it acted. That is a run of its own, \
      with probes, guards and journal; 'lifeboat resume' goes on with it. It is rehearsed first, and refused where the \
      world has moved. 'lifeboat explain' says until when a run can be aborted.
      """)

  @Argument(help: "The run that is undone. Default: the last execution.")
  var run: String?

  @Flag(help: "Only say what would be undone. Changes nothing.")
  var rehearse = false

  @OptionGroup var gates: GateOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    let ended = try await output.errors(on: console).guarding {
      let wiring = try Wiring(console: console, format: output.output, mustExist: true)
      let id = try await wiring.runs.resolve(run, onlyExecutions: true)
      let recorded = try await wiring.stoppedRun(id)
      let undo = try await wiring.endingConnections {
        try await UndoPlan(
          of: recorded, wiring.surroundings, wiring.observableWorld,
          approvedBy: GateApproval.schema.name)
      }
      let answers = try gates.answers(to: undo.plan, on: console, format: output.output)
      try await undo.aborts.requireUnmoved(in: wiring.journal, sites: undo.plan.sites)
      let origin = RunOrigin(
        runbookFile: recorded.started.runbookFile, inventoryFile: recorded.started.inventoryFile,
        aborts: undo.aborts)
      let rehearsed = try await rehearsed(undo.plan, from: origin, wiring)
      if rehearse { return rehearsed }
      guard rehearsed.ending == .done else { throw refusal(rehearsed, id) }
      let run = wiring.newRunID()
      return try await wiring.attesting(by: undo.plan.inventory.witnesses) {
        try await wiring.executing(answers, signingWith: gates.key) { executor in
          try await executor.execute(undo.plan, as: run, from: origin)
        }
      }
    }
    try ExitStatus(ended.ending).exit()
  }

  private func rehearsed(
    _ plan: Plan, from origin: RunOrigin, _ wiring: Wiring
  ) async throws -> RunEnded {
    let rehearsal = Rehearsal(
      surroundings: wiring.surroundings, world: wiring.observableWorld)
    let run = wiring.newRunID()
    return try await wiring.attesting(by: nil) {
      try await wiring.endingConnections {
        try await Signals.cancelling { try await rehearsal.rehearse(plan, as: run, from: origin) }
      }
    }
  }

  private func refusal(_ rehearsed: RunEnded, _ id: String) -> EngineError {
    EngineError(
      "abort.world_moved", "\(id) can't be undone as things are: \(rehearsed.message)",
      advice:
        "nothing was done, and \(id) is as it was: put right what the rehearsal names, and abort again, or go "
        + "on by 'lifeboat resume \(id)'")
  }
}
