import ArgumentParser
import Foundation

/// The scheduler of Lifeboat's lab, its hosts, and the lab itself, in one program.
struct LabScheduler: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab-scheduler",
    abstract: "A small job scheduler on two sites, to practise disasters on.",
    subcommands: [
      LabCommand.self, AtCommand.self, ServiceCommand.self, HostCommand.self, ServerCommand.self,
      ExecutorCommand.self, SchedulerCommand.self, ReplicatorCommand.self, MachineCommand.self,
      RouterCommand.self, UnlessFileCommand.self, SchemaCommand.self, WriteLoadCommand.self,
    ])
}

@main
enum Program {
  static func main() {
    do {
      if let at = AtCommand(direct: CommandLine.arguments) { return try at.run() }
      var command = try LabScheduler.parseAsRoot()
      try command.run()
    } catch let error as LabError {
      Terminal.complain(error.line)
      exit(error.kind.exitStatus)
    } catch {
      LabScheduler.exit(withError: error)
    }
  }
}
