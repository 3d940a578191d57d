import Runbook

/// Commands a host's services through whatever service manager it has.
struct ServiceControl: Sendable {
  let host: Host
  let `operator`: any Operator

  func setStartType(_ startType: String, of services: [String]) async throws {
    try await host.serviceManagement().setStartType(startType, of: services, by: `operator`)
  }

  func start(_ service: String, within timeout: Duration?) async throws {
    try await host.serviceManagement().start(service, within: timeout, by: `operator`)
  }

  func stop(_ service: String, within timeout: Duration?) async throws {
    try await host.serviceManagement().stop(service, within: timeout, by: `operator`)
  }

  func kill(_ service: String, within timeout: Duration?) async throws {
    try await host.serviceManagement().kill(service, within: timeout, by: `operator`)
  }
}
