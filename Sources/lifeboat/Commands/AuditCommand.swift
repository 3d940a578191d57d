import ArgumentParser
import Journal
import Review

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Review what happened: list the runs, show or report one, verify the journal.",
    subcommands: [List.self, Show.self, Report.self, Verify.self])

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
      let isSound = try await output.errors(on: console).guarding {
        let verification = try await ReadingWiring().journal.verify()
        switch output.output {
        case .json: console.write(json(verification).description)
        case .text: console.write(lines(verification))
        }
        return verification.isSound
      }
      try (isSound ? ExitStatus.done : .journal).exit()
    }

    private func lines(_ verification: Verification) -> [Line] {
      let head = [
        Line("entries  \(verification.head.size)"), Line("root     \(verification.head.root)"),
      ]
      guard let finding = verification.finding else {
        return [
          Line("The journal is sound: no entry was changed, removed, reordered or inserted.", .good)
        ] + head
      }
      return [
        Line("The journal is NOT sound: \(finding.message)", .bad),
        Line("first entry that can't be trusted: \(finding.index)", .bad),
      ] + head + (verification.consequence.map { [Line("next: \($0)", .attention)] } ?? [])
    }

    private func json(_ verification: Verification) -> JSON {
      [
        "sound": .boolean(verification.isSound),
        "size": .integer(Int64(verification.head.size)),
        "root": .string(verification.head.root.description),
        "trusted": .integer(Int64(verification.trusted)),
        "finding": verification.finding.map {
          [
            "kind": .string($0.kind.rawValue), "index": .integer(Int64($0.index)),
            "message": .string($0.message),
          ]
        } ?? .null,
      ]
    }
  }
}
