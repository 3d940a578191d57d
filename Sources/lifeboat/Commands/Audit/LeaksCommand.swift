import Actuators
import ArgumentParser
import Engine
import Foundation
import Journal
import Review
import Runbook

extension AuditCommand {
  struct Leaks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "leaks",
      abstract: "Look for the configured secrets in the journal, and in reports and logs.",
      discussion: """
        Looks for each secret that the inventory refers to, as it is and in URL, base64, hexadecimal, JSON and HTML form; \
        says where one stands, never what it is. Exits with 11 when one is found, with 7 when one can't be looked for.
        """)

    @Argument(
      help: "Further files to look in, as reports and logs.", completion: .file())
    var files: [String] = []

    @Option(
      name: [.short, .long],
      help: "The inventory, a YAML file. Default: $LIFEBOAT_SITES, else sites.yaml here.",
      completion: .file(extensions: ["yaml", "yml"]))
    var sites: String?

    @Option(
      name: .customLong("secret"),
      help:
        "A further secret, as a runbook's: env:NAME, file:/PATH or command:PROGRAM. May be repeated."
    )
    var furtherSecrets: [String] = []

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let status = try await output.errors(on: console).guarding {
        let inventory = try Inventory(
          reading: SourceText(contentsOf: sites ?? RunbookOptions.defaultInventory))
        let world = ActuatorWorld(time: SystemTime(), redactor: console.redactor)
        var scan = try await LeakScan(
          for: inventory.secrets + references(), from: world.secrets)
        for reference in scan.missing { show(missing: reference, on: console) }
        let journal = try await ReadingWiring().journal
        for try await entry in journal.entries() {
          for leak in try scan.look(in: entry) { try show(leak, on: console) }
        }
        for file in files {
          for leak in try scan.look(inFile: file) { try show(leak, on: console) }
        }
        try conclude(scan, on: console)
        return scan.count > 0 ? ExitStatus.found : scan.missing.isEmpty ? .done : .unknown
      }
      try status.exit()
    }

    private func references() throws -> [SecretReference] {
      try furtherSecrets.map { text in
        guard let reference = SecretReference(text) else {
          throw InputError(
            "input.secret", "--secret takes a reference to a secret",
            advice: "write env:NAME, file:/path or command:program argument, never the secret")
        }
        return reference
      }
    }

    private func show(missing: LeakScan.Missing, on console: Console) {
      guard output.output == .text else { return }
      console.writeError(
        "lifeboat: the secret '\(missing.reference)' was not looked for: \(missing.why)")
    }

    private func show(_ leak: LeakScan.Leak, on console: Console) throws {
      switch output.output {
      case .json: console.write(try JSON(encoding: leak).description)
      case .text: console.write(Line(leak.text, .bad))
      }
    }

    private func conclude(_ scan: LeakScan, on console: Console) throws {
      switch output.output {
      case .json:
        let summary: JSON = [
          "leaks": .integer(Int64(scan.count)), "entries": .integer(Int64(scan.entries)),
          "files": .integer(Int64(files.count)),
          "secrets": .array(scan.references.map(JSON.string)),
          "not_looked_for": .array(scan.missing.map { .string($0.reference) }),
        ]
        console.write(summary.description)
      case .text:
        let looked =
          "\(scan.references.count) secrets in \(scan.entries) entries and \(files.count) files"
        console.write(
          scan.count == 0
            ? Line("No leak: looked for \(looked).", scan.missing.isEmpty ? .good : .attention)
            : Line(
              "\(scan.count) leaks: looked for \(looked). Change these secrets: the journal can't be rewritten.",
              .bad))
      }
    }
  }
}
