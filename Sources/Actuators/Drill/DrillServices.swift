import Runbook

/// The services of a drill's host, and how they are brought down.
struct DrillServices: Sendable {
  let host: Host
  let management: any ServiceManagement

  init(of host: Host) throws {
    self.host = host
    management = try host.serviceManagement()
  }

  var needs: [ProgramNeed] { management.programs.map { ProgramNeed($0, on: host) } }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    try await SchedulerServices(hosts: [host]).observe(observer)
  }

  /// Why it isn't known what they do; nil when it is.
  func gap(_ observation: Observation) -> String? {
    guard
      let service = host.services.first(where: { observation.serviceState($0, on: host) == nil })
    else { return nil }
    let subject = host.subject(ofService: service)
    return observation.gap(subject, FactName.serviceState)
      ?? "\(subject) is in a state of a new name"
  }

  /// Those that aren't down, in the order of stopping.
  func running(_ observation: Observation) -> [String] {
    host.services.reversed().filter { observation.serviceState($0, on: host)?.isDown != true }
  }

  func predictStopped(_ observation: Observation, in prediction: inout Observation) {
    for service in running(observation) {
      prediction.state(
        host.subject(ofService: service), FactName.serviceState,
        .string(ServiceState.stopped.rawValue))
    }
  }

  func operations(_ observation: Observation) -> [Operation] {
    running(observation).flatMap { management.commands(for: .stop($0, within: nil)) }
      .map { Operation(.command($0, on: host)) }
  }

  func stop(_ services: [String], by operator: any Operator) async throws {
    for service in services { try await management.stop(service, within: nil, by: `operator`) }
  }
}
