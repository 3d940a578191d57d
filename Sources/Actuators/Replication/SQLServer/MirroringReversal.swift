import Runbook

/// Changes the roles of the partners. Every part looks first, and does nothing where it is done.
struct MirroringReversal: Sendable {
  let reversal: Reversal
  let `operator`: any Operator

  private var target: DatabaseCopy { reversal.target }

  private func read(_ copy: DatabaseCopy) async throws -> MirroringState {
    try await `operator`.observer.read(copy) { try MirroringState.read($0, of: copy) }
  }

  // MARK: - Graceful

  func graceful() async throws -> Evidence {
    let before = try await read(target)
    var evidence = Evidence(["mode": "graceful"])
    guard !before.isPrincipal else { return evidence + (try await serving(after: nil)) }
    let (source, state) = try await principal()
    guard state.safety == "FULL", ["SYNCHRONIZED", "PENDING_FAILOVER"].contains(state.state) else {
      throw ActionError(
        "replication.not_synchronized",
        "\(state.words), safety \(state.safety): nothing was changed",
        advice: "wait until it is SYNCHRONIZED, with safety FULL; then run the step again")
    }
    if state.state != "PENDING_FAILOVER" {
      _ = try await `operator`.session(source) { try $0.execute(Self.failover(of: source)) }
      evidence.details["demoted"] = .string(source.subject)
    }
    return evidence + (try await serving(after: before))
  }

  private func principal() async throws -> (DatabaseCopy, MirroringState) {
    for other in reversal.others {
      let state = try await read(other)
      if state.isPrincipal { return (other, state) }
    }
    throw ActionError(
      "replication.no_source", "no copy of \(target.database.name) is the principal any more",
      advice: "look who else reverses the replication; then run the step again")
  }

  // MARK: - Ungraceful

  func ungraceful() async throws -> Evidence {
    let evidence = try await SQLServerRivals(reversal: reversal, operator: `operator`).close()
    let before = try await read(target)
    guard !before.isPrincipal else { return evidence + (try await serving(after: nil)) }
    // The mirror notices a while later that its partner is gone, and refuses until then.
    let alone = try await wait().until(
      "\(target.subject) has lost its partner",
      advice: "a partner that is still connected must be stopped first: see database.fence"
    ) { $0.state == "DISCONNECTED" || $0.isPrincipal }
    // With a witness it takes over by itself.
    if !alone.isPrincipal {
      _ = try await `operator`.session(target) { [target] in
        try $0.execute(Self.forcedService(of: target))
      }
    }
    return evidence + (try await serving(after: before))
  }

  // MARK: - Waiting

  private func wait() -> SQLServerWait<MirroringState> {
    SQLServerWait(
      time: `operator`.observer.time, timeout: reversal.drainTimeout,
      look: { try await read(target) }, words: \.words)
  }

  /// A command that was accepted may come to nothing: only the roles tell.
  private func serving(after before: MirroringState?) async throws -> Evidence {
    let state = try await wait().until(
      "\(target.subject) is the principal, and takes changes",
      advice:
        "the command was accepted and came to nothing so far: see the error logs of both servers, then run the step again"
    ) { $0.isServing && $0.sequence > (before?.sequence ?? 0) }
    return Evidence([
      "promoted": .string(target.subject), "role_sequence": .integer(state.sequence),
    ])
  }

  // MARK: - Statements

  private static func failover(of copy: DatabaseCopy) -> SQLStatement {
    "ALTER DATABASE \(identifier: copy.failoverTable.database) SET PARTNER FAILOVER"
  }

  private static func forcedService(of copy: DatabaseCopy) -> SQLStatement {
    "ALTER DATABASE \(identifier: copy.failoverTable.database) SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS"
  }

  static func operations(of reversal: Reversal) throws -> [Operation] {
    let (target, now) = (reversal.target, reversal.observation)
    let closing = reversal.isGraceful ? [] : SQLServerRivals.operations(of: reversal)
    guard now.role(of: target) == .replica else { return closing }
    guard reversal.isGraceful else {
      return closing + [
        Operation(
          .statement(forcedService(of: target), in: target),
          if: "no witness lets it take over by itself")
      ]
    }
    guard let source = reversal.others.first(where: now.isServing) else { return [] }
    let isPending = now[source.subject, MirroringState.stateFact] == "PENDING_FAILOVER"
    return isPending ? [] : [Operation(.statement(failover(of: source), in: source))]
  }
}

/// Lets a partner that fell out be the mirror again.
struct MirroringRejoin: Sendable {
  let rejoin: Rejoin
  let `operator`: any Operator

  private var copy: DatabaseCopy { rejoin.copy }
  private var primary: DatabaseCopy { rejoin.primary }

  func run() async throws -> Evidence {
    var evidence = Evidence()
    if rejoin.observation.isServing(copy) {
      evidence.add(try await SQLServerInstance(copy: copy).fence(by: `operator`))
    }
    if rejoin.observation.role(of: copy) != .replica {
      try await SQLServerInstance(copy: copy).start(by: `operator`)
      try await becomeMirror()
    }
    let own = try await read(copy)
    let principal = try await read(primary)
    guard principal.partnership == own.partnership else {
      throw ActionError(
        "replication.not_partners",
        "\(copy.subject) is the mirror of another database than \(primary.subject)",
        advice: "compare mirroring_guid in sys.database_mirroring; then make a new mirror")
    }
    if principal.state == "SUSPENDED" {
      _ = try await `operator`.session(primary) { [primary] in
        try $0.execute(Self.resumption(of: primary))
      }
      evidence.details["resumed"] = .string(copy.subject)
    }
    _ = try await wait().until(
      "\(copy.subject) receives", advice: "see the error logs of both servers"
    ) { $0.isReceiving && $0.sequence == principal.sequence }
    return evidence
  }

  /// It does so by itself when it sees its partner. Until then it takes changes: it may not stay so.
  private func becomeMirror() async throws {
    do {
      _ = try await wait().until(
        "\(copy.subject) has seen its partner and is the mirror",
        advice: "see whether the servers reach each other's mirroring endpoints"
      ) { !$0.isPrincipal }
    } catch {
      // Also when the task was cancelled: two may not take changes.
      try await Task { [copy, `operator`] in
        _ = try await SQLServerInstance(copy: copy).fence(by: `operator`)
      }.value
      throw error
    }
  }

  private func wait() -> SQLServerWait<MirroringState> {
    SQLServerWait(
      time: `operator`.observer.time, timeout: rejoin.timeout,
      look: { try await read(copy) }, words: \.words)
  }

  private func read(_ copy: DatabaseCopy) async throws -> MirroringState {
    try await `operator`.observer.read(copy) { try MirroringState.read($0, of: copy) }
  }

  private static func resumption(of primary: DatabaseCopy) -> SQLStatement {
    "ALTER DATABASE \(identifier: primary.failoverTable.database) SET PARTNER RESUME"
  }

  static func operations(of rejoin: Rejoin) throws -> [Operation] {
    let (copy, now) = (rejoin.copy, rejoin.observation)
    let instance = SQLServerInstance(copy: copy)
    let closing = try now.isServing(copy) ? instance.fencing() : []
    let starting =
      try now.role(of: copy) == .replica
      ? []
      : instance.starting() + instance.fencing(if: "it doesn't become the mirror in time")
    let resuming = Operation(
      .statement(resumption(of: rejoin.primary), in: rejoin.primary), if: "mirroring is suspended")
    return closing + starting + [resuming]
  }
}

extension Evidence {
  static func + (left: Evidence, right: Evidence) -> Evidence {
    var sum = left
    sum.add(right)
    return sum
  }
}
