import ArgumentParser
import Engine
import Journal
import Runbook

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with a run that stopped: killed, failed, waiting, or in doubt.",
    discussion: """
      Probes what is in doubt before it does anything. The runbook and the inventory are read again from where \
      the run read them, and must be what they were; --recorded-plan goes by the plan that the journal holds.
      """)

  @Argument(help: "The run, as r-20261123-031502-7f3a. Default: the last execution.")
  var run: String?

  @Flag(help: "Go by the plan in the journal, without reading the runbook and the inventory again.")
  var recordedPlan = false

  @Option(
    name: .customLong("consent"),
    help: ArgumentHelp(
      "Consent to what a step asked when the run stopped: STEP=WORDS. May be repeated.",
      discussion:
        "It counts for that question alone: when the world has moved meanwhile, and the step asks something else, the run waits again."
    ))
  var consents: [NamedText] = []

  @OptionGroup var gates: GateOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    let ended = try await output.errors(on: console).guarding {
      let wiring = try Wiring(console: console, format: output.output, mustExist: true)
      let id = try await wiring.runs.resolve(run, onlyExecutions: true)
      let recorded = try await wiring.recordedRun(id)
      // What undoes a run was never in a file.
      let isRecordedOnly = recordedPlan || recorded.started.aborts != nil
      let plan = isRecordedOnly ? recorded.plan : try reload(recorded, console)
      let answers = try gates.answers(
        to: plan, on: console, format: output.output, consents: consents,
        shown: recorded.shownConsents)
      return try await wiring.attesting(by: plan.inventory.witnesses) {
        try await wiring.executing(answers, signingWith: gates.key) { executor in
          try await executor.resume(recorded, with: plan)
        }
      }
    }
    try ExitStatus(ended.ending).exit()
  }

  private func reload(_ recorded: RecordedRun, _ console: Console) throws -> Plan {
    try LoadedPlan(
      runbookFile: recorded.started.runbookFile, inventoryFile: recorded.started.inventoryFile,
      parameters: recorded.started.givenParameters, console: console
    ).plan
  }
}
