import ArgumentParser
import Engine
import Journal
import Runbook

struct ExecuteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "execute",
    abstract: "Execute a runbook for real. What is so already is left alone.",
    discussion: """
      Every intent is in the journal before it is carried out, and every step is verified by a probe. \
      Ctrl-C stops after the step in hand; however it ends, 'lifeboat explain' says where it stands and \
      'lifeboat resume' goes on.
      """)

  @OptionGroup var input: RunbookOptions
  @OptionGroup var gates: GateOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .customLong("accept"),
    help:
      "Go on although a critical precheck isn't satisfied: PRECHECK=REASON. The reason goes into the journal. May be repeated."
  )
  var accepted: [NamedText] = []

  func run() async throws {
    let console = output.console
    let ended = try await output.errors(on: console).guarding {
      let loaded = try input.load(warningsOn: console)
      let reasons = try accepted.byName("--accept")
      try requireKnown(reasons.keys, among: loaded.plan.prechecks.map(\.id))
      let wiring = try Wiring(console: console, format: output.output)
      let answers = try gates.answers(on: console, format: output.output)
      let run = wiring.newRunID()
      return try await wiring.executing(answers) { executor in
        try await executor.execute(loaded.plan, as: run, from: loaded.origin(accepted: reasons))
      }
    }
    try ExitStatus(ended.ending).exit()
  }

  private func requireKnown(_ names: some Sequence<String>, among known: [String]) throws {
    for name in names where !known.contains(name) {
      throw InputError(
        "input.unknown_precheck", "--accept \(name): the runbook has no such precheck",
        advice: known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))")
    }
  }
}
