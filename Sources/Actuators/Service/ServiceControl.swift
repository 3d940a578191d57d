import Runbook

/// Commands a host's services through whatever service manager it has.
struct ServiceControl: Sendable {
  let host: Host
  let `operator`: any Operator

  func carryOut(_ order: ServiceOrder) async throws {
    let management = try host.serviceManagement()
    switch order {
    case .setStartType(let startType, let services):
      try await management.setStartType(startType, of: services, by: `operator`)
    case .start(let service, let timeout):
      try await management.start(service, within: timeout, by: `operator`)
    case .stop(let service, let timeout):
      try await management.stop(service, within: timeout, by: `operator`)
    case .kill(let service, let timeout):
      try await management.kill(service, within: timeout, by: `operator`)
    }
  }
}
