public import Runbook

/// `service.stop`
public struct ServiceStop: ActingAction {
  public static let schema = ActionSchema(
    name: "service.stop",
    summary: "Stop services of a host and keep them stopped",
    discussion: """
      Stops the services one after the other, in the reverse of the order in which the inventory starts them. Before that
      it sets their start type, so that a host that reboots at any moment doesn't come back as a second active scheduler.

      A service that has died (`failed`) counts as stopped: none of its processes is alive. A service that doesn't stop in
      time is not killed; the step fails and says so.

      When the host can't be reached and the step says `on_unreachable: attest`, a person vouches that the services are
      dead. Nobody can vouch for a start type: it must be set before that host comes back.
      """,
    target: .host,
    parameters: [
      ServiceArguments.services,
      .init(
        "start_type", .choice(["disabled", "manual", "keep"]), default: "disabled",
        "What becomes of the services when the host reboots; `keep` leaves it as it is"),
      .init("stop_timeout", .duration, "How long one service may take to stop"),
    ],
    effect: .changes,
    reversibility: .reversible(by: "service.start"),
    defaultTimeout: .seconds(120),
    facts: [
      .init("state", "of each service: running, stopped, starting, stopping or failed"),
      .init("start_type", "of each service: automatic, manual or disabled"),
    ],
    example: """
      id: stop-production
      action: service.stop
      target: production.scheduler
      with: { services: [server, executor, scheduler], stop_timeout: 30s }
      on_unreachable: attest
      """)

  private let wanted: ServiceArguments
  private let stopTimeout: Duration?

  public init(_ arguments: Arguments) throws {
    wanted = try ServiceArguments(arguments, defaultStartType: "disabled")
    stopTimeout = arguments.duration("stop_timeout")
  }

  private var host: Host { wanted.host }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(
      try await ServiceFacts(host: host, services: wanted.services).observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = wanted.gap(observation) { return .unknown(gap) }
    if let work = wanted.work("stop", aliveServices(observation), observation) {
      return .needed(work)
    }
    let isUnreachable = !wanted.unreachableStartType(observation).isEmpty
    let caveat = isUnreachable ? "; the start type must be set before the host comes back" : ""
    return .satisfied("the services of \(host.id) are stopped\(caveat)")
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    for service in wanted.services {
      let subject = host.subject(ofService: service)
      let isDead = observation.serviceState(service, on: host) == .failed
      let state = isDead ? ServiceState.failed : .stopped
      result.state(subject, FactName.serviceState, .string(state.rawValue))
      // Of a host that can't be reached the start type stays what it is.
      if let startType = wanted.startType, !observation.isUnreachable(subject, FactName.startType) {
        result.state(subject, FactName.startType, .string(startType))
      }
    }
    return result
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let control = ServiceControl(host: host, operator: `operator`)
    let startTypes = try await wanted.setStartTypes(observation, by: control)
    let alive = aliveServices(observation)
    for service in alive { try await control.stop(service, within: stopTimeout) }
    return Evidence([
      "stopped": .list(alive.map(Value.string)),
      "start_type_set": startTypes,
    ])
  }

  /// In the order of stopping.
  private func aliveServices(_ observation: Observation) -> [String] {
    wanted.services.reversed().filter {
      observation.serviceState($0, on: host).map { !$0.isDown } ?? true
    }
  }
}
