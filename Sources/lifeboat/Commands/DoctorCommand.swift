import ArgumentParser
import Engine
import Foundation
import Journal
import Runbook

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Collect versions, states and everything that is asked and answered, in one file to report a difference with. Changes nothing.",
    discussion: """
      Looks at all that a runbook and its inventory depend on, once, and keeps each command, statement and request with \
      its answer. Secrets are blotted out. Names, addresses and accounts of the inventory are replaced by what they are \
      there for (--with-names keeps them); other names that a server tells, as those of jobs, stay: read the file \
      before you hand it on.
      """)

  @OptionGroup var input: RunbookOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: "The file to write. It must not be there yet. Default: lifeboat-doctor-TIME.json here.",
    completion: .file(extensions: ["json"]))
  var out: String?

  @Flag(help: "Keep the names, addresses and accounts that the inventory has.")
  var withNames = false

  func run() async throws {
    let console = output.console
    try await output.errors(on: console).guarding {
      let loaded = try input.load(warningsOn: console)
      let wiring = try Wiring(console: console, format: output.output, tellsText: false)
      let now = Timestamp(wiring.surroundings.time.now())
      let file = DoctorFile(path: out ?? DoctorFile.name(at: now))
      try file.requireNew()
      let doctor = Doctor(surroundings: wiring.surroundings, world: wiring.observableWorld)
      let findings = try await wiring.endingConnections {
        try await Signals.cancelling { try await doctor.examine(loaded.plan) }
      }
      let report = try DoctorReport(
        lifeboat: Version.current, at: now, runbook: loaded.plan.runbook, findings: findings
      ).text(hiding: withNames ? nil : Pseudonyms(loaded.plan.inventory), console.redactor)
      try file.write(report)
      tell(findings, in: file, on: console)
    }
  }

  private func tell(_ findings: [Doctor.Finding], in file: DoctorFile, on console: Console) {
    switch output.output {
    case .json:
      let told: JSON = [
        "doctor": ["path": .string(file.path), "findings": .integer(Int64(findings.count))]
      ]
      console.write(told.description)
    case .text:
      for finding in findings {
        console.write("\(finding.verdict ?? "seen"): \(finding.id): \(finding.message)")
      }
      let exchanges = findings.map(\.exchanges.count).reduce(0, +)
      console.write("")
      console.write(
        "\(file.path): \(findings.count) findings, \(exchanges) questions with their answers. Nothing was changed."
      )
      console.write(
        withNames
          ? "It says the names of your hosts. Read it before you hand it on."
          : "Read it before you hand it on: names that are not in the inventory are still there.")
    }
  }
}
