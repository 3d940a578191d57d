import Actuators
import Engine
import Foundation
import Journal
import Runbook

/// Signs checkpoints of the journal, and hands them to the witnesses. What goes wrong with that is said, and holds up nothing:
/// what can't be delivered now waits until somebody can.
struct CheckpointKeeper: Sendable {
  /// Between two checkpoints of a run under way.
  static let interval = Duration.seconds(20)
  /// What one witness may take for one copy.
  static let patience = Duration.seconds(5)

  /// What became of the copies for one witness.
  struct Delivery: Sendable {
    let witness: String
    var delivered = 0
    var waiting = 0
    var problem: String?
  }

  private let journal: Journal
  private let witnesses: [Witness]
  private let time: any TimeSource
  private let author: @Sendable () -> SigningKeys.Author
  private let keys: SigningKeys
  private let folder: CheckpointFolder
  private let ledger: DeliveryLedger
  private let channel: WitnessChannel

  init(
    journal: Journal, home: Home, witnesses: [Witness], surroundings: Surroundings,
    redactor: Redactor
  ) {
    self.journal = journal
    self.witnesses = witnesses
    time = surroundings.time
    author = {
      SigningKeys.Author(
        person: surroundings.person, version: surroundings.version,
        at: Timestamp(surroundings.time.now()))
    }
    keys = SigningKeys(home: home.directory)
    folder = .own(home: home.directory)
    ledger = DeliveryLedger(home: home.directory)
    channel = WitnessChannel(time: time, redactor: redactor)
  }

  /// The key in force, made now if there is none. Throws `JournalError`.
  func key() async throws -> SigningKey {
    try await keys.currentOrNew(named: Self.newOrigin(), journal, by: author())
  }

  /// Signs what the journal holds now; nil when it is empty. Throws `JournalError`.
  func sign() async throws -> SignedCheckpoint? {
    try await journal.checkpoint(with: try await key(), in: folder)
  }

  /// Hands out what waits, to all witnesses side by side.
  func deliver() async throws -> [Delivery] {
    guard !witnesses.isEmpty else { return [] }
    let origin = try await key().verifier.name
    return try await withThrowingTaskGroup(of: Delivery.self) { group in
      for witness in witnesses {
        group.addTask { try await deliver(checkpointsOf: origin, to: witness) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
        .sorted { $0.witness < $1.witness }
    }
  }

  /// Makes the key before a run's first entry, so that its entries stand together. `finish` tells when it can't be made.
  func prepare() async { _ = try? await key() }

  /// Until the task is cancelled: signs and delivers now and at intervals. Problems are told by `finish`.
  func keepWatch() async {
    do {
      while true {
        _ = try? await sign()
        _ = try? await deliver()
        try await time.sleep(for: Self.interval)
      }
    } catch {
      // The run is over.
    }
  }

  /// The last one of a run, and what to tell the operator about it.
  func finish() async -> [String] {
    do {
      _ = try await sign()
      return try await deliver().compactMap { delivery in
        delivery.problem.map {
          "the witness \(delivery.witness) has not got \(delivery.waiting) "
            + "\(delivery.waiting == 1 ? "checkpoint" : "checkpoints"): \($0)"
        }
      }
    } catch let error as JournalError {
      return ["no checkpoint was signed: \(error.message). \(error.advice)"]
    } catch {
      return ["no checkpoint was signed: \(error)"]
    }
  }

  private func deliver(
    checkpointsOf origin: String, to witness: Witness
  ) async throws -> Delivery {
    let delivered = try ledger.size(deliveredTo: witness.name)
    let queue = try folder.checkpoints(of: origin, above: delivered).checkpoints
    var delivery = Delivery(witness: witness.name, waiting: queue.count)
    for checkpoint in queue {
      do {
        try await hand(checkpoint, to: witness)
        try ledger.note(checkpoint, deliveredTo: witness.name)
      } catch let error as ActionError {
        delivery.problem = error.message
      } catch let error as JournalError {
        delivery.problem = error.message
      }
      if delivery.problem != nil { return delivery }
      delivery.delivered += 1
      delivery.waiting -= 1
    }
    return delivery
  }

  private func hand(_ checkpoint: SignedCheckpoint, to witness: Witness) async throws {
    switch witness.place {
    case .path(let directory): try await keep(checkpoint, in: directory)
    case .command(let command):
      try await channel.give(checkpoint.text, to: command, within: Self.patience)
    case .http(let url, let authorization):
      try await channel.post(
        checkpoint.text, to: url, authorization: authorization, within: Self.patience)
    }
  }

  /// A share whose server is gone makes whoever touches it wait, so somebody else does that.
  private func keep(_ checkpoint: SignedCheckpoint, in directory: String) async throws {
    let folder = CheckpointFolder(witness: directory)
    let seen = try await promptly(directory) {
      try folder.last(of: checkpoint.checkpoint.origin)
    }
    // Else a journal that was restored from an older copy would go on beside what the witness saw.
    if let seen, try await isOurs(seen) { try await journal.requireGrown(from: seen) }
    try await promptly(directory) { try folder.keep(checkpoint) }
  }

  /// Somebody else's checkpoint under our name is for the auditor to find, and no reason to keep ours back.
  private func isOurs(_ checkpoint: SignedCheckpoint) async throws -> Bool {
    let keys = try await journal.keyHistory().links.map(\.key)
    do { return try !checkpoint.note.signers(among: keys).isEmpty } catch { return false }
  }

  private func promptly<Value: Sendable>(
    _ directory: String, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    let outcomes = AsyncStream<Result<Value, any Error>> { outcomes in
      Thread.detachNewThread {
        outcomes.yield(Result { try body() })
        outcomes.finish()
      }
    }
    let outcome = try await withThrowingTaskGroup(of: Result<Value, any Error>?.self) { group in
      group.addTask {
        for await outcome in outcomes { return outcome }
        return nil
      }
      group.addTask { [time] in
        try await time.sleep(for: Self.patience)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let outcome else {
      throw ActionError("witness.silent", "\(directory) gave no answer in \(Self.patience)")
    }
    return try outcome.get()
  }

  /// Names a log for good: two on one machine differ.
  private static func newOrigin() -> String {
    var generator = SystemRandomNumberGenerator()
    let number = UInt32.random(in: .min ... .max, using: &generator)
    let digits = String(number, radix: 16)
    let host = ProcessInfo.processInfo.hostName.filter { !$0.isWhitespace && $0 != "+" }
    return "\(host)/lifeboat/\(String(repeating: "0", count: 8 - digits.count))\(digits)"
  }
}
