public import Runbook

/// `host.guid`
public struct HostGUID: Action {
  public static let schema = ActionSchema(
    name: "host.guid",
    summary: "Check that the GUID of a host's scheduler is known",
    discussion: """
      Read where the inventory says under `guid`. Without it nobody can tell whose rows the Failover table holds, and a
      failover stops there.
      """,
    target: .host,
    effect: .checks,
    facts: [.init(FactName.ownGUID, "the GUID that the scheduler on this host runs under")],
    example: """
      id: guid-is-known
      action: host.guid
      target: dr.scheduler
      """)

  private let host: Host

  public init(_ arguments: Arguments) throws {
    host = try arguments.host()
    guard host.guid != nil else {
      throw ActionError(
        "guid.undefined", "step \(arguments.step): the inventory gives no guid for \(host.id)",
        advice: "add 'guid' to the host")
    }
  }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await OwnGUIDs(hosts: [host]).observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let guid = observation[host.id, FactName.ownGUID]?.string {
      return .satisfied("the scheduler of \(host.id) runs under \(guid)")
    }
    let why = observation.gap(host.id, FactName.ownGUID) ?? "it was not asked"
    return observation.isUnreachable(host.id, FactName.ownGUID) ? .unknown(why) : .needed(why)
  }
}
