import ArgumentParser
import Engine
import Foundation
import Journal
import Runbook

struct PermitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "permit",
    abstract:
      "Say whether a site may run its scheduler now, by exit code: 0 it may, 10 it may not.",
    discussion: """
      For ExecCondition= of a scheduler's unit: a site that comes back after a failover stays down by itself. Answered \
      from the journal alone, and the inventory. What can't be told is refused. Writes nothing.
      """,
    subcommands: [Check.self, Grant.self], defaultSubcommand: Check.self)

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Whether the site may run its scheduler. The default.")

    @Option(help: "The site.")
    var site: String

    @Option(
      name: .long,
      help: "The inventory, a YAML file. Default: $LIFEBOAT_SITES, else sites.yaml here.",
      completion: .file(extensions: ["yaml", "yml"]))
    var sites: String?

    @Option(
      help: ArgumentHelp(
        "Ask the machine that keeps the journal, by ssh.", valueName: "destination"))
    var ask: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let answer = await answer()
      try answer.show(on: console, output.output)
      try (answer.permitted ? ExitStatus.done : .notPermitted).exit()
    }

    /// Whatever goes wrong is a refusal: nobody may run a scheduler on a guess.
    private func answer() async -> PermitAnswer {
      do {
        if let ask { return try await PermitQuestion(site: site, destination: ask).answer() }
        let inventory = try Inventory(
          reading: SourceText(contentsOf: sites ?? RunbookOptions.defaultInventory))
        guard inventory.schedulerHosts().contains(where: { $0.site == site }) else {
          return PermitAnswer(
            refusing: site, because: "the inventory has no scheduler at a site '\(site)'")
        }
        return PermitAnswer(try await ReadingWiring().permits(inventory), of: site)
      } catch {
        return PermitAnswer(refusing: site, because: "that can't be told: \(error)")
      }
    }
  }

  struct Grant: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "grant",
      abstract: "Let a site run its scheduler, where no run did: the journal keeps who and why.",
      discussion: """
        Refused while another site holds the permit, unless the journal shows that its scheduler is stopped or fenced; and \
        while a run is active. It starts nothing.
        """)

    @Option(help: "The site.")
    var site: String

    @Option(
      name: .customLong("because"), help: "Why, and how you know that no other scheduler runs.")
    var reason: String

    @Option(
      name: .long,
      help: "The inventory, a YAML file. Default: $LIFEBOAT_SITES, else sites.yaml here.",
      completion: .file(extensions: ["yaml", "yml"]))
    var sites: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let inventory = try Inventory(
          reading: SourceText(contentsOf: sites ?? RunbookOptions.defaultInventory))
        guard !reason.allSatisfy(\.isWhitespace) else {
          throw InputError(
            "input.no_words", "--because has no words",
            advice: "say how you know: the journal keeps it")
        }
        let wiring = try Wiring(console: console, format: output.output, mustExist: true)
        let ledger = try await PermitGrant(surroundings: wiring.surroundings)
          .grant(to: site, because: reason, inventory)
        try PermitAnswer(ledger, of: site).show(on: console, output.output)
      }
    }
  }
}
