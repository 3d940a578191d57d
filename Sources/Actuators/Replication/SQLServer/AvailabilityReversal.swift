import Runbook

/// Fails the group over to the target. Every part looks first, and does nothing where it is done.
struct AvailabilityReversal: Sendable {
  let reversal: Reversal
  let `operator`: any Operator

  private var target: DatabaseCopy { reversal.target }

  func run() async throws -> Evidence {
    var evidence = Evidence(["mode": "graceful"])
    if !reversal.isGraceful {
      evidence = try await SQLServerRivals(reversal: reversal, operator: `operator`).close()
    }
    let before = try await AvailabilityState.look(at: target, `operator`.observer)
    // A cluster that fails over by itself may have been faster.
    if before.role != "PRIMARY" {
      evidence.details["group"] = .string(before.group)
      try await fail(over: before.group)
    }
    _ = try await SQLServerWait(
      time: `operator`.observer.time, timeout: reversal.drainTimeout,
      look: { try await AvailabilityState.look(at: target, `operator`.observer) }, words: \.words
    ).until(
      "\(target.subject) is the primary replica, and takes changes",
      advice:
        "the command was accepted and came to nothing so far: see the cluster's log and the servers' error logs, then run the step again",
      \.isServing)
    evidence.details["promoted"] = .string(target.subject)
    return evidence
  }

  /// That it is under way, or done, is no failure: the waiting tells. Nor is 41131, which the server says as a mere message.
  private func fail(over group: String) async throws {
    let statement = Self.failover(of: group, isGraceful: reversal.isGraceful)
    do {
      _ = try await `operator`.session(target) { try $0.execute(statement) }
    } catch let error as ActionError where error.code == SQLServerErrors.failoverUnderWay {
      return
    }
  }

  private static func failover(of group: String, isGraceful: Bool) -> SQLStatement {
    isGraceful
      ? "ALTER AVAILABILITY GROUP \(identifier: group) FAILOVER"
      : "ALTER AVAILABILITY GROUP \(identifier: group) FORCE_FAILOVER_ALLOW_DATA_LOSS"
  }

  static func operations(of reversal: Reversal) throws -> [Operation] {
    let (target, now) = (reversal.target, reversal.observation)
    let closing = reversal.isGraceful ? [] : SQLServerRivals.operations(of: reversal)
    guard now.role(of: target) == .replica else { return closing }
    guard let group = now[target.subject, "availability_group"]?.string else {
      return closing + [Operation(.untold("the group's name isn't known"))]
    }
    let statement = failover(of: group, isGraceful: reversal.isGraceful)
    return closing + [
      Operation(
        .statement(statement, in: target),
        if: reversal.isGraceful ? nil : "the cluster doesn't fail over by itself")
    ]
  }
}

/// Lets a replica get the primary's log again.
struct AvailabilityRejoin: Sendable {
  let rejoin: Rejoin
  let `operator`: any Operator

  private var copy: DatabaseCopy { rejoin.copy }

  func run() async throws -> Evidence {
    var evidence = Evidence()
    if rejoin.observation.isServing(copy) {
      evidence.add(try await SQLServerInstance(copy: copy).fence(by: `operator`))
    }
    if rejoin.observation.role(of: copy) != .replica {
      try await SQLServerInstance(copy: copy).start(by: `operator`)
    }
    // The cluster makes a secondary of it.
    let found = try await wait().until(
      "\(copy.subject) is a secondary replica", advice: "see the cluster's state and its log"
    ) { $0.role == "SECONDARY" }
    if found.isSuspended {
      _ = try await `operator`.session(copy) { [copy] in
        try $0.execute(Self.resumption(of: copy))
      }
      evidence.details["resumed"] = .string(copy.subject)
    }
    _ = try await wait().until(
      "\(copy.subject) receives", advice: "see the error logs of both servers", \.isReceiving)
    return evidence
  }

  private func wait() -> SQLServerWait<AvailabilityState> {
    SQLServerWait(
      time: `operator`.observer.time, timeout: rejoin.timeout,
      look: { try await AvailabilityState.look(at: copy, `operator`.observer) }, words: \.words)
  }

  private static func resumption(of copy: DatabaseCopy) -> SQLStatement {
    "ALTER DATABASE \(identifier: copy.failoverTable.database) SET HADR RESUME"
  }

  static func operations(of rejoin: Rejoin) throws -> [Operation] {
    let (copy, now) = (rejoin.copy, rejoin.observation)
    let instance = SQLServerInstance(copy: copy)
    let closing = try now.isServing(copy) ? instance.fencing() : []
    let starting = try now.role(of: copy) == .replica ? [] : instance.starting()
    return closing + starting + [
      Operation(.statement(resumption(of: copy), in: copy), if: "its data movement is suspended")
    ]
  }
}

extension AvailabilityState {
  static func look(at copy: DatabaseCopy, _ observer: any Observer) async throws
    -> AvailabilityState
  {
    try await observer.read(copy) { try AvailabilityState.read($0, of: copy) }
  }
}
