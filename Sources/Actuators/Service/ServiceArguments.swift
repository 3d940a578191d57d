import Runbook

/// What the three service actions have in common: a host, some of its services in the order of starting, a start type.
struct ServiceArguments: Sendable {
  static let services = ActionSchema.Parameter(
    "services", .list(.service), default: "all of the host",
    "Which services; they are started in the order that the inventory gives, and stopped in the reverse"
  )

  /// The start type that says: leave it as it is.
  static let keep = "keep"

  /// What the words of a start type mean, for the actions' pages.
  static let startTypeWords = """
    What a start type means depends on the service manager. `automatic`: the service comes back when the host reboots; of \
    systemd, its unit is enabled. `disabled`: it doesn't; of systemd, the unit is disabled, and of the `process` manager it \
    also can't be started. `manual`: it doesn't come back by itself and can be started; of systemd, the unit is disabled, or \
    has no installation of its own (`static`, `indirect`, `generated`), and then can't be set otherwise. `masked`: systemd \
    refuses to start it. A masked unit counts as disabled, and is never unmasked here: starting it is blocked.
    """

  let host: Host
  let management: any ServiceManagement
  /// In the order of starting.
  let services: [String]
  /// Nil: whatever it is.
  let startType: String?

  init(_ arguments: Arguments, defaultStartType: String) throws {
    host = try arguments.host()
    management = try host.serviceManagement()
    services = try Self.services(arguments, of: host)
    let startType = arguments.string("start_type") ?? defaultStartType
    self.startType = startType == Self.keep ? nil : startType
  }

  private static func services(_ arguments: Arguments, of host: Host) throws -> [String] {
    guard let wanted = arguments.strings("services") else {
      guard !host.services.isEmpty else {
        throw ActionError(
          "inventory.no_services", "step \(arguments.step): \(host.id) has no services",
          advice: "name some in the inventory")
      }
      return host.services
    }
    guard !wanted.isEmpty else {
      throw ActionError("service.none", "step \(arguments.step): 'services' is empty")
    }
    if let unknown = wanted.first(where: { !host.services.contains($0) }) {
      throw ActionError(
        "inventory.unknown_service",
        "step \(arguments.step): \(host.id) has no service '\(unknown)'",
        advice: "it has \(host.services.joined(separator: ", "))")
    }
    return host.services.filter(wanted.contains)
  }

  /// Services that are not in the wanted start type; those whose start type isn't known left out.
  func otherStartType(_ observation: Observation) -> [String] {
    services.filter { course(of: $0, observation) ?? .stays != .stays }
  }

  /// Nil when no start type is wanted, or the service's isn't known.
  private func course(of service: String, _ observation: Observation) -> StartTypeCourse? {
    guard let startType, let seen = observation.startType(service, on: host) else { return nil }
    return management.course(from: seen, wanting: startType)
  }

  /// Why the wanted start types can't be had; nil when they can.
  func startTypeObstacle(_ observation: Observation) -> String? {
    for service in services {
      if case .cannot(let why) = course(of: service, observation) {
        return "\(service) on \(host.id) \(why)"
      }
    }
    return nil
  }

  /// The start type that the service would have afterwards; nil when it isn't wanted otherwise, or can't be known.
  func predictedStartType(of service: String, _ observation: Observation) -> String? {
    switch course(of: service, observation) {
    case .becomes(let startType): startType
    case .stays: observation.startType(service, on: host)
    case .cannot, nil: startType
    }
  }

  /// What acting would do, in words: set start types, then `verb` the named services. Nil when it is nothing.
  func work(_ verb: String, _ named: [String], _ observation: Observation) -> String? {
    var work: [String] = []
    let other = otherStartType(observation)
    if !other.isEmpty, let startType {
      work.append("set \(other.joined(separator: ", ")) to \(startType)")
    }
    if !named.isEmpty { work.append("\(verb) \(named.joined(separator: ", "))") }
    return work.isEmpty ? nil : work.joined(separator: ", then ") + " on \(host.id)"
  }

  /// Sets the start types that are not as wanted, then carries the orders out; `done` is what the evidence calls that, of
  /// the named services.
  func act(
    _ operator: any Operator, given observation: Observation, _ orders: [ServiceOrder],
    on named: [String], _ done: String
  ) async throws -> Evidence {
    let control = ServiceControl(host: host, operator: `operator`)
    for order in allOrders(orders, observation) { try await control.carryOut(order) }
    return Evidence([
      done: .list(named.map(Value.string)),
      "start_type_set": .list(otherStartType(observation).map(Value.string)),
    ])
  }

  /// What `act` does.
  func operations(given observation: Observation, _ orders: [ServiceOrder]) -> [Operation] {
    allOrders(orders, observation).flatMap(management.commands).map {
      Operation(.command($0, on: host))
    }
  }

  private func allOrders(
    _ orders: [ServiceOrder], _ observation: Observation
  ) -> [ServiceOrder] {
    let other = otherStartType(observation)
    guard let startType, !other.isEmpty else { return orders }
    return [.setStartType(startType, of: other)] + orders
  }

  func unreachableStartType(_ observation: Observation) -> [String] {
    guard startType != nil else { return [] }
    return services.filter {
      observation.isUnreachable(host.subject(ofService: $0), FactName.startType)
    }
  }

  /// Why something about the services isn't known; nil when all is. A start type may stay unknown for as long as the host
  /// can't be reached: nobody can vouch for more than that its services are dead.
  func gap(_ observation: Observation) -> String? {
    for service in services {
      let subject = host.subject(ofService: service)
      if let gap = observation.gap(subject, FactName.serviceState) { return gap }
      guard observation.serviceState(service, on: host) != nil else {
        return "\(service) on \(host.id) is in a state with a new name"
      }
      if startType != nil, !observation.isUnreachable(subject, FactName.startType),
        let gap = observation.gap(subject, FactName.startType)
      {
        return gap
      }
    }
    return nil
  }
}
