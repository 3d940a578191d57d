import Runbook

/// The services of some sites' schedulers, and the demand that none of them runs.
struct SchedulerServices: Sendable {
  static let othersStoppedNote = ActionSchema.Note(
    "other-schedulers-stopped",
    "no scheduler service of any other site is running; a host that can't be asked must be fenced, or vouched for"
  )
  static let fencedNote = ActionSchema.Note(
    FactName.fenced,
    "of each scheduler host: false when it answers; else what a fence or a person says")

  let hosts: [Host]

  /// Those that must not run when this site's take control.
  static func others(than site: String, in inventory: Inventory) -> SchedulerServices {
    SchedulerServices(hosts: inventory.schedulerHosts(otherThan: site))
  }

  static func own(of site: String, in inventory: Inventory) -> SchedulerServices {
    SchedulerServices(hosts: inventory.schedulers(at: site))
  }

  var destinations: [Destination] { hosts.map(Destination.host) }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    try await hosts.concurrentFacts { host in
      let services = try await ServiceFacts(host: host, services: host.services).observe(observer)
      return services + [Fact(host.id, FactName.fenced, Self.fenced(by: services))]
    }
  }

  /// A host that answers is asked itself; of one that doesn't, only what fences it, or a person, can say.
  private static func fenced(by services: [Fact]) -> Reading {
    let isDark = services.contains { if case .unreachable = $0.reading { true } else { false } }
    return isDark
      ? .unreachable("the host can't be asked, and no step of this run fenced it") : .value(false)
  }

  func othersStoppedGuard() -> Guard {
    stoppedGuard(
      Self.othersStoppedNote.name, demand: "the scheduler of every other site is stopped")
  }

  func stoppedGuard(_ id: String, demand: String) -> Guard {
    Guard(id, demand: demand) { stopped($0) }
  }

  /// Two schedulers in control of one table of jobs are the worst that can happen: what isn't known doesn't count as
  /// stopped.
  private func stopped(_ observation: Observation) -> Guard.Finding {
    // An inventory with a gap must not make the demand empty.
    guard !hosts.isEmpty else {
      return .unknown("the inventory names no scheduler there: no host has a guid")
    }
    if let host = hosts.first(where: \.services.isEmpty) {
      return .unknown("the inventory names no services of \(host.id)")
    }
    let hosts = hosts.filter { observation[$0.id, FactName.fenced] != true }
    let services = hosts.flatMap { host in host.services.map { (host: host, name: $0) } }
    for service in services {
      if let state = observation.serviceState(service.name, on: service.host), !state.isDown {
        return .violated("\(service.name) on \(service.host.id) is \(state.rawValue)")
      }
    }
    for service in services
    where observation.serviceState(service.name, on: service.host) == nil {
      let subject = service.host.subject(ofService: service.name)
      let why = observation.gap(subject, FactName.serviceState) ?? "its state is a new word"
      return .unknown("whether \(service.name) on \(service.host.id) runs can't be told: \(why)")
    }
    return .holds
  }

  /// Whether every service is known to run.
  func areRunning(_ observation: Observation) -> Bool {
    !hosts.isEmpty
      && hosts.allSatisfy { host in
        !host.services.isEmpty
          && host.services.allSatisfy { observation.serviceState($0, on: host) == .running }
      }
  }
}
