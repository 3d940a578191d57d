import ArgumentParser

@main
struct LabScheduler: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab-scheduler", abstract: "The scheduler of Lifeboat's lab.")
}
