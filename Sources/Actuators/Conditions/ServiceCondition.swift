import Runbook

/// A service in a given state.
struct ServiceCondition: WorldCondition {
  let host: Host
  let service: String
  let state: ServiceState

  func observe(_ observer: any Observer) async throws -> [Fact] {
    try await ServiceFacts(host: host, services: [service]).observe(observer)
  }

  func judge(_ observation: Observation) -> ConditionFinding {
    let subject = host.subject(ofService: service)
    guard let seen = observation.serviceState(service, on: host) else {
      return .unknown(
        observation.gap(subject, FactName.serviceState) ?? "\(subject) has a new state")
    }
    return seen == state
      ? .met("\(subject) is \(seen.rawValue)") : .unmet("\(subject) is \(seen.rawValue)")
  }

  var factsWhenMet: [Fact] {
    [
      Fact(host.subject(ofService: service), FactName.serviceState, .string(state.rawValue))
    ]
  }
}
