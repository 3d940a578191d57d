import ArgumentParser
import Journal
import Review

extension AuditCommand {
  struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "search", abstract: "Entries of all runs by what they say, the last one first.",
      discussion: """
        What is given must all hold. Words are looked for in the entry's JSON text; ASCII letters match in either case. \
        Without --run or --kind the whole journal is read.
        """)

    @Argument(help: "Each of these words occurs.")
    var words: [String] = []

    @Option(help: "Only entries of this run, or of the run whose name ends so.")
    var run: String?

    @Option(
      help: "Only entries of this kind, step.ended, or family of kinds, gate. May be repeated.")
    var kind: [String] = []

    @Option(help: "Only entries of this step, as the runbook calls it or of one host.")
    var step: String?

    @Option(
      help: "Only entries about this target, or with facts of it: dr.scheduler, scheduler@dr.")
    var host: String?

    @Option(help: "Only what this person did.")
    var person: String?

    @Option(
      help: "Only entries that tell of this outcome: changed, would_change, granted, in_doubt.")
    var outcome: String?

    @OptionGroup var period: PeriodOptions

    @Option(help: "How many at most.")
    var limit = 50

    @OptionGroup var output: OutputOptions

    func validate() throws {
      if limit < 1 { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let criteria = try await criteria(reading)
        var found = 0
        for try await entry in reading.journal.entriesFromTheEnd(matching: criteria.filter)
        where criteria.admits(entry) {
          found += 1
          guard found <= limit else { break }
          switch output.output {
          case .json: console.write(entry.json.description)
          case .text: console.write(EntryLine(entry).line)
          }
        }
        guard output.output == .text else { return }
        if found == 0 { console.write("No such entries.") }
        if found > limit {
          console.write(
            Line(
              "There are more, further back: --limit shows them, --until goes on from there.",
              .faint))
        }
      }
    }

    private func criteria(_ reading: ReadingWiring) async throws -> EntryCriteria {
      var criteria = EntryCriteria()
      criteria.words = words
      if let run { criteria.run = try await reading.runs.resolve(run, onlyExecutions: false) }
      criteria.kinds = kind
      criteria.step = step
      criteria.host = host
      criteria.person = person
      criteria.outcome = outcome
      criteria.since = try period.since(now: reading.now)
      criteria.until = try period.until(now: reading.now)
      return criteria
    }
  }
}
