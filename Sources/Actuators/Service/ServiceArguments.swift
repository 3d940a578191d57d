import Runbook

/// What the three service actions have in common: a host, some of its services in the order of starting, a start type.
struct ServiceArguments: Sendable {
  static let services = ActionSchema.Parameter(
    "services", .list(.service), default: "all of the host",
    "Which services; they are started in the order that the inventory gives, and stopped in the reverse"
  )

  /// The start type that says: leave it as it is.
  static let keep = "keep"

  let host: Host
  /// In the order of starting.
  let services: [String]
  /// Nil: whatever it is.
  let startType: String?

  init(_ arguments: Arguments, defaultStartType: String) throws {
    host = try arguments.host()
    _ = try ServiceControl.manager(of: host)
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
    guard let startType else { return [] }
    return services.filter {
      observation.startType($0, on: host).map { $0 != startType } ?? false
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

  /// Sets the start types that are not as wanted, and says of which services.
  func setStartTypes(_ observation: Observation, by control: ServiceControl) async throws -> Value {
    let other = otherStartType(observation)
    if let startType {
      for service in other { try await control.setStartType(startType, of: service) }
    }
    return .list(other.map(Value.string))
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
