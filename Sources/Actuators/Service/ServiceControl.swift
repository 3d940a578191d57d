import Runbook

/// Starts and stops services through the `process` manager's command: `control` and a verb, the host's directory, and a
/// service. Every verb is idempotent.
struct ServiceControl: Sendable {
  private enum ExitCode {
    static let unknownService = 4
    static let refusedAsDisabled = 5
    static let timedOut = 6
  }

  let host: Host
  let `operator`: any Operator

  static func manager(of host: Host) throws -> ServiceManager {
    guard let manager = host.serviceManager else {
      throw ActionError(
        "inventory.no_service_manager", "\(host.id) has no service_manager in the inventory",
        advice: "add one, as service_manager: { kind: process, … }")
    }
    return manager
  }

  func start(_ service: String, within timeout: Duration?) async throws {
    try await run("start", service, more: timeoutArguments(timeout))
  }

  func stop(_ service: String, within timeout: Duration?) async throws {
    try await run("stop", service, more: timeoutArguments(timeout))
  }

  func setStartType(_ startType: String, of service: String) async throws {
    try await run("set-start-type", service, more: [startType])
  }

  private func run(_ verb: String, _ service: String, more: [String]) async throws {
    switch try Self.manager(of: host) {
    case .process(let control, let directory):
      let result = try await `operator`.run(
        Command(control + [verb, directory, service] + more), on: host)
      guard result.exitCode == 0 else {
        throw Self.error(result, host: host, doing: "\(verb) \(service)")
      }
    case .systemd:
      throw ActionError("service.unsupported", "\(host.id): no systemd yet")
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
  static func error(_ result: CommandResult, host: Host, doing what: String) -> ActionError {
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
