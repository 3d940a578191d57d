import ArgumentParser
import Journal
import Review

extension AuditCommand {
  struct Timeline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "timeline",
      abstract: "When a run did what: steps, gates, tries and halts, with bars for how long.")

    @Argument(help: "The run, or the end of its name. Default: the last one.")
    var run: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let timeline = Review.Timeline(try await ReadingWiring().runs.account(of: run))
        switch output.output {
        case .json: console.write(try JSON(encoding: timeline).description)
        case .text: console.write(timeline.lines(width: console.width))
        }
      }
    }
  }
}
