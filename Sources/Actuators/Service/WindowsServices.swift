import Runbook

/// Windows' service control manager, by our scripts.
struct WindowsServices: ServiceManagement {
  private static let firstPause = Duration.milliseconds(100)
  private static let longestPause = Duration.seconds(2)

  let host: Host
  /// Windows PowerShell is a part of Windows.
  let programs: [String] = []

  // MARK: - Looking

  func reports(of services: [String], by observer: any Observer) async throws -> [ServiceReport] {
    try await zip(services, states(services, by: observer)).map { service, state in
      guard let state else {
        return ServiceReport(gap: "\(host.id) has no service \(service)")
      }
      return ServiceReport(
        state: state.state?.rawValue ?? state.words, startType: state.startType,
        dependants: state.dependants, recovery: state.recovery)
    }
  }

  /// Nil for a service that isn't there.
  private func states(
    _ services: [String], by observer: any Observer
  ) async throws -> [WindowsService?] {
    let result = try await observer.run(.showServices(services, of: .windows), on: host)
    guard result.exitCode == 0 else {
      throw error(result, doing: "show \(services.joined(separator: ", "))")
    }
    let states = WindowsService.services(in: result.standardOutput)
    guard let states, states.count == services.count else {
      throw ActionError(
        "service.answer", "\(host.id) was asked for its services and answered something else",
        advice: "see that Windows PowerShell 5.1 is there")
    }
    return states
  }

  // MARK: - Start types

  func course(from seen: String, wanting wanted: String) -> StartTypeCourse {
    seen == wanted ? .stays : .becomes(wanted)
  }

  func setStartType(
    _ startType: String, of services: [String], by operator: any Operator
  ) async throws {
    guard !services.isEmpty else { return }
    try await carryOut(
      .setStartType(startType, of: services),
      "set \(services.joined(separator: ", ")) to \(startType)", by: `operator`)
  }

  // MARK: - Starting and stopping

  func start(
    _ service: String, within timeout: Duration?, by operator: any Operator
  ) async throws {
    let end = deadline(in: timeout, by: `operator`)
    try await carryOut(.start(service, within: timeout), "start \(service)", by: `operator`)
    let state = try await settled(service, by: end, `operator`.observer) { $0 != .starting }
    guard state.state != .running else { return }
    guard state.state == .starting else {
      throw ActionError(
        "service.failed", "\(service) on \(host.id) does not run: it is \(state.words)",
        advice: "see the host's event log (System and Application), and run the step again")
    }
    throw ActionError(
      "service.timed_out", "\(service) on \(host.id) is still \(state.words)\(after(timeout))",
      advice: "give it more time, by start_timeout, or see why it is slow")
  }

  func stop(_ service: String, within timeout: Duration?, by operator: any Operator) async throws {
    let end = deadline(in: timeout, by: `operator`)
    try await bringDown(service, by: `operator`)
    try await expectEnd(of: service, by: end, timeout, `operator`.observer)
  }

  func bringDown(_ service: String, by operator: any Operator) async throws {
    try await carryOut(.stop(service, within: nil), "stop \(service)", by: `operator`)
  }

  var canKill: Bool { true }

  func kill(_ service: String, within timeout: Duration?, by operator: any Operator) async throws {
    let end = deadline(in: timeout, by: `operator`)
    try await carryOut(.kill(service, within: timeout), "kill \(service)", by: `operator`)
    try await expectEnd(of: service, by: end, timeout, `operator`.observer)
  }

  private func deadline(in timeout: Duration?, by operator: any Operator) -> Duration? {
    timeout.map { `operator`.observer.time.uptime() + $0 }
  }

  private func expectEnd(
    of service: String, by end: Duration?, _ timeout: Duration?, _ observer: any Observer
  ) async throws {
    let state = try await settled(service, by: end, observer) { $0?.isDown == true }
    guard state.state?.isDown == true else {
      throw ActionError(
        "service.timed_out",
        "\(service) on \(host.id) is still \(state.words)\(after(timeout))",
        advice: "it was not killed: see its log and give it more time, or let it be killed after a "
          + "person's consent, by if_stuck: kill and a retry")
    }
  }

  private func after(_ timeout: Duration?) -> String {
    timeout.map { " after \($0.runbookText)" } ?? ""
  }

  /// Looks until it is so, or the time is up. What was seen last.
  private func settled(
    _ service: String, by end: Duration?, _ observer: any Observer,
    _ isSettled: (ServiceState?) -> Bool
  ) async throws -> WindowsService {
    let time = observer.time
    var pause = Self.firstPause
    while true {
      guard let state = try await states([service], by: observer)[0] else {
        throw ActionError("service.unknown", "\(host.id) has no service \(service) any more")
      }
      if isSettled(state.state) { return state }
      if let end, time.uptime() >= end { return state }
      try await time.sleep(for: pause)
      pause = min(pause * 2, Self.longestPause)
    }
  }

  // MARK: - Commands

  func commands(for order: ServiceOrder) -> [Command] { [command(for: order)] }

  private func command(for order: ServiceOrder) -> Command {
    switch order {
    case .setStartType(let startType, let services):
      Command(
        .setStartType,
        ["services": .list(services.map(Value.string)), "start_type": .string(startType)])
    case .start(let service, _): Command(.startService, ["service": .string(service)])
    case .stop(let service, _): Command(.stopService, ["service": .string(service)])
    case .kill(let service, _): Command(.killService, ["service": .string(service)])
    }
  }

  private func carryOut(
    _ order: ServiceOrder, _ what: String, by operator: any Operator
  ) async throws {
    let result = try await `operator`.run(command(for: order), on: host)
    guard result.exitCode == 0 else { throw error(result, doing: what) }
  }

  private func error(_ result: CommandResult, doing what: String) -> ActionError {
    let native = WindowsError(in: result)
    let meaning = native?.meaning
    return ActionError(
      "service.\(meaning?.code ?? "failed")",
      "\(host.id) can't \(what): \(result.standardError)"
        + (native.map { " (Windows error \($0.number))" } ?? ""),
      advice: meaning?.advice ?? "see the host's event log, and the account's rights")
  }
}
