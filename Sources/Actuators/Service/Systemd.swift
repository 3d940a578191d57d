import Runbook

/// systemd, by `systemctl`.
struct Systemd: ServiceManagement {
  private static let firstPause = Duration.milliseconds(50)
  private static let longestPause = Duration.seconds(1)
  private static let logLines = 8
  private static let logLineLimit = 400

  let host: Host

  // MARK: - Looking

  func reports(of services: [String], by observer: any Observer) async throws -> [ServiceReport] {
    try await zip(services, units(services, by: observer)).map(report)
  }

  private func units(
    _ services: [String], by observer: any Observer
  ) async throws -> [SystemdUnit] {
    let result = try await observer.run(.showServices(services, of: .systemd), on: host)
    guard result.exitCode == 0 else {
      throw error(result, doing: "show \(services.joined(separator: ", "))")
    }
    let units = SystemdUnit.units(in: result.standardOutput)
    guard units.count == services.count else {
      throw ActionError(
        "service.answer",
        "systemd of \(host.id) was asked for \(services.count) units and answered of \(units.count)",
        advice: "see the names of the host's services in the inventory: each must be one unit")
    }
    return units
  }

  private func report(_ service: String, _ unit: SystemdUnit) -> ServiceReport {
    guard ["loaded", "masked"].contains(unit.loadState) else {
      let why =
        unit.loadState == "not-found" ? "has no unit \(service)" : "can't load \(service)"
      return ServiceReport(gap: "systemd of \(host.id) \(why) (\(unit.loadState))")
    }
    return ServiceReport(
      state: unit.state?.rawValue ?? unit.words, startType: unit.startType,
      dependants: unit.dependants)
  }

  // MARK: - Start types

  func course(from seen: String, wanting wanted: String) -> StartTypeCourse {
    switch (seen, wanted) {
    case ("automatic", "automatic"), ("disabled", "disabled"), ("disabled", "manual"),
      ("manual", "manual"), ("masked", "disabled"):
      .stays
    case ("automatic", _): .becomes("disabled")
    case ("disabled", _): .becomes("automatic")
    case ("masked", _):
      .cannot(
        "is masked: somebody has forbidden to start it; 'systemctl unmask' it there if that is over"
      )
    default:
      .cannot(
        "has the start type \(seen), which can't be set to \(wanted): its unit has no [Install] of "
          + "its own; use start_type: keep")
    }
  }

  /// All at once: with each call systemd reads all its units again.
  func setStartType(
    _ startType: String, of services: [String], by operator: any Operator
  ) async throws {
    guard !services.isEmpty else { return }
    try await carryOut(
      .setStartType(startType, of: services),
      "\(Self.verb(for: startType)) \(services.joined(separator: ", "))", by: `operator`)
  }

  // MARK: - Starting and stopping

  // systemctl waits until systemd is done, which is sooner known that way than by looking again and again. When the time is
  // up nobody waits any more, and systemd goes on.

  func start(
    _ service: String, within timeout: Duration?, by operator: any Operator
  ) async throws {
    let end = deadline(in: timeout, by: `operator`)
    let result = try await `operator`.observer.time.within(timeout) {
      try await run(.start(service, within: timeout), by: `operator`)
    }
    let unit = try await settled(service, by: end, `operator`.observer) { unit in
      !unit.hasJob && unit.state != .starting
    }
    if let result, result.exitCode != 0, unit.state?.isDown == true, unit.state != .failed {
      // It was not even tried: what the unit says of itself is of an earlier time.
      throw error(result, doing: "start \(service)")
    }
    switch (unit.state, unit.refusal) {
    case (.running, _): return
    case (.starting, _):
      throw ActionError(
        "service.timed_out",
        "\(service) on \(host.id) is still \(unit.words)\(after(timeout))"
          + (try await lastWords(of: service, by: `operator`.observer)),
        advice: "give it more time, by start_timeout, or see why it is slow")
    case (_, let refusal?):
      throw ActionError(
        "service.refused",
        "\(service) on \(host.id) was not started: \(refusal)"
          + (try await lastWords(of: service, by: `operator`.observer)),
        advice: "the unit decides that by itself, and nothing was changed: see its conditions")
    default:
      throw ActionError(
        "service.failed",
        "\(service) on \(host.id) does not run: \(unit.words), result \(unit.result)"
          + (try await lastWords(of: service, by: `operator`.observer)),
        advice: "mend what its log names, and run the step again")
    }
  }

  func stop(_ service: String, within timeout: Duration?, by operator: any Operator) async throws {
    let end = deadline(in: timeout, by: `operator`)
    try await `operator`.observer.time.within(timeout) {
      try await bringDown(service, by: `operator`)
    }
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
    let unit = try await settled(service, by: end, observer) { unit in
      !unit.hasJob && unit.state?.isDown == true
    }
    guard unit.state?.isDown == true else {
      throw ActionError(
        "service.timed_out",
        "\(service) on \(host.id) is still \(unit.words)\(after(timeout))",
        advice: "it was not killed: see its log and give it more time, or let it be killed after a "
          + "person's consent, by if_stuck: kill and a retry")
    }
  }

  private func after(_ timeout: Duration?) -> String {
    timeout.map { " after \($0.runbookText)" } ?? ""
  }

  /// Looks until it is so, or the time is up. What was seen last. One look is enough as a rule: systemd has said that its
  /// job is done.
  private func settled(
    _ service: String, by end: Duration?, _ observer: any Observer,
    _ isSettled: (SystemdUnit) -> Bool
  ) async throws -> SystemdUnit {
    let time = observer.time
    var pause = Self.firstPause
    while true {
      let unit = try await units([service], by: observer)[0]
      if isSettled(unit) { return unit }
      if let end, time.uptime() >= end { return unit }
      try await time.sleep(for: pause)
      pause = min(pause * 2, Self.longestPause)
    }
  }

  // MARK: - Words

  /// The end of the unit's log, as a part of a message.
  private func lastWords(of service: String, by observer: any Observer) async throws -> String {
    let result = try await observer.run(.unitLog(service, lines: Self.logLines), on: host)
    guard result.exitCode == 0 else { return "; its log can't be read" }
    let lines = result.standardOutput.split(separator: "\n").filter { !$0.hasPrefix("-- ") }
      .map { $0.count > Self.logLineLimit ? $0.prefix(Self.logLineLimit) + " …" : $0 }
    return lines.isEmpty
      ? "; its log is empty" : ". Its log ends:\n" + lines.joined(separator: "\n")
  }

  func commands(for order: ServiceOrder) -> [Command] { [command(for: order)] }

  /// Nobody waits longer than the time-out; systemd isn't told of it.
  private func command(for order: ServiceOrder) -> Command {
    let arguments =
      switch order {
      case .setStartType(let startType, let services):
        [Self.verb(for: startType), "--"] + services
      case .start(let service, _): ["start", "--", service]
      case .stop(let service, _): ["stop", "--", service]
      case .kill(let service, _): ["kill", "--signal=KILL", "--", service]
      }
    return Command(["systemctl", "--no-ask-password", "--quiet"] + arguments)
  }

  private static func verb(for startType: String) -> String {
    startType == "automatic" ? "enable" : "disable"
  }

  private func carryOut(
    _ order: ServiceOrder, _ what: String, by operator: any Operator
  ) async throws {
    let result = try await run(order, by: `operator`)
    guard result.exitCode == 0 else { throw error(result, doing: what) }
  }

  private func run(
    _ order: ServiceOrder, by operator: any Operator
  ) async throws -> CommandResult {
    try await `operator`.run(command(for: order), on: host)
  }

  private func error(_ result: CommandResult, doing what: String) -> ActionError {
    let words = result.standardError.split(separator: "\n").first.map(String.init) ?? "no message"
    return ActionError(
      "service.failed", "\(host.id) can't \(what): \(words) (exit code \(result.exitCode))",
      advice: "see the host's journal, and whether commands there have the rights (elevate: sudo)")
  }
}
