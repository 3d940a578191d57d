import ArgumentParser
import Journal
import Review

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract:
      "Review what happened: list the runs, show one, verify the journal, prove what is in it.",
    subcommands: [
      List.self, Show.self, Verify.self, Checkpoint.self, Keys.self, Prove.self, Consistency.self,
      CheckProof.self, People.self, Leaks.self,
    ])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "The runs, the last one first.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let runs = try await ReadingWiring().runs.all()
        switch output.output {
        case .json: for run in runs { console.write(try JSON(encoding: run).description) }
        case .text: console.write(RunTable(runs).lines)
        }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Everything that one run wrote.")

    @Argument(help: "The run. Default: the last one.")
    var run: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let id = try await reading.runs.resolve(run, onlyExecutions: false)
        var dossier = Dossier()
        for entry in try await reading.runs.entries(of: id) {
          switch output.output {
          case .json: console.write(entry.json.description)
          case .text: console.write(try dossier.lines(for: entry))
          }
        }
      }
    }
  }
}
