import ArgumentParser
import Journal
import Review

extension AuditCommand {
  struct List: AsyncParsableCommand {
    enum RunType: String, CaseIterable, ExpressibleByArgument {
      case execution, rehearsal, readiness
    }

    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "The runs, the last one first.",
      discussion: "What is given must all hold. Nothing given: the last runs of whatever kind.")

    @OptionGroup var period: PeriodOptions

    @Option(help: "Runs of this runbook.")
    var runbook: String?

    @Option(help: "Executions, rehearsals, or looks at readiness.")
    var type: RunType?

    @Option(
      help: ArgumentHelp(
        "How they ended: \(RunCriteria.outcomes.joined(separator: ", "))."))
    var outcome: String?

    @Option(help: "Runs whose plan has this step.")
    var step: String?

    @Option(help: "Runs whose plan goes to this target: dr.scheduler, scheduler@dr.")
    var host: String?

    @Option(help: "Runs that this person began, went on with, or answered a gate of.")
    var person: String?

    @Option(help: "How many at most.")
    var limit = 20

    @OptionGroup var output: OutputOptions

    func validate() throws {
      if limit < 1 { throw ValidationError("--limit must be at least 1") }
      if let outcome, !RunCriteria.outcomes.contains(outcome) {
        throw ValidationError(
          "--outcome \(outcome): it is one of \(RunCriteria.outcomes.joined(separator: ", "))")
      }
    }

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let (runs, hasMore) = try await reading.runs.matching(
          try criteria(now: reading.now), limit: limit)
        switch output.output {
        case .json: for run in runs { console.write(try JSON(encoding: run).description) }
        case .text: console.write(RunTable(runs, hasMore: hasMore).lines)
        }
      }
    }

    private func criteria(now: Timestamp) throws -> RunCriteria {
      var criteria = RunCriteria(type: type.flatMap { RunStarted.RunKind(rawValue: $0.rawValue) })
      criteria.since = try period.since(now: now)
      criteria.until = try period.until(now: now)
      criteria.runbook = runbook
      criteria.outcome = outcome
      criteria.step = step
      criteria.host = host
      criteria.person = person
      return criteria
    }
  }
}
