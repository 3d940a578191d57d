import Actuators
import ArgumentParser
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

  func run() async throws {
    let console = output.console
    try await output.errors(on: console).guarding {
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
