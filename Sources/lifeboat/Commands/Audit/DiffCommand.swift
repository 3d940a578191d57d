import ArgumentParser
import Journal
import Review

extension AuditCommand {
  struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff", abstract: "Two runs side by side, step by step.",
      discussion: """
        Outcomes, durations, facts, guards and answers of people. Of a rehearsal and an execution also what was predicted \
        and what was observed. Differences are no failure: the exit code is 0.
        """)

    @Argument(help: "A run, or the end of its name.")
    var a: String

    @Argument(help: "The run to compare it with.")
    var b: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let runs = try await ReadingWiring().runs
        let comparison = RunComparison(
          try await runs.account(of: a), try await runs.account(of: b))
        switch output.output {
        case .json: console.write(try JSON(encoding: comparison).description)
        case .text: console.write(comparison.lines)
        }
      }
    }
  }
}
