public import Runbook

/// `drill.promote`
public struct DrillPromote: ActingAction {
  public static let schema = ActionSchema(
    name: "drill.promote",
    summary: "Make a drill's copy take changes, as a failover makes the replica",
    discussion: """
      Does to the drill's copy what `replication.reverse` does to the replica when production is lost. No other copy is
      looked at, and replication between the real ones goes on.
      """,
    target: .databaseAtSite,
    effect: .changes,
    reversibility: .reversible(by: "drill.remove"),
    facts: CopyFacts.notes + DrillDirectory.notes,
    guards: [DrillDirectory.markedNote],
    example: """
      id: promote-copy
      action: drill.promote
      target: scheduler@dr.drill
      """)

  private static let patience = Duration.seconds(60)

  private let directory: DrillDirectory

  public init(_ arguments: Arguments) throws { directory = try arguments.drillDirectory() }

  private var copy: DatabaseCopy { directory.copy }

  public var destinations: [Destination] { [.host(directory.host)] }
  public var guards: [Guard] { [directory.markedGuard()] }
  public var rechecked: [FactKey] { [FactKey(copy.subject, FactName.role)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let made = CopyFacts(copy: copy).observe(observer)
    async let files = directory.observeServed(observer)
    return Observation(try await made + files)
  }

  public func judge(_ observation: Observation) -> Verdict {
    switch observation.role(of: copy) {
    case .primary: .satisfied("\(copy.subject) takes changes")
    case .replica: .needed("promote \(copy.subject)")
    case .lost: .blocked("\(copy.subject) isn't there: drill.copy makes it")
    case let role?: .blocked("\(copy.subject) is \(role.rawValue)")
    case nil: .unknown(observation.gap(copy.subject, FactName.role) ?? "its role is a new word")
    }
  }

  public func predict(_ observation: Observation) -> Observation? {
    guard let epoch = observation.epoch(of: copy) else { return nil }
    var result = Observation()
    result.state(copy.subject, FactName.role, .string(CopyRole.primary.rawValue))
    result.state(copy.subject, FactName.epoch, .integer(epoch + 1))
    result.state(copy.subject, CopyFacts.writable, true)
    return result
  }

  private func reversal(_ observation: Observation) -> Reversal {
    Reversal(
      intent: Reversal.Intent(
        target: copy, others: [], isGraceful: false, drainTimeout: Self.patience,
        suspendsSynchronous: false),
      observation: observation)
  }

  public func operations(given observation: Observation) -> [Operation] {
    copy.database.replicationFamily.operations(of: reversal(observation))
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    try await copy.database.replicationFamily.reverse(reversal(observation), by: `operator`)
  }

  /// It goes with the copy.
  public var undoability: Undoability { .exact(by: DrillRemove.schema.name) }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? { [] }
}
