import Actuators
import ArgumentParser
import Engine
import Foundation
import Journal
import Runbook

struct SchedulerConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler-config",
    abstract: "Check, compare and write Failover.config of a pair of schedulers.",
    discussion: """
      It must be the same on both: who is primary and who secondary, the port of the heartbeat, and how often it beats.
      """,
    subcommands: [Check.self, Diff.self, Write.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Whether the two agree, resolve each other's names and reach each other's ports.",
      discussion:
        "Connects to the ports, says nothing and hangs up. Tells how soon the secondary takes over. Writes nothing."
    )

    @OptionGroup var pair: PairOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let found = try await output.errors(on: console).guarding {
        let found = try await pair.look(through: console)
        switch output.output {
        case .text: console.write(SchedulerConfigView(found).lines)
        case .json: console.write(SchedulerConfigView(found).json.description)
        }
        return found.findings.map(\.level)
      }
      try
        (found.contains(.problem) ? ExitStatus.found : found.contains(.unknown) ? .unknown : .done)
        .exit()
    }
  }

  struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff",
      abstract: "What differs between the two, and from what 'write' would set.",
      discussion: "Writes nothing.")

    @OptionGroup var pair: PairOptions
    @OptionGroup var wanted: OptionalFailoverOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let differs = try await output.errors(on: console).guarding {
        let found = try await pair.look(through: console)
        guard found.isKnown else {
          throw ActionError(
            "config.unreadable", found.findings.map(\.words).joined(separator: "; "),
            advice: "see the hosts and the files, as --file tells where they are")
        }
        let view = SchedulerConfigDifferences(found, wanted: wanted.values)
        switch output.output {
        case .text: console.write(view.lines)
        case .json: console.write(view.json.description)
        }
        return !view.isEmpty
      }
      try (differs ? ExitStatus.found : .done).exit()
    }
  }

  struct Write: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "write",
      abstract: "Set the values on both, each file at once and with the old one kept beside it.",
      discussion: """
        It is a run like any other: of two steps of the action scheduler.config, rehearsed by 'diff', journalled, verified, and gone on with \
        by 'lifeboat resume'. The runbook that it makes is kept beside the journal. The schedulers read their files when they start.
        """)

    @OptionGroup var pair: PairOptions
    @OptionGroup var wanted: FailoverOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let ended = try await output.errors(on: console).guarding {
        if let warning = wanted.warning { console.writeError("lifeboat: warning: \(warning)") }
        let wiring = try Wiring(console: console, format: output.output)
        let runbook = try GeneratedRunbook(
          name: "scheduler-config",
          text: pair.runbook(setting: wanted)
        ).write()
        let loaded = try LoadedPlan(
          runbookFile: runbook, inventoryFile: pair.inventory, parameters: [:], console: console)
        let proof = try await ProofBeforeRun(loaded.plan, on: console, output.output).make()
        let run = wiring.newRunID()
        return try await wiring.attesting(by: loaded.plan.inventory.witnesses) {
          try await wiring.executing(
            Answers(console: console, mayAsk: false, given: GivenAnswers([:])), signingWith: nil
          ) { executor in
            try await executor.execute(
              loaded.plan, as: run, from: loaded.origin(proof: proof))
          }
        }
      }
      try ExitStatus(ended.ending).exit()
    }
  }
}

/// The two schedulers, and where their files are.
struct PairOptions: ParsableArguments {
  @Argument(help: "The primary's host in the inventory, as production.scheduler.")
  var primaryHost: String

  @Argument(help: "The secondary's host.")
  var secondaryHost: String

  @Option(
    name: [.short, .long],
    help: "The inventory, a YAML file. Default: $LIFEBOAT_SITES, else sites.yaml here.",
    completion: .file(extensions: ["yaml", "yml"]))
  var sites: String?

  @Option(
    help:
      "Where Failover.config is on both hosts. Default, of Windows hosts: where the scheduler's set-up puts it."
  )
  var file: String?

  @Option(help: "Where it is on the secondary, if elsewhere.")
  var secondaryFile: String?

  var inventory: String { sites ?? RunbookOptions.defaultInventory }

  func look(through console: Console) async throws -> FailoverPair {
    let inventory = try Inventory(reading: SourceText(contentsOf: inventory))
    var values: [String: Value] = [
      "primary": .string(primaryHost), "secondary": .string(secondaryHost),
    ]
    if let file { values["file"] = .string(file) }
    if let secondaryFile { values["secondary_file"] = .string(secondaryFile) }
    let check: SchedulerPair
    do {
      check = try SchedulerPair(
        Arguments(step: "scheduler-config", values: values, target: nil, inventory: inventory))
    } catch let error as ActionError {
      throw InputError(error.code, error.message, advice: error.advice)
    }
    let world = ActuatorWorld(time: SystemTime(), redactor: console.redactor)
    let seen: Result<Observation, any Error>
    do { seen = .success(try await check.probe(world.makeObserver())) } catch {
      seen = .failure(error)
    }
    do { try await world.close() } catch {
      console.writeError("lifeboat: a connection could not be ended: \(error)")
    }
    return check.report(try seen.get())
  }

  /// A step for each, as a person would write it. What is given stands there as JSON texts, which are YAML.
  func runbook(setting wanted: FailoverOptions) -> String {
    let steps = [
      ("primary", primaryHost, file), ("secondary", secondaryHost, secondaryFile ?? file),
    ].map { id, host, file in
      """
        - id: \(id)
          action: scheduler.config
          target: \(Value.string(host).json)
          with:
            primary: \(Value.string(wanted.primary).json)
            secondary: \(Value.string(wanted.secondary).json)
            port: \(wanted.port)
            interval: \(wanted.interval)\(file.map { "\n      file: \(Value.string($0).json)" } ?? "")
      """
    }
    return """
      runbook: scheduler-config
      description: Failover.config of a pair of schedulers, as 'lifeboat scheduler-config write' sets it.
      run_type: install
      steps:
      \(steps.joined(separator: "\n"))

      """
  }
}

/// What Failover.config shall say.
struct FailoverOptions: ParsableArguments {
  @Option(help: "The primary's host name, as the hosts know it.")
  var primary: String

  @Option(help: "The secondary's host name.")
  var secondary: String

  @Option(help: "The port of the heartbeat.")
  var port = SchedulerConfig.defaultPort

  @Option(help: "The seconds between two heartbeats; 15 or more.")
  var interval = SchedulerConfig.defaultInterval

  var warning: String? { FailoverPair.warning(ofInterval: interval) }
}

/// The same where each may be left out: what is given is compared.
struct OptionalFailoverOptions: ParsableArguments {
  @Option(help: "Compare with this name of the primary.")
  var primary: String?

  @Option(help: "Compare with this name of the secondary.")
  var secondary: String?

  @Option(help: "Compare with this port.")
  var port: Int?

  @Option(help: "Compare with this interval, in seconds.")
  var interval: Int?

  /// By the names of the elements.
  var values: [String: String] {
    [
      "Primary": primary, "Secondary": secondary, "Port": port.map(String.init),
      "Interval": interval.map(String.init),
    ].compactMapValues { $0 }
  }
}
