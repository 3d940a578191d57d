public import Runbook

/// `failover_table.in_control`
public struct FailoverInControl: Action {
  public static let schema = ActionSchema(
    name: "failover_table.in_control",
    summary: "Wait until the site's own scheduler has taken control of its database",
    discussion: """
      A server takes control by inserting its GUID into an empty `Failover` table. Satisfied when the only GUID in the table
      is that of a scheduler of this site, the copy is the primary, and that scheduler's services run.

      A rehearsal predicts that control will be taken when nothing is in the way: the copy is the primary, the services run,
      and the table is empty or holds the own GUID.
      """,
    target: .databaseAtSite,
    effect: .waits,
    defaultTimeout: .seconds(180),
    facts: CopyFacts.notes + [
      FailoverRows.note,
      .init("guid", "of each scheduler host of the site"),
      .init(
        "in_control",
        "the site's host whose GUID is the only one in the table; `null` when it is another's, or none"
      ),
      .init("state", "of the services of the site's schedulers"),
      .init("start_type", "of these services"),
      SchedulerServices.fencedNote,
    ],
    example: """
      id: in-control
      action: failover_table.in_control
      target: scheduler@dr
      timeout: 3m
      """)

  private let copy: DatabaseCopy
  private let failover: FailoverOwnership
  private let services: SchedulerServices

  public init(_ arguments: Arguments) throws {
    copy = try arguments.databaseCopy()
    failover = FailoverOwnership(of: copy, in: arguments.inventory)
    services = .own(of: copy.site, in: arguments.inventory)
    guard !services.hosts.isEmpty else {
      throw ActionError(
        "failover_table.no_scheduler",
        "step \(arguments.step): no host of \(copy.site) has a guid, so none can be in control",
        advice: "give the scheduler's host a guid in the inventory")
    }
  }

  public var destinations: [Destination] { failover.destinations + services.destinations }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let table = failover.observe(observer)
    async let states = services.observe(observer)
    var observation = Observation(try await table + states)
    observation.state(Fact(copy.subject, Self.inControl, controller(observation)))
    return observation
  }

  public func judge(_ observation: Observation) -> Verdict {
    // Of a copy that an earlier step would make the rows are foreseen, and who is in control isn't.
    if let gap = failover.gap(observation) ?? controlGap(observation) { return .unknown(gap) }
    guard let role = observation.role(of: copy) else {
      return .unknown(observation.gap(copy.subject, FactName.role) ?? "its role is a new word")
    }
    guard role == .primary else { return .needed("\(copy.subject) is \(role.rawValue)") }
    guard let host = observation[copy.subject, Self.inControl]?.string.flatMap(host) else {
      return .needed("\(copy.site) is not in control yet: \(holders(observation))")
    }
    guard SchedulerServices(hosts: [host]).areRunning(observation) else {
      return .needed("the GUID is that of \(host.id), and its services are not all running")
    }
    return .satisfied("\(host.id) is in control of \(copy.subject)")
  }

  public func predict(_ observation: Observation) -> Observation? {
    guard observation.role(of: copy) == .primary, let guids = failover.rows.guids(observation)
    else { return nil }
    let candidates = services.hosts.filter { host in
      let own = observation[host.id, FactName.ownGUID]?.string.map(GUIDText.normalised)
      return SchedulerServices(hosts: [host]).areRunning(observation)
        && guids.allSatisfy { $0 == own }
    }
    // Of a pair that finds the table empty either may be the first.
    guard candidates.count == 1, let host = candidates.first else { return nil }
    return Observation([Fact(copy.subject, Self.inControl, .string(host.id))])
  }

  /// Why it isn't known who is in control, where a host can't be asked.
  private func controlGap(_ observation: Observation) -> String? {
    observation.isUnreachable(copy.subject, Self.inControl)
      ? observation.gap(copy.subject, Self.inControl) : nil
  }

  static let inControl = "in_control"

  private func host(_ id: String) -> Host? { services.hosts.first { $0.id == id } }

  private func controller(_ observation: Observation) -> Reading {
    if let gap = failover.gap(observation) {
      // A host that says that the copy isn't there, or is stopped, was asked.
      let isUnreachable =
        observation.isUnreachable(copy.subject, FactName.failoverRows)
        && observation.role(of: copy) == nil
      return isUnreachable ? .unreachable(gap) : .unknown(gap)
    }
    let guids = failover.rows.guids(observation) ?? []
    let host = services.hosts.first { host in
      let own = observation[host.id, FactName.ownGUID]?.string.map(GUIDText.normalised)
      return guids.count == 1 && guids.first == own
    }
    return .value(host.map { .string($0.id) } ?? .null)
  }

  private func holders(_ observation: Observation) -> String {
    let guids = failover.rows.guids(observation) ?? []
    return guids.isEmpty
      ? "its Failover table is empty"
      : "its Failover table holds \(guids.joined(separator: ", "))"
  }
}
