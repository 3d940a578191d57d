import Runbook

/// The reversal itself. Every part reads the state in the transaction that changes it, and does nothing where it is done.
struct LogShippingReversal: Sendable {
  private static let pollInterval = Duration.milliseconds(100)

  let target: DatabaseCopy
  let others: [DatabaseCopy]
  let drainTimeout: Duration
  let `operator`: any Operator

  private var observer: any Observer { `operator`.observer }

  /// Drain the source, wait, promote the target, demote the source.
  func graceful() async throws -> Evidence {
    var evidence = Evidence(["mode": "graceful"])
    let state = try await read(target)
    if state.role == .draining {
      evidence.add(try await takeBack())
    } else if state.role == .replica {
      let source = try await drainedSource()
      let last = try await caughtUp(with: source)
      evidence.add(try await promote(epoch: last.epoch + 1, expecting: last))
    }
    let epoch = try await read(target).epoch
    var demoted: [Value] = []
    for other in others where try await Self.demote(other, below: epoch, by: `operator`) {
      demoted.append(.string(other.subject))
    }
    evidence.details["demoted"] = .list(demoted)
    return evidence
  }

  /// Demote what answers, promote the target with what it has.
  func ungraceful() async throws -> Evidence {
    var evidence = Evidence(["mode": "ungraceful"])
    let state = try await read(target)
    var epochs = [state.epoch]
    var demoted: [Value] = []
    var givenUp: [Value] = []
    for other in others {
      do {
        epochs.append(try await read(other).epoch)
        let ceiling = state.role == .replica ? Int.max : state.epoch
        if try await Self.demote(other, below: ceiling, by: `operator`) {
          demoted.append(.string(other.subject))
        }
      } catch let error as ActionError where isGone(error) {
        givenUp.append(.string(error.message))
      }
    }
    if state.role != .primary {
      evidence.add(try await promote(epoch: (epochs.max() ?? state.epoch) + 1, expecting: nil))
    }
    evidence.details["demoted"] = .list(demoted)
    evidence.details["given_up"] = .list(givenUp)
    return evidence
  }

  /// A copy that can't be asked, or of which nothing is left, can't be demoted either.
  private func isGone(_ error: ActionError) -> Bool {
    error.kind == .unreachable
      || [DatabaseErrorCode.missing, DatabaseErrorCode.corrupt].contains(error.code)
  }

  private func read(_ copy: DatabaseCopy) async throws -> LogShippingState {
    try await observer.read(copy) { try LogShippingState.read($0, of: copy) }
  }

  /// The copy that is, or now becomes, the draining source.
  private func drainedSource() async throws -> DatabaseCopy {
    for other in others {
      let isSource = try await `operator`.transaction(other) { writer in
        let state = try LogShippingState.read(writer, of: other)
        if state.role == .primary {
          try writer.execute(LogShippingStatement.drain)
        }
        return state.role == .primary || state.role == .draining
      }
      if isSource { return other }
    }
    throw ActionError(
      "replication.no_source", "no copy of \(target.database.name) is the primary any more",
      advice: "look who else reverses the replication; then run the step again")
  }

  /// Waits until the target has all that the source held; returns the target's state then.
  private func caughtUp(with source: DatabaseCopy) async throws -> LogShippingState {
    let deadline = observer.time.uptime() + drainTimeout
    while true {
      let last = try await read(source)
      let own = try await read(target)
      if last.isDrained, own.epoch == last.epoch, own.position == last.position { return own }
      guard observer.time.uptime() < deadline else {
        throw ActionError(
          "replication.drain_timeout",
          "\(target.subject) did not get the last changes of \(source.subject) in "
            + "\(drainTimeout.runbookText): it is at \(own.epoch)/\(own.position), the source at "
            + "\(last.epoch)/\(last.position)\(last.isDrained ? "" : ", and not drained yet")",
          advice:
            "\(source.subject) stays read-only; see the replicators' logs and run the step again, "
            + "or reverse to \(source.site) to go back")
      }
      try await observer.time.sleep(for: Self.pollInterval)
    }
  }

  /// Makes the target the primary of a new epoch. The evidence holds the boundary of the loss.
  private func promote(epoch: Int, expecting expected: LogShippingState?) async throws -> Evidence {
    let target = target
    let before = try await `operator`.transaction(target) { writer in
      let state = try LogShippingState.read(writer, of: target)
      if let expected, (state.role, state.epoch, state.position) != expected.place {
        throw Self.moved(target, state)
      }
      guard state.role != .primary else { throw Self.moved(target, state) }
      try writer.execute(LogShippingStatement.promote(epoch: epoch))
      return state
    }
    return Evidence([
      "promoted": .string(target.subject),
      "epoch": .integer(epoch),
      "position": .integer(before.position),
      "as_of": .string(before.asOf),
    ])
  }

  /// A draining target was the primary all along: nobody was promoted since, so its epoch goes on.
  private func takeBack() async throws -> Evidence {
    for other in others {
      let state = try await read(other)
      guard state.role == .replica else { throw Self.moved(other, state) }
    }
    let target = target
    try await `operator`.transaction(target) { writer in
      let state = try LogShippingState.read(writer, of: target)
      guard state.role == .draining else { throw Self.moved(target, state) }
      try writer.execute(LogShippingStatement.takeBack)
    }
    return Evidence(["taken_back": .string(target.subject)])
  }

  /// Makes a primary or draining copy a replica; false where it is one already. Its replicator raises the epoch when it has
  /// followed. Refuses a copy that was promoted since.
  static func demote(_ copy: DatabaseCopy, below epoch: Int, by operator: any Operator)
    async throws -> Bool
  {
    try await `operator`.transaction(copy) { writer in
      let state = try LogShippingState.read(writer, of: copy)
      guard state.role != .replica else { return false }
      guard state.epoch < epoch else { throw moved(copy, state) }
      try writer.execute(LogShippingStatement.demote)
      return true
    }
  }

  private static func moved(_ copy: DatabaseCopy, _ state: LogShippingState) -> ActionError {
    ActionError(
      "replication.moved",
      "\(copy.subject) is \(state.role.rawValue) at \(state.epoch)/\(state.position) now",
      advice: "look who else reverses the replication; then run the step again")
  }
}

extension LogShippingState {
  fileprivate var place: (CopyRole, Int, Int) { (role, epoch, position) }
}
