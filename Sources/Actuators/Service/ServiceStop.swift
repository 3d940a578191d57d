public import Runbook

/// `service.stop`
public struct ServiceStop: ActingAction {
  public static let schema = ActionSchema(
    name: "service.stop",
    summary: "Stop services of a host and keep them stopped",
    discussion: """
      Stops the services one after the other, in the reverse of the order in which the inventory starts them. Before that
      it sets their start type, so that a host that reboots at any moment doesn't come back as a second active scheduler.

      A service that has died (`failed`) counts as stopped: none of its processes is alive. Services that systemd stops
      with a service, because they require it, are told in the verdict and the evidence.

      A service that doesn't stop in `stop_timeout` is not killed: the step fails and says so. With `if_stuck: kill`, a
      later try (`retry`, or `resume`) that still sees it stopping asks a person for consent, and then kills it. What
      systemd itself does after a unit's own `TimeoutStopSec` is between the unit and its owner.

      \(ServiceArguments.startTypeWords)

      When the host can't be reached and the step says `on_unreachable: attest`, a person vouches that the services are
      dead. Nobody can vouch for a start type: it must be set before that host comes back.
      """,
    target: .host,
    parameters: [
      ServiceArguments.services,
      .init(
        "start_type", .choice(["disabled", "manual", "keep", "automatic"]), default: "disabled",
        "What becomes of the services when the host reboots; `keep` leaves it as it is, `automatic` lets them come back"
      ),
      .init(
        "stop_timeout", .duration, default: "what the service manager or the step allows",
        "How long one service may take to stop"),
      .init(
        "if_stuck", .choice(["fail", "kill"]), default: "fail",
        "What becomes of a service that is still stopping when the step is tried again; `kill` asks a person first"
      ),
    ],
    effect: .changes,
    reversibility: .reversible(by: "service.start"),
    defaultTimeout: .seconds(120),
    facts: [
      .init("state", "of each service: running, stopped, starting, stopping or failed"),
      .init("start_type", "of each service: automatic, manual, disabled or masked"),
      .init("dependants", "of each service: what systemd or Windows stops with it"),
      .init("recovery", "of each service on Windows: what is done when it dies"),
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
  private let killsStuck: Bool

  public init(_ arguments: Arguments) throws {
    wanted = try ServiceArguments(arguments, defaultStartType: "disabled")
    stopTimeout = arguments.duration("stop_timeout")
    killsStuck = arguments.string("if_stuck") == "kill"
    guard !killsStuck || wanted.management.canKill else {
      throw ActionError(
        "service.no_kill",
        "step \(arguments.step): the service manager of \(wanted.host.id) has no way to kill a service",
        advice: "leave out if_stuck")
    }
  }

  private var host: Host { wanted.host }

  public var destinations: [Destination] { [.host(wanted.host)] }
  public var needs: [ProgramNeed] { wanted.needs }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(
      try await ServiceFacts(host: host, services: wanted.services).observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = wanted.gap(observation) { return .unknown(gap) }
    if let obstacle = wanted.startTypeObstacle(observation) { return .blocked(obstacle) }
    let alive = aliveServices(observation)
    if let work = wanted.work("stop", alive, observation) {
      let others = alsoStopped(with: alive, observation)
      return .needed(
        others.isEmpty ? work : work + ", which also stops \(others.joined(separator: ", "))")
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
      if !observation.isUnreachable(subject, FactName.startType),
        let startType = wanted.predictedStartType(of: service, observation)
      {
        result.state(subject, FactName.startType, .string(startType))
      }
    }
    return result
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let alive = aliveServices(observation)
    let stuck = killsStuck ? stuckServices(observation) : []
    var evidence = try await wanted.act(
      `operator`, given: observation, orders(observation), on: alive, "stopped")
    if !stuck.isEmpty { evidence.details["killed"] = .list(stuck.map(Value.string)) }
    let others = alsoStopped(with: alive, observation)
    if !others.isEmpty { evidence.details["also_stopped"] = .list(others.map(Value.string)) }
    return evidence
  }

  public var undoability: Undoability { .exact(by: ServiceStart.schema.name) }

  /// Services of others that went down with these are not known to have run: nobody can say what to start again.
  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    guard alsoStopped(with: aliveServices(before), before).isEmpty else { return nil }
    return wanted.undo(restoring: before, areRunning: false)
  }

  public func operations(given observation: Observation) -> [Operation] {
    wanted.operations(given: observation, orders(observation))
  }

  private func orders(_ observation: Observation) -> [ServiceOrder] {
    let stuck = killsStuck ? stuckServices(observation) : []
    return aliveServices(observation).map {
      stuck.contains($0) ? .kill($0, within: stopTimeout) : .stop($0, within: stopTimeout)
    }
  }

  public func consent(for observation: Observation) -> Question? {
    let stuck = stuckServices(observation)
    guard killsStuck, !stuck.isEmpty else { return nil }
    let names = stuck.joined(separator: ", ")
    return Question(
      .consent, prompt: "\(names) on \(host.id) is still stopping. May it be killed?")
  }

  /// Somebody has told them to stop, and they haven't come to it.
  private func stuckServices(_ observation: Observation) -> [String] {
    aliveServices(observation).filter { observation.serviceState($0, on: host) == .stopping }
  }

  /// Services of others that go down with these.
  private func alsoStopped(with alive: [String], _ observation: Observation) -> [String] {
    let own = Set(wanted.services.flatMap { [$0, "\($0).service"] })
    return Set(alive.flatMap { observation.dependants(of: $0, on: host) }).subtracting(own).sorted()
  }

  /// In the order of stopping.
  private func aliveServices(_ observation: Observation) -> [String] {
    wanted.services.reversed().filter {
      observation.serviceState($0, on: host).map { !$0.isDown } ?? true
    }
  }
}
