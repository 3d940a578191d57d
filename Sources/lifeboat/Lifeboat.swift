import ArgumentParser

@main
struct Lifeboat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lifeboat", abstract: "Runs disaster-recovery runbooks.")
}
