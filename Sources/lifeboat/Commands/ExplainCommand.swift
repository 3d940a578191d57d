import ArgumentParser
import Journal
import Review

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract:
      "Say where a run stands, what blocks it and why, who can unblock it, and the next safe command.",
    discussion: """
      Reads the journal and nothing else. Safe at any time, also beside a run. With --handover it is a note for the next \
      shift: what happened when, what is done, in doubt and open, and what stands on somebody's word.
      """)

  @Argument(help: "The run. Default: the last execution.")
  var run: String?

  @Flag(help: "A note for the next shift, in Markdown of short lines.")
  var handover = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard !handover || output.output == .text else {
      throw ValidationError("--handover is for people: leave --output json out.")
    }
  }

  func run() async throws {
    let console = output.console
    try await output.errors(on: console).guarding {
      let reading = try await ReadingWiring()
      let id = try await reading.runs.resolve(run, onlyExecutions: true)
      let entries = try await reading.runs.entries(of: id)
      let isHeld = try await reading.runs.isHeld(entries)
      let isUnfinished = try UnfinishedRun(entries, isHeld: isHeld) != nil
      let impasse = isUnfinished ? try await reading.runs.impasse(of: entries) : nil
      let unfinished = try await reading.runs.unfinished(besides: id)
      if handover,
        let note = try HandOver(
          entries, isHeld: isHeld, impasse: impasse, now: reading.now, unfinished: unfinished)
      {
        for line in note.lines { console.write(line) }
      } else if let standing = try Standing(
        entries, isHeld: isHeld, impasse: impasse, now: reading.now, unfinished: unfinished)
      {
        switch output.output {
        case .json: console.write(try JSON(encoding: standing).description)
        case .text: console.write(standing.lines)
        }
      } else {
        throw InputError("run.not_found", "the journal has no run \(id)")
      }
    }
  }
}
