import ArgumentParser
import Engine
import Journal

struct RehearseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse",
    abstract:
      "Judge every step as an execution would, in the world as earlier steps would leave it. Changes nothing.",
    discussion: """
      A rehearsal is the real run minus acting: the same plan, the same probes. Each step is reported as \
      already so, would change, blocked, or cannot tell. It is kept in the journal beside the executions.
      """)

  @OptionGroup var input: RunbookOptions
  @OptionGroup var output: OutputOptions

  @Flag(
    help:
      "Let steps write probe files, to prove what reading can't show (path.shared). They are named .lifeboat-probe-…, journalled, and removed."
  )
  var allowProbeFiles = false

  func run() async throws {
    let console = output.console
    let ended = try await output.errors(on: console).guarding {
      let loaded = try input.load(warningsOn: console)
      let wiring = try Wiring(console: console, format: output.output)
      let rehearsal = Rehearsal(
        surroundings: wiring.surroundings, world: wiring.observableWorld,
        allowsProbeFiles: allowProbeFiles)
      let run = wiring.newRunID()
      return try await wiring.attesting(by: nil) {
        try await wiring.endingConnections {
          try await Signals.cancelling {
            try await rehearsal.rehearse(loaded.plan, as: run, from: loaded.origin())
          }
        }
      }
    }
    try ExitStatus(ended.ending).exit()
  }
}
