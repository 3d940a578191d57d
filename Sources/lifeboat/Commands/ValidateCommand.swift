import ArgumentParser
import Journal
import Runbook

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract:
      "Check a runbook and its inventory; say everything that is wrong, with line and column.",
    discussion: "Reads the files and nothing else: no host is asked, nothing is written.")

  @OptionGroup var input: RunbookOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let console = output.console
    try await output.errors(on: console).guarding {
      let loaded = try input.load(warningsOn: console)
      switch output.output {
      case .text:
        console.write(
          "\(input.runbook): valid. \(loaded.plan.prechecks.count) prechecks, \(loaded.plan.steps.count) steps, sites \(loaded.plan.sites.joined(separator: ", "))."
        )
      case .json:
        let answer: JSON = [
          "valid": true, "plan": try JSON(encoding: loaded.plan),
          "warnings": try JSON(encoding: loaded.warnings.all),
        ]
        console.write(answer.description)
      }
    }
  }
}
