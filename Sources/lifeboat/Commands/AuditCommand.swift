import ArgumentParser
import Journal
import Review

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Review what happened: list the runs, show one, verify the journal.",
    subcommands: [List.self, Show.self, Verify.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "The runs, the last one first.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let runs = try await ReadingWiring().runs.all()
        switch output.output {
        case .json: try runs.forEach { console.write(try JSON(encoding: $0).description) }
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

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Check that no entry was changed, removed, reordered or inserted.",
      discussion: """
        Recomputes every entry's hash and the Merkle root, and compares them with what is stored. It finds what was \
        changed by hand; it can't yet find a journal that was rebuilt as a whole, or cut at its tail together with its \
        tree: keep the size and the root that it prints, and compare them.
        """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let report = try await ReadingWiring().journal.verify()
        switch output.output {
        case .json: console.write(try JSON(encoding: report).description)
        case .text:
          console.write("sound: \(report.size) entries")
          console.write("root:  \(report.root)")
        }
      }
    }
  }
}
