import ArgumentParser
import Engine
import Journal
import Review

extension AuditCommand {
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Everything that one run wrote.")

    @Argument(help: "The run, or the end of its name. Default: the last one.")
    var run: String?

    @Option(help: "Only of this step, as the runbook calls it or of one host.")
    var step: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let id = try await reading.runs.resolve(run, onlyExecutions: false)
        var criteria = EntryCriteria()
        criteria.step = step
        var dossier = Dossier()
        var isKnown = step == nil
        for try await entry in reading.journal.entries(run: id) {
          // The dossier hears every entry: it tells a step's place from the run's first.
          let lines = output.output == .text ? try dossier.lines(for: entry) : []
          guard criteria.admits(entry) else { continue }
          isKnown = true
          switch output.output {
          case .json: console.write(entry.json.description)
          case .text: console.write(lines)
          }
        }
        guard isKnown else {
          throw EngineError(
            "step.not_found", "the run \(id) has written nothing of a step \(step ?? "")",
            advice: "'lifeboat audit timeline \(id)' shows its steps")
        }
      }
    }
  }
}
