import Runbook

/// A SQL Server instance as its host's service manager knows it. A principal or primary has no switch that closes it and stays
/// closed after a restart: its service is disabled and stopped.
struct SQLServerInstance: Sendable {
  let copy: DatabaseCopy

  private var service: String {
    get throws {
      guard let server = copy.server else {
        throw ActionError("database.no_session", "\(copy.subject) is a file: it has no server")
      }
      return server.installation.service
    }
  }

  // MARK: - Looking

  /// A server that doesn't answer may be known to its host as stopped.
  func stateFromHost(after error: ActionError, _ observer: any Observer) async throws -> CopyState?
  {
    guard error.kind == .unreachable, copy.host.serviceManager != nil else { return nil }
    let (service, observation) = try await look(observer)
    let isDown = observation.serviceState(service, on: copy.host)?.isDown ?? false
    return isDown ? CopyState(role: .stopped, isWritable: false) : nil
  }

  func isDisabled(_ observer: any Observer) async throws -> Bool {
    let (service, observation) = try await look(observer)
    guard let startType = observation.startType(service, on: copy.host) else {
      throw ActionError(
        "service.unknown",
        observation.gap(copy.host.subject(ofService: service), FactName.startType)
          ?? "the start type of \(service) on \(copy.host.id) isn't known",
        kind: observation.isUnreachable(
          copy.host.subject(ofService: service), FactName.startType) ? .unreachable : .failed)
    }
    return startType == "disabled"
  }

  private func look(_ observer: any Observer) async throws -> (String, Observation) {
    let service = try service
    return (
      service,
      Observation(
        try await ServiceFacts(host: copy.host, services: [service]).observe(observer))
    )
  }

  // MARK: - Acting

  func fence(by operator: any Operator) async throws -> Evidence {
    let (service, management) = (try service, try copy.host.serviceManagement())
    try await management.setStartType("disabled", of: [service], by: `operator`)
    try await management.stop(service, within: nil, by: `operator`)
    return Evidence(["fenced": .string(copy.subject), "service": .string(service)])
  }

  func start(by operator: any Operator) async throws {
    let (service, management) = (try service, try copy.host.serviceManagement())
    if try await isDisabled(`operator`.observer) {
      try await management.setStartType("automatic", of: [service], by: `operator`)
    }
    try await management.start(service, within: nil, by: `operator`)
  }

  // MARK: - What these do

  func fencing(if condition: String? = nil) throws -> [Operation] {
    try operations([.setStartType("disabled", of: [service])], if: condition)
      + operations([.stop(service, within: nil)], if: condition)
  }

  func starting() throws -> [Operation] {
    try operations(
      [.setStartType("automatic", of: [service])], if: "its service is disabled")
      + operations([.start(service, within: nil)])
  }

  private func operations(_ orders: [ServiceOrder], if condition: String? = nil) throws
    -> [Operation]
  {
    let management = try copy.host.serviceManagement()
    return orders.flatMap(management.commands).map {
      Operation(.command($0, on: copy.host), if: condition)
    }
  }
}

/// What all of SQL Server's kinds of replication do with the copies that are not to be the primary.
struct SQLServerRivals: Sendable {
  let reversal: Reversal
  let `operator`: any Operator

  /// Fences every primary that answers, and every stopped server that could become one. One that answers and can't be fenced
  /// ends it all here: there must never be two.
  func close() async throws -> Evidence {
    var (fenced, givenUp): ([Value], [Value]) = ([], [])
    let now = reversal.observation
    for other in reversal.others {
      switch now.role(of: other) {
      case .primary, .draining, .stopped:
        _ = try await other.database.replicationFamily.fence(other, by: `operator`)
        fenced.append(.string(other.subject))
      case .replica, .lost: continue
      case nil:
        guard now.isUnreachable(other.subject, FactName.role) else {
          throw ActionError(
            "replication.rival_unknown",
            "whether \(other.subject) is a primary can't be told: "
              + (now.gap(other.subject, FactName.role) ?? "its role is a new word"),
            advice: "let it answer, or stop its host; then run the step again")
        }
        givenUp.append(.string(now.gap(other.subject, FactName.role) ?? other.subject))
      }
    }
    return Evidence([
      "mode": "ungraceful", "fenced": .list(fenced), "given_up": .list(givenUp),
      "as_of": now[reversal.target.subject, FactName.asOf] ?? "not known",
    ])
  }

  static func operations(of reversal: Reversal) -> [Operation] {
    reversal.others.flatMap { other -> [Operation] in
      switch reversal.observation.role(of: other) {
      case .primary, .draining, .stopped:
        other.database.replicationFamily.operations(
          ofFencing: other, given: reversal.observation)
      case .replica, .lost, nil: []
      }
    }
  }
}

/// Looks again and again until something is so: role commands return before their work is done, and it may come to nothing.
struct SQLServerWait<State: Sendable>: Sendable {
  let time: any TimeSource
  let timeout: Duration
  /// One look, which may fail: a server that changes its role, or starts, doesn't always answer.
  let look: @Sendable () async throws -> State
  /// What the state looks like to a person.
  let words: @Sendable (State) -> String

  func until(
    _ what: String, advice: String, _ isSo: @Sendable (State) throws -> Bool
  ) async throws -> State {
    let deadline = time.uptime() + timeout
    while true {
      var last: String
      do {
        let state = try await look()
        if try isSo(state) { return state }
        last = words(state)
      } catch let error as ActionError {
        last = error.message
      }
      guard time.uptime() < deadline else {
        throw ActionError(
          "replication.not_in_time",
          "\(what): not within \(timeout.runbookText); at last \(last)", advice: advice)
      }
      try await time.sleep(for: .milliseconds(100))
    }
  }
}
