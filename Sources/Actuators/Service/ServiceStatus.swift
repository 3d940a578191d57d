public import Runbook

/// `service.status`
public struct ServiceStatus: Action {
  public static let schema = ActionSchema(
    name: "service.status",
    summary: "Check that services of a host are running, or are stopped",
    discussion: """
      Looks and changes nothing. `expect: stopped` is also satisfied by a service that has died (`failed`): none of its
      processes is alive.

      \(ServiceArguments.startTypeWords)
      """,
    target: .host,
    parameters: [
      ServiceArguments.services,
      .init("expect", .choice(["running", "stopped"]), required: true, "What they should be"),
      .init(
        "start_type", .choice(["automatic", "manual", "disabled", "keep"]), default: "keep",
        "The start type that they should have; `keep`: any"),
    ],
    effect: .checks,
    facts: [
      .init("state", "of each service: running, stopped, starting, stopping or failed"),
      .init("start_type", "of each service: automatic, manual, disabled or masked"),
      .init("dependants", "of each service: what systemd or Windows stops with it"),
      .init("recovery", "of each service on Windows: what is done when it dies"),
    ],
    example: """
      id: dr-is-passive
      action: service.status
      target: dr.scheduler
      with: { expect: stopped, start_type: disabled }
      """)

  private let wanted: ServiceArguments
  private let expectsRunning: Bool

  public init(_ arguments: Arguments) throws {
    wanted = try ServiceArguments(arguments, defaultStartType: ServiceArguments.keep)
    expectsRunning = try arguments.requiredString("expect") == ServiceState.running.rawValue
  }

  public var destinations: [Destination] { [.host(wanted.host)] }
  public var needs: [ProgramNeed] { wanted.needs }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(
      try await ServiceFacts(host: wanted.host, services: wanted.services).observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = wanted.gap(observation) { return .unknown(gap) }
    let host = wanted.host
    let wrong = wanted.services.compactMap { service -> String? in
      guard let state = observation.serviceState(service, on: host) else { return nil }
      let isRight = expectsRunning ? state == .running : state.isDown
      return isRight ? nil : "\(service) is \(state.rawValue)"
    }
    let otherStartType = wanted.otherStartType(observation).map {
      "\($0) is \(observation.startType($0, on: host) ?? "")"
    }
    let findings = wrong + otherStartType
    let unreachable = wanted.unreachableStartType(observation)
    guard findings.isEmpty else {
      return .needed("on \(host.id): \(findings.joined(separator: ", "))")
    }
    guard unreachable.isEmpty else {
      return .unknown("\(host.id) can't be reached: its start types are not known")
    }
    return .satisfied(
      "the services of \(host.id) are \(expectsRunning ? "running" : "stopped")")
  }
}
