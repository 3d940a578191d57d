import Actuators
import ArgumentParser
import Foundation
import Journal
import Review
import Runbook

struct ActionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "actions",
    abstract: "List the actions that a runbook may use, or show one in full.")

  @Argument(help: "The action, as service.stop.")
  var name: String?

  @OptionGroup var output: OutputOptions

  @Option(help: .private, completion: .directory)
  var writeDocs: String?

  func run() async throws {
    let console = output.console
    try await output.errors(on: console).guarding {
      if let writeDocs { return try write(under: writeDocs) }
      let schemas = ActionCatalogue.standard.schemas
      guard let name else { return list(schemas, console) }
      guard let schema = schemas.first(where: { $0.name == name }) else {
        throw InputError(
          "input.unknown_action", "there is no action '\(name)'",
          advice: "'lifeboat actions' lists them")
      }
      console.write(ActionPage(schema).text)
    }
  }

  /// Writes the generated pages and schemas: `make docs`.
  private func write(under directory: String) throws {
    for file in GeneratedDocuments(of: .standard).files {
      let url = URL(fileURLWithPath: directory).appendingPathComponent(file.path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try file.text.write(to: url, atomically: true, encoding: .utf8)
    }
  }

  private func list(_ schemas: [ActionSchema], _ console: Console) {
    let width = schemas.map(\.name.count).max() ?? 0
    for schema in schemas {
      switch output.output {
      case .json:
        let line: JSON = ["name": .string(schema.name), "summary": .string(schema.summary)]
        console.write(line.description)
      case .text:
        let padding = String(repeating: " ", count: width - schema.name.count)
        console.write("\(schema.name)\(padding)  \(schema.summary)")
      }
    }
  }
}
