import Actuators
import ArgumentParser
import Engine
import Foundation
import Journal
import Review
import Runbook

extension AuditCommand {
  struct People: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "people",
      abstract:
        "Who answered the gates of a run, from where, with which words; signatures are verified.",
      discussion: """
        Exits with 11 when a signature doesn't hold, or an answer was given to another plan than the run's.
        """)

    @Argument(help: "The run. Default: the last execution.")
    var run: String?

    @Option(
      help:
        "The keys that people sign with, in OpenSSH's format of that name. Default: the file that the run's inventory names.",
      completion: .file())
    var allowedSigners: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let isSound = try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let id = try await reading.runs.resolve(run, onlyExecutions: true)
        let entries = try await reading.runs.entries(of: id)
        let recorded = try RecordedRun(id: id, entries: entries)
        let review = AnswerReview(
          run: id, planDigest: recorded.started.planDigest,
          allowedSigners: allowedSigners ?? recorded.plan.inventory.allowedSigners,
          signatures: GateSigning(
            in: ActuatorWorld(time: SystemTime(), redactor: console.redactor)))
        var (isSound, count) = (true, 0)
        for entry in entries {
          guard let answer = try await review.review(entry) else { continue }
          isSound = isSound && answer.isSound
          count += 1
          switch output.output {
          case .json: console.write(try JSON(encoding: answer).description)
          case .text: console.write(answer.lines)
          }
        }
        if count == 0, output.output == .text { console.write("Nobody answered a gate of \(id).") }
        return isSound
      }
      try (isSound ? ExitStatus.done : .found).exit()
    }
  }
}
