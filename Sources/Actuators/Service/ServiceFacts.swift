import Runbook

/// Asks a host's service manager what its services do.
struct ServiceFacts: Sendable {
  let host: Host
  let services: [String]

  /// State and start type of each service, and what depends on it; gaps where the host can't be asked.
  func observe(_ observer: any Observer) async throws -> [Fact] {
    guard !services.isEmpty else { return [] }
    do {
      let reports = try await host.serviceManagement().reports(of: services, by: observer)
      return zip(services, reports).flatMap(facts)
    } catch {
      let gap = try Reading(gapFrom: error)
      return services.flatMap { gaps(of: $0, gap) }
    }
  }

  private func facts(of service: String, _ report: ServiceReport) -> [Fact] {
    if let gap = report.gap { return gaps(of: service, .unknown(gap)) }
    let subject = host.subject(ofService: service)
    var facts = [
      Fact(subject, FactName.serviceState, .string(report.state)),
      Fact(subject, FactName.startType, .string(report.startType)),
    ]
    if let dependants = report.dependants {
      facts.append(Fact(subject, FactName.dependants, .list(dependants.map(Value.string))))
    }
    if let recovery = report.recovery {
      facts.append(Fact(subject, FactName.recovery, .list(recovery.map(Value.string))))
    }
    return facts
  }

  private func gaps(of service: String, _ gap: Reading) -> [Fact] {
    [FactName.serviceState, FactName.startType].map {
      Fact(host.subject(ofService: service), $0, gap)
    }
  }
}

extension Observation {
  /// Nil when it isn't known, or is no state that is known here.
  func serviceState(_ service: String, on host: Host) -> ServiceState? {
    self[host.subject(ofService: service), FactName.serviceState]?.string
      .flatMap(ServiceState.init(rawValue:))
  }

  func startType(_ service: String, on host: Host) -> String? {
    self[host.subject(ofService: service), FactName.startType]?.string
  }

  /// What the service manager stops with it; empty where that isn't known.
  func dependants(of service: String, on host: Host) -> [String] {
    self[host.subject(ofService: service), FactName.dependants]?.list?.compactMap(\.string) ?? []
  }
}
