import Runbook

/// A service's state, as facts spell it.
enum ServiceState: String, Sendable {
  case running, stopped, starting, stopping, failed

  /// No process of it is alive.
  var isDown: Bool { self == .stopped || self == .failed }
}

/// What a service manager says of one service.
struct ServiceReport: Sendable {
  /// Why it can't say it; nil when it can.
  var gap: String?
  /// A `ServiceState`, or a word that is new here.
  var state = ""
  var startType = ""
  /// Other services that stop when it is stopped; nil where the manager knows no such thing.
  var dependants: [String]?
  /// What the manager does when the service dies; nil where it says nothing of that.
  var recovery: [String]?
}

/// What wanting a start type comes to.
enum StartTypeCourse: Equatable {
  case stays
  case becomes(String)
  case cannot(String)
}

/// What the kinds of service managers have in common. One conformance a kind.
protocol ServiceManagement: Sendable {
  /// One report a service, in the same order.
  func reports(of services: [String], by observer: any Observer) async throws -> [ServiceReport]

  /// Pure: what becomes of a service with the start type `seen` when `wanted` is asked for.
  func course(from seen: String, wanting wanted: String) -> StartTypeCourse

  /// What commands it.
  var programs: [String] { get }

  /// Pure: the commands that carry an order out, in order.
  func commands(for order: ServiceOrder) -> [Command]

  /// Whether a service that doesn't stop can be killed.
  var canKill: Bool { get }

  func setStartType(
    _ startType: String, of services: [String], by operator: any Operator) async throws
  /// Returns when it runs, and throws when it doesn't come to that in time.
  func start(
    _ service: String, within timeout: Duration?, by operator: any Operator) async throws
  /// Returns when it has stopped, and throws when it doesn't in time. It is not killed.
  func stop(_ service: String, within timeout: Duration?, by operator: any Operator) async throws
  /// As `stop`, for who sees by itself whether it has stopped: returns as soon as the manager says that it is done.
  func bringDown(_ service: String, by operator: any Operator) async throws
  func kill(_ service: String, within timeout: Duration?, by operator: any Operator) async throws
}

extension ServiceManagement {
  func bringDown(_ service: String, by operator: any Operator) async throws {
    try await stop(service, within: nil, by: `operator`)
  }
}

extension Host {
  /// Its service manager, as the inventory names it.
  func serviceManagement() throws -> any ServiceManagement {
    switch serviceManager {
    case .process: return ProcessManager(host: self)
    case .systemd: return Systemd(host: self)
    case .windows: return WindowsServices(host: self)
    case nil:
      throw ActionError(
        "inventory.no_service_manager", "\(id) has no service_manager in the inventory",
        advice: "add one, as service_manager: { kind: systemd }")
    }
  }
}
