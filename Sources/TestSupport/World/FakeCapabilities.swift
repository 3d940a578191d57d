import Runbook

/// Looks at a fake world.
struct FakeObserver: Observer {
  let world: FakeWorld

  var time: any TimeSource { world.time }

  func run(_ command: ReadOnlyCommand, on host: Host) async throws -> CommandResult {
    guard let path = command.arguments.last, path.hasPrefix(FakePlan.factDirectory) else {
      throw ActionError("fake.command", "a fake host has no \(command.arguments)")
    }
    let key = FactKey(host.id, String(path.dropFirst(FakePlan.factDirectory.count)))
    let (fault, value) = try world.look(at: key)
    switch fault {
    case .unreachable: throw ActionError.dark(host.id)
    case .fails: throw ActionError("fake.garbled", "\(host.id) answers nonsense")
    case .hangs: try await waitForCancellation()
    case nil: break
    }
    return CommandResult(exitCode: value == nil ? 1 : 0, standardOutput: value ?? "")
  }

  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    throw ActionError("fake.database", "a fake world has no databases")
  }

  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse {
    throw ActionError("fake.http", "a fake world has no servers")
  }
}

/// Changes a fake world.
struct FakeOperator: Operator {
  let world: FakeWorld
  let token: String

  var observer: any Observer { FakeObserver(world: world) }

  func run(_ command: Command, on host: Host) async throws -> CommandResult {
    guard command.arguments.count == 3, command.arguments[0] == "set" else {
      throw ActionError("fake.command", "a fake host has no \(command.arguments)")
    }
    try await world.change(
      FakeWorld.Change(
        key: FactKey(host.id, command.arguments[1]), value: command.arguments[2], token: token))
    return CommandResult(exitCode: 0, standardOutput: "set")
  }

  func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    throw ActionError("fake.database", "a fake world has no databases")
  }

  func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    throw ActionError("fake.database", "a fake world has no databases")
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    throw ActionError("fake.http", "a fake world has no servers")
  }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    try await world.writeProbeFile(name.description, contents, on: host.id)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    try await world.writeProbeFile(name.description, nil, on: host.id)
  }
}

extension FakeWorld {
  /// The next fault of a look, or what is there.
  fileprivate func look(at key: FactKey) throws -> (ProbeFault?, String?) {
    try withState { state in
      guard state.hasPower else { throw ActionError.dark(key.subject) }
      state.looks += 1
      if state.dark.contains(key.subject) { return (.unreachable, nil) }
      if let fault = state.probeFaults[key]?.first {
        state.probeFaults[key]?.removeFirst()
        return (fault, nil)
      }
      return (nil, state.facts[key])
    }
  }

  fileprivate func change(_ change: Change) async throws {
    try await announce(change)
    let fault: ActFault? = try withState { state in
      guard state.hasPower, !state.dark.contains(change.key.subject) else {
        throw ActionError.dark(change.key.subject)
      }
      guard let fault = state.actFaults[change.key]?.first else { return nil }
      state.actFaults[change.key]?.removeFirst()
      return fault
    }
    try await carryOut(change, fault)
  }

  private func announce(_ change: Change) async throws {
    let (hook, waiters):
      ((@Sendable (Change) async throws -> Void)?, [CheckedContinuation<Void, Never>]) =
        withState { state in
          guard state.hasPower else { return (nil, []) }
          state.calls.append(change)
          let reached = state.callWaiters.filter { $0.count <= state.calls.count }
          state.callWaiters.removeAll { $0.count <= state.calls.count }
          return (state.beforeChange, reached.map(\.continuation))
        }
    for waiter in waiters { waiter.resume() }
    try await hook?(change)
  }

  private func carryOut(_ change: Change, _ fault: ActFault?) async throws {
    switch fault {
    case nil:
      apply(change)
    case .unreachable:
      throw ActionError.dark(change.key.subject)
    case .failsBefore:
      throw ActionError("fake.refused", "\(change.key.subject) said no")
    case .failsAfter:
      apply(change)
      throw ActionError("fake.refused", "\(change.key.subject) said no")
    case .lies:
      break
    case .answerLost:
      apply(change)
      throw ActionError("fake.lost", "the answer of \(change.key.subject) was lost", kind: .inDoubt)
    case .hangsBefore:
      try await waitForCancellation()
    case .hangsAfter:
      apply(change)
      try await waitForCancellation()
    case .comesLate:
      applyLate(change)
    }
  }

  private func apply(_ change: Change) {
    withState { state in
      state.facts[change.key] = change.value
      state.effects.append(change)
    }
  }

  private func applyLate(_ change: Change) {
    let moment = time.uptime() + Self.delay
    withState { state in
      state.coming.append((moment, change.key, change.value))
      state.effects.append(change)
    }
  }

  fileprivate func writeProbeFile(_ name: String, _ contents: String?, on host: String) async throws
  {
    let key = FactKey(host, name)
    let fault: ActFault? = try withState { state in
      guard state.hasPower, !state.dark.contains(host) else { throw ActionError.dark(host) }
      let fault = state.actFaults[FactKey(host, FakePlan.probeFile)]?.first
      if fault != nil { state.actFaults[FactKey(host, FakePlan.probeFile)]?.removeFirst() }
      return fault
    }
    if fault == .hangsBefore { try await waitForCancellation() }
    if fault != nil { throw ActionError("fake.refused", "\(host) said no") }
    withState { state in
      state.facts[key] = contents
      if contents != nil { state.probeFiles.append(name) }
    }
  }
}

extension ActionError {
  fileprivate static func dark(_ host: String) -> ActionError {
    ActionError("fake.unreachable", "\(host) can't be reached", kind: .unreachable)
  }
}
