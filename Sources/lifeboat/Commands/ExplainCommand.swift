import ArgumentParser
import Foundation
import Journal
import Review

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say where a run stands, what blocks it, and the next safe command.",
    discussion: "Reads the journal and nothing else. Safe at any time, also beside a run.")

  @Argument(help: "The run. Default: the last execution.")
  var run: String?

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    try await output.errors(on: console).guarding {
      let reading = try await ReadingWiring()
      let id = try await reading.runs.resolve(run, onlyExecutions: true)
      let entries = try await reading.runs.entries(of: id)
      switch output.output {
      case .json:
        for entry in entries { console.write(entry.json.description) }
      case .text:
        guard let standing = try Standing(entries) else {
          throw InputError("run.not_found", "the journal has no run \(id)")
        }
        console.write(
          standing.lines(isHeld: try await reading.isHeld(entries), now: reading.now))
      }
    }
  }
}
