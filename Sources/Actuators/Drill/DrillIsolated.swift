public import Runbook

/// `drill.isolated`
public struct DrillIsolated: Action {
  public static let schema = ActionSchema(
    name: "drill.isolated",
    summary:
      "Check that what runs on a drill's host reaches no agent and nothing else that is real",
    discussion: """
      Looked at from where the drill's scheduler runs: there is no network interface but the loopback, which leads nowhere,
      and none of the inventory's directories, database files and data directories can be written to. Where the copy has a server,
      systemd must also say of each of the drill's units that it runs, or would run, in that network, and as the drill's account:
      `NetworkNamespacePath` and `User`. No connection is tried: one that fails
      would prove nothing, as the agent may be down.

      `service.start` on a drill's host has the same as a guard, looked at immediately before the scheduler is started, and so has
      `drill.copy` before it starts the copy's server.
      """,
    target: .host,
    effect: .checks,
    facts: DrillIsolation.notes,
    example: """
      id: drill-isolated
      action: drill.isolated
      target: dr.drill
      """)

  private let isolation: DrillIsolation

  public init(_ arguments: Arguments) throws {
    let host = try arguments.host()
    guard host.drill != nil else {
      throw ActionError(
        "drill.target", "step \(arguments.step): \(host.id) is no drill's host",
        advice: "name a host of the inventory that has the key 'drill'")
    }
    isolation = DrillIsolation(of: host, in: arguments.inventory)
  }

  public var destinations: [Destination] { [.host(isolation.host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await isolation.observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    switch isolation.leak(observation) {
    case nil: .satisfied("what runs on \(isolation.host.id) reaches nothing that is real")
    case .value(let why)?:
      .needed("\(why.string ?? "it is not isolated"): no drill is possible there")
    case .unknown(let why)?, .unreachable(let why)?: .unknown(why)
    }
  }
}
