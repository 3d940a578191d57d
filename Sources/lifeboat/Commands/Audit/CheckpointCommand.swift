import ArgumentParser
import Journal
import Review
import Runbook

extension AuditCommand {
  struct Checkpoint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "checkpoint",
      abstract: "Sign what the journal holds now, and give the witnesses what they haven't got.",
      discussion: """
        Runs do this themselves, at intervals and at their end. From a timer it delivers what could not be delivered \
        then. Ends with 1 when a witness still lacks a copy.
        """)

    @OptionGroup var inventory: InventoryOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let isComplete = try await output.errors(on: console).guarding {
        let witnesses = try inventory.witnesses()
        let wiring = try Wiring(console: console, format: output.output, mustExist: true)
        let keeper = wiring.checkpointKeeper(witnesses)
        let checkpoint = try await keeper.sign()
        let deliveries = try await keeper.deliver()
        switch output.output {
        case .json:
          console.write(
            JSON(
              dictionaryLiteral: ("checkpoint", checkpoint.map { .string($0.text) } ?? .null),
              ("witnesses", .array(deliveries.map(\.json)))
            ).description)
        case .text: console.write(lines(checkpoint, deliveries))
        }
        return deliveries.allSatisfy { $0.problem == nil }
      }
      try (isComplete ? ExitStatus.done : .failed).exit()
    }

    private func lines(
      _ checkpoint: SignedCheckpoint?, _ deliveries: [CheckpointKeeper.Delivery]
    ) -> [Line] {
      guard let checkpoint else { return [Line("The journal is empty: there is nothing to sign.")] }
      let head = Line("signed: \(checkpoint.head.size) entries, \(checkpoint.head.root)", .good)
      guard !deliveries.isEmpty else {
        return [
          head,
          Line(
            "No witnesses: name some in the inventory, else nobody else keeps copies.", .attention),
        ]
      }
      return [head] + deliveries.map(\.line)
    }
  }
}

extension CheckpointKeeper.Delivery {
  fileprivate var line: Line {
    problem.map { Line("witness \(witness): \(waiting) waiting: \($0)", .attention) }
      ?? Line("witness \(witness): has all, \(delivered) delivered now", .good)
  }

  fileprivate var json: JSON {
    [
      "witness": .string(witness), "delivered": .integer(Int64(delivered)),
      "waiting": .integer(Int64(waiting)), "problem": problem.map(JSON.string) ?? .null,
    ]
  }
}
