public import Runbook

/// `host.guid`
public struct HostGUID: Action {
  public static let schema = ActionSchema(
    name: "host.guid",
    summary: "Check that the GUID of a host's scheduler is known",
    discussion: """
      Read where the inventory says under `guid`. Without it nobody can tell whose rows the Failover table holds, and a
      failover stops there.

      No other scheduler of the inventory may have the same one, as a cloned host has: each would take the other's row for its
      own. Those that can't be asked are left to their own check.
      """,
    target: .host,
    effect: .checks,
    facts: [
      .init(FactName.ownGUID, "of each scheduler host: the GUID that its scheduler runs under")
    ],
    example: """
      id: guid-is-known
      action: host.guid
      target: dr.scheduler
      """)

  private let host: Host
  private let others: [Host]

  public init(_ arguments: Arguments) throws {
    host = try arguments.host()
    others = arguments.inventory.schedulerHosts().filter { [host] in $0 != host }
    guard host.guid != nil else {
      throw ActionError(
        "guid.undefined", "step \(arguments.step): the inventory gives no guid for \(host.id)",
        advice: "add 'guid' to the host")
    }
  }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await OwnGUIDs(hosts: [host] + others).observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let guid = observation[host.id, FactName.ownGUID]?.string {
      let twin = others.first { other in
        observation[other.id, FactName.ownGUID]?.string.map(GUIDText.normalised)
          == GUIDText.normalised(guid)
      }
      if let twin { return .needed("\(host.id) has the GUID of \(twin.id): \(guid)") }
      let dark = others.filter { observation[$0.id, FactName.ownGUID] == nil }.map(\.id)
      let untold = dark.isEmpty ? "" : "; \(dark.joined(separator: ", ")) can't be asked for theirs"
      return .satisfied("the scheduler of \(host.id) runs under \(guid)\(untold)")
    }
    let why = observation.gap(host.id, FactName.ownGUID) ?? "it was not asked"
    return observation.isUnreachable(host.id, FactName.ownGUID) ? .unknown(why) : .needed(why)
  }
}
