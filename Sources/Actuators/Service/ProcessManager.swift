import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// The `process` manager: a command, `control`, that takes a verb, the host's directory and a service. Every verb is
/// idempotent and waits for its effect.
struct ProcessManager: ServiceManagement {
  private enum ExitCode {
    static let unknownService = 4
    static let refusedAsDisabled = 5
    static let timedOut = 6
  }

  /// What its reading verb prints, an array of these.
  private struct Report: Decodable {
    let name: String
    let state: String
    let startType: String

    enum CodingKeys: String, CodingKey {
      case name, state
      case startType = "start_type"
    }
  }

  let host: Host

  func reports(of services: [String], by observer: any Observer) async throws -> [ServiceReport] {
    guard let manager = host.serviceManager else { return [] }
    let result = try await observer.run(.showServices(services, of: manager), on: host)
    guard result.exitCode == 0 else {
      throw error(result, doing: "show \(services.joined(separator: ", "))")
    }
    let reports: [Report]
    do {
      reports = try JSONDecoder().decode([Report].self, from: Data(result.standardOutput.utf8))
    } catch {
      throw ActionError(
        "service.answer", "the service manager of \(host.id) answered something unreadable",
        advice: "see 'control' in the inventory: it must print a JSON array")
    }
    return services.map { service in
      guard let report = reports.first(where: { $0.name == service }) else {
        return ServiceReport(gap: "the service manager of \(host.id) said nothing of \(service)")
      }
      return ServiceReport(state: report.state, startType: report.startType)
    }
  }

  func course(from seen: String, wanting wanted: String) -> StartTypeCourse {
    seen == wanted ? .stays : .becomes(wanted)
  }

  var canKill: Bool { false }

  func setStartType(
    _ startType: String, of services: [String], by operator: any Operator
  ) async throws {
    try await carryOut(
      .setStartType(startType, of: services),
      "set \(services.joined(separator: ", ")) to \(startType)", by: `operator`)
  }

  func start(
    _ service: String, within timeout: Duration?, by operator: any Operator
  ) async throws {
    try await carryOut(.start(service, within: timeout), "start \(service)", by: `operator`)
  }

  func stop(_ service: String, within timeout: Duration?, by operator: any Operator) async throws {
    try await carryOut(.stop(service, within: timeout), "stop \(service)", by: `operator`)
  }

  func kill(_ service: String, within timeout: Duration?, by operator: any Operator) async throws {
    throw ActionError("service.no_kill", "the service manager of \(host.id) has no way to kill")
  }

  func commands(for order: ServiceOrder) -> [Command] {
    guard case .process(let control, let directory) = host.serviceManager else { return [] }
    return switch order {
    case .setStartType(let startType, let services):
      services.map { Command(control + ["set-start-type", directory, $0, startType]) }
    case .start(let service, let timeout):
      [Command(control + ["start", directory, service] + timeoutArguments(timeout))]
    case .stop(let service, let timeout):
      [Command(control + ["stop", directory, service] + timeoutArguments(timeout))]
    case .kill: []
    }
  }

  private func carryOut(
    _ order: ServiceOrder, _ what: String, by operator: any Operator
  ) async throws {
    for command in commands(for: order) {
      let result = try await `operator`.run(command, on: host)
      guard result.exitCode == 0 else { throw error(result, doing: what) }
    }
  }

  /// In seconds; a fraction only where there is one.
  private func timeoutArguments(_ timeout: Duration?) -> [String] {
    guard let timeout else { return [] }
    let (seconds, rest) = timeout.milliseconds.quotientAndRemainder(dividingBy: 1000)
    let fraction = rest == 0 ? "" : "." + String(String(rest + 1000).dropFirst())
    return ["--timeout", "\(seconds)\(fraction)"]
  }

  /// What the manager's exit code says.
  private func error(_ result: CommandResult, doing what: String) -> ActionError {
    let words = result.standardError.split(separator: "\n").last.map(String.init) ?? "no message"
    let message = "\(host.id) can't \(what): \(words)"
    switch result.exitCode {
    case ExitCode.unknownService:
      return ActionError(
        "service.unknown", message, advice: "compare the names with those of the host's services")
    case ExitCode.refusedAsDisabled:
      return ActionError(
        "service.disabled", message, advice: "set its start type, by start_type: automatic")
    case ExitCode.timedOut:
      return ActionError(
        "service.timed_out", message,
        advice: "it was not killed: see its log, give it more time, or end it by hand")
    default:
      return ActionError(
        "service.failed", "\(message) (exit code \(result.exitCode))",
        advice: "see the host's log and the service's")
    }
  }
}
