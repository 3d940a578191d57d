import Runbook

/// SQL Server's database mirroring.
struct Mirroring: ReplicationFamily {
  let details = MirroringState.details
  let namesSource = false
  let keepsEpochAtHost = false

  func state(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    try MirroringState.read(reader, of: copy).copyState()
  }

  func stateFromHost(of copy: DatabaseCopy, after error: ActionError, _ observer: any Observer)
    async throws -> CopyState?
  { try await SQLServerInstance(copy: copy).stateFromHost(after: error, observer) }

  func guards(of reversal: Reversal.Intent) -> [Guard] {
    reversal.isGraceful ? MirroringGuards(intent: reversal).make() : []
  }

  func reverse(_ reversal: Reversal, by operator: any Operator) async throws -> Evidence {
    let work = MirroringReversal(reversal: reversal, operator: `operator`)
    return reversal.isGraceful ? try await work.graceful() : try await work.ungraceful()
  }

  func operations(of reversal: Reversal) -> [Operation] {
    told { try MirroringReversal.operations(of: reversal) }
  }

  func isFenced(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    try await SQLServerInstance(copy: copy).isDisabled(observer)
  }

  func fence(_ copy: DatabaseCopy, by operator: any Operator) async throws -> Evidence {
    try await SQLServerInstance(copy: copy).fence(by: `operator`)
  }

  func operations(ofFencing copy: DatabaseCopy, given observation: Observation) -> [Operation] {
    told { try SQLServerInstance(copy: copy).fencing() }
  }

  /// Up to the LSN from which the present principal went on both have one log; what the copy has beyond is thrown away.
  func divergence(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation,
    _ observer: any Observer
  ) async throws -> Divergence {
    if observation[copy.subject, CopyFacts.streaming]?.boolean == true { return .none }
    guard let own = SQLServerLSN(observation[copy.subject, MirroringState.endOfLogFact]),
      let common = SQLServerLSN(observation[primary.subject, MirroringState.failoverFact])
    else {
      throw ActionError(
        "replication.unknown_history",
        "what \(copy.subject) has beyond \(primary.subject) isn't known before its server runs")
    }
    return own > common
      ? .some("the log beyond LSN \(common), up to \(own), of \(copy.subject)") : .none
  }

  func rejoin(_ rejoin: Rejoin, by operator: any Operator) async throws -> Evidence {
    try await MirroringRejoin(rejoin: rejoin, operator: `operator`).run()
  }

  func operations(of rejoin: Rejoin) -> [Operation] {
    told { try MirroringRejoin.operations(of: rejoin) }
  }
}

/// What a graceful reversal of mirroring demands besides.
struct MirroringGuards: Sendable {
  static let notes: [ActionSchema.Note] = [
    .init(safety, "mirroring, graceful: safety is FULL, so that each commit waits for the mirror"),
    .init(synchronized, "mirroring, graceful: the partners are synchronized"),
  ]
  private static let safety = "mirroring-safety-full"
  private static let synchronized = "mirroring-synchronized"

  let intent: Reversal.Intent

  func make() -> [Guard] {
    [
      demand(
        Self.safety, MirroringState.safetyFact, "FULL",
        "on the principal SET PARTNER SAFETY FULL, and wait until it is synchronized"),
      demand(
        Self.synchronized, MirroringState.stateFact, "SYNCHRONIZED",
        "wait; where it is suspended, replication.rejoin resumes it"),
    ]
  }

  private func demand(_ id: String, _ fact: String, _ word: String, _ advice: String) -> Guard {
    let copies = [intent.target] + intent.others
    return Guard(id, demand: "\(fact) is \(word)") { observation in
      for copy in copies {
        guard let found = observation[copy.subject, fact]?.string else {
          return .unknown(
            observation.gap(copy.subject, fact) ?? "the \(fact) of \(copy.subject) isn't known")
        }
        if found != word { return .violated("\(copy.subject): \(fact) is \(found); \(advice)") }
      }
      return .holds
    }
  }
}
