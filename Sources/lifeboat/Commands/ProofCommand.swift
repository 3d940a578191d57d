import Actuators
import ArgumentParser
import Engine
import Journal
import Runbook

struct ProofCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove",
    abstract:
      "Explore every way in which a runbook can go, and show what could go wrong. Asks no host.",
    discussion: """
      Each act succeeds, fails before its effect or after it, or takes effect when its time is up; the runner dies at any \
      moment and the run is resumed, or executed anew; people answer or don't; sites break down and come back. A rule that \
      can be broken is shown by the shortest way there.
      """)

  @OptionGroup var input: RunbookOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "How many states of one beginning are explored.")
  var states = Proof.Limits().states

  @Option(help: "How many sites may break down during the run.")
  var outages = Proof.Limits().outages

  @Flag(
    help:
      "Take for granted no longer that a scheduler's host asks 'lifeboat permit' before it starts the scheduler."
  )
  var withoutPermits = false

  @Flag(
    help: "Explore also what is taken to go on in the same way. Takes longer, and finds the same.")
  var unreduced = false

  func validate() throws {
    guard states > 0 else { throw ValidationError("--states must be at least 1") }
    guard (0...8).contains(outages) else { throw ValidationError("--outages is 0 to 8") }
  }

  func run() async throws {
    let console = output.console
    let result = try await output.errors(on: console).guarding {
      let loaded = try input.load(warningsOn: console)
      let result = try await Proof(
        of: loaded.plan, catalogue: .standard,
        domain: SchedulerDomain(loaded.plan, asksPermit: !withoutPermits),
        limits: Proof.Limits(states: states, outages: outages, isReduced: !unreduced)
      ).explore()
      let view = ProofView(result, plan: loaded.plan)
      switch output.output {
      case .text: console.write(view.lines)
      case .json: console.write(view.json.description)
      }
      return result
    }
    guard result.findings.isEmpty else { return try ExitStatus.found.exit() }
    if !result.isComplete { try ExitStatus.unknown.exit() }
  }
}
