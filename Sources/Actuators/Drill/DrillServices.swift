import Runbook

/// The services of a drill's host, and how they are brought down: the scheduler's, and the server of the copy if it has one.
struct DrillServices: Sendable {
  let host: Host
  let management: any ServiceManagement

  init(of host: Host) throws {
    self.host = host
    management = try host.serviceManagement()
  }

  var needs: [ProgramNeed] { management.programs.map { ProgramNeed($0, on: host) } }

  /// The copy's server; nil when that is a file.
  var server: String? { host.drill?.server?.service }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    async let schedulers = SchedulerServices(hosts: [host]).observe(observer)
    let own = ServiceFacts(host: host, services: server.map { [$0] } ?? [])
    return try await own.observe(observer) + schedulers
  }

  /// Why it isn't known what they do; nil when it is.
  func gap(_ observation: Observation) -> String? {
    guard
      let service = host.drillServices.first(where: {
        observation.serviceState($0, on: host) == nil
      })
    else { return nil }
    let subject = host.subject(ofService: service)
    return observation.gap(subject, FactName.serviceState)
      ?? "\(subject) is in a state of a new name"
  }

  /// Those that aren't down, in the order of stopping.
  func running(_ observation: Observation) -> [String] {
    host.drillServices.reversed().filter {
      observation.serviceState($0, on: host)?.isDown != true
    }
  }

  /// Whether the copy is served, as far as its service manager says; a file always is.
  func isServing(_ observation: Observation) -> Bool {
    server.map { observation.serviceState($0, on: host) == .running } ?? true
  }

  func predictStopped(_ observation: Observation, in prediction: inout Observation) {
    for service in running(observation) { predict(service, .stopped, in: &prediction) }
  }

  func predictServing(in prediction: inout Observation) {
    if let server { predict(server, .running, in: &prediction) }
  }

  private func predict(_ service: String, _ state: ServiceState, in prediction: inout Observation) {
    prediction.state(
      host.subject(ofService: service), FactName.serviceState, .string(state.rawValue))
  }

  func operations(_ observation: Observation) -> [Operation] {
    running(observation).flatMap { operations(for: .stop($0, within: nil)) }
  }

  func operations(for order: ServiceOrder) -> [Operation] {
    management.commands(for: order).map { Operation(.command($0, on: host)) }
  }

  func stop(_ services: [String], by operator: any Operator) async throws {
    for service in services { try await management.stop(service, within: nil, by: `operator`) }
  }
}
