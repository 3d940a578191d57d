import Runbook

/// The reversal itself. Every part looks at the servers first, and does nothing where it is done.
struct GTIDReversal: Sendable {
  /// What an old primary that answers may still send after it was closed, when nobody waits for all of it.
  private static let courtesy = Duration.seconds(2)

  let reversal: Reversal
  let `operator`: any Operator

  private var target: DatabaseCopy { reversal.target }
  private var others: [DatabaseCopy] { reversal.others }
  private var promotion: GTIDPromotion { GTIDPromotion(target: target, operator: `operator`) }
  private var following: GTIDFollowing { GTIDFollowing(primary: target, operator: `operator`) }

  private func read(_ copy: DatabaseCopy) async throws -> GTIDServer {
    try await `operator`.observer.read(copy) { try GTIDServer.read($0, of: copy) }
  }

  // MARK: - Graceful

  /// Close the source, wait for its last transaction, open the target, let the source follow.
  func graceful() async throws -> Evidence {
    var evidence = Evidence(["mode": "graceful"])
    let own = try await read(target)
    if own.source != nil {
      evidence.add(try await handOver(to: own))
    } else if own.isReadOnly {
      try await checkNothingIsMissing(in: own)
      evidence.add(try await promotion.open())
    }
    try await promotion.keepOpen()
    var demoted: [Value] = []
    for other in others where try await following.follow(other, semiSync: own.isSemiSyncReplica) {
      demoted.append(.string(other.subject))
    }
    evidence.details["demoted"] = .list(demoted)
    return evidence
  }

  private func handOver(to own: GTIDServer) async throws -> Evidence {
    let (source, before) = try await onlySource()
    try Self.checkFollows(own, target, before, source)
    let deadline = `operator`.observer.time.uptime() + reversal.drainTimeout
    let drain = GTIDDrain(source: source, operator: `operator`, timeout: reversal.drainTimeout)
    do {
      let drained = try await drain.close()
      var evidence = try await promotion.promote(having: drained.position, until: deadline)
      evidence.details["not_bound_by_read_only"] = .list(drained.unboundUsers.map(Value.string))
      return evidence
    } catch {
      // Also when the task was cancelled: nobody may be left closed because nobody was there to open it.
      throw await Task {
        await drain.afterFailure(error, target: target, wasOpen: !before.isReadOnly)
      }
      .value
    }
  }

  /// The one copy that is no replica, open or closed already.
  private func onlySource() async throws -> (DatabaseCopy, GTIDServer) {
    var sources: [(DatabaseCopy, GTIDServer)] = []
    for other in others {
      let server = try await read(other)
      if server.source == nil { sources.append((other, server)) }
    }
    guard sources.count == 1, let source = sources.first else {
      throw ActionError(
        "replication.no_source",
        "\(sources.count) copies of \(target.database.name) besides \(target.subject) are no replicas; "
          + "one should be",
        advice: "look who else reverses the replication; then run the step again")
    }
    return source
  }

  private static func checkFollows(
    _ own: GTIDServer, _ target: DatabaseCopy, _ before: GTIDServer, _ source: DatabaseCopy
  ) throws {
    let errant = before.history.missing(from: own.history)
    guard errant.isEmpty else {
      throw GTIDDivergence(of: target, from: source, gtids: errant, history: before.history).error
    }
    guard own.keepsLog else { throw GTIDGuards.noLog(target) }
  }

  /// A closed target without a source was the primary, or is being promoted: it has what the others have, or somebody else
  /// was promoted since.
  private func checkNothingIsMissing(in own: GTIDServer) async throws {
    for other in others {
      let server = try await read(other)
      let missing = own.history.missing(from: server.history)
      guard server.isReadOnly, missing.isEmpty else {
        let why =
          missing.isEmpty ? "takes changes" : "has \(GTIDList(missing)), which it lacks"
        throw ActionError(
          "replication.moved", "\(target.subject) can't be opened: \(other.subject) \(why)",
          advice: "look who else reverses the replication; then run the step again")
      }
    }
  }

  // MARK: - Ungraceful

  /// Close what answers, open the target with what it has received. What was closed stays so until it rejoins.
  func ungraceful() async throws -> Evidence {
    var evidence = Evidence(["mode": "ungraceful"])
    let others = try await closeOthers()
    let own = try await read(target)
    if own.source != nil {
      evidence.add(
        try await promotion.promoteWithWhatItHas(
          waitingFor: others.last, courtesy: Self.courtesy, timeout: reversal.drainTimeout))
    } else if own.isReadOnly {
      evidence.add(try await promotion.open())
    }
    try await promotion.keepOpen()
    evidence.details["closed"] = .list(others.closed.map(Value.string))
    evidence.details["given_up"] = .list(others.givenUp.map(Value.string))
    evidence.details["as_of"] =
      reversal.observation[target.subject, FactName.asOf] ?? "not known"
    return evidence
  }

  /// Closes every other copy that answers. `last` is what the old primary wrote last, if it says so.
  private func closeOthers() async throws
    -> (closed: [String], givenUp: [String], last: GTIDList?)
  {
    var (closed, givenUp): ([String], [String]) = ([], [])
    var last: GTIDList?
    for other in others {
      do {
        let fenced = try await GTIDReplication().fence(other, by: `operator`)
        closed.append(other.subject)
        guard fenced.details["server"] == GTIDFence.readOnly else { continue }
        let server = try await read(other)
        if server.source == nil { last = server.binlogPosition }
      } catch let error as ActionError where error.kind == .unreachable {
        givenUp.append(error.message)
      }
    }
    return (closed, givenUp, last)
  }
}
