public import Runbook

/// `failover_table.no_foreign_guid`
public struct FailoverNoForeignGUID: Action {
  public static let schema = ActionSchema(
    name: "failover_table.no_foreign_guid",
    summary: "Check that the Failover table holds no GUID of another site's server",
    discussion: """
      Immediately before the scheduler is started: an empty table is right, and so is one that holds only GUIDs of the
      site's own schedulers. GUIDs are compared without regard to case and braces.
      """,
    target: .databaseAtSite,
    effect: .checks,
    facts: CopyFacts.notes + [
      FailoverRows.note,
      .init("guid", "of each scheduler host of the site"),
    ],
    example: """
      id: no-foreign-guid
      action: failover_table.no_foreign_guid
      target: scheduler@dr
      """)

  private let copy: DatabaseCopy
  private let failover: FailoverOwnership

  public init(_ arguments: Arguments) throws {
    copy = try arguments.databaseCopy()
    failover = FailoverOwnership(of: copy, in: arguments.inventory)
  }

  public var destinations: [Destination] { failover.destinations }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await failover.observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = failover.gap(observation) { return .unknown(gap) }
    let foreign = failover.foreign(observation)
    return foreign.isEmpty
      ? .satisfied("Failover of \(copy.subject) holds no foreign GUID")
      : .needed("Failover of \(copy.subject) holds \(foreign.joined(separator: ", "))")
  }
}
