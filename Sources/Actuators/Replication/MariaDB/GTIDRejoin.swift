import Runbook

/// Makes a copy follow the primary, whatever became of it. One that has transactions of its own is rebuilt from the primary,
/// once a person has agreed to give them up.
struct GTIDRejoin: Sendable {
  private static let pollInterval = Duration.milliseconds(200)

  let rejoin: Rejoin
  let `operator`: any Operator

  private var copy: DatabaseCopy { rejoin.copy }
  private var primary: DatabaseCopy { rejoin.primary }
  private var observer: any Observer { `operator`.observer }

  func run() async throws -> Evidence {
    var evidence = Evidence()
    try await startIfStopped()
    let source = try await read(primary)
    let rebuild = GTIDRebuild(copy: copy, primary: primary, operator: `operator`)
    if try await rebuild.isUnfinished() {
      evidence.add(try await rebuild.run())
    } else {
      let missing = source.history.missing(from: try await read(copy).history)
      if !missing.isEmpty {
        let divergence = GTIDDivergence(
          of: copy, from: primary, gtids: missing, history: source.history)
        try checkAgreed(divergence)
        evidence.details["given_up"] = .string(divergence.words)
        evidence.add(try await rebuild.run())
      }
    }
    let semiSync = source.isSemiSyncSource || source.isSemiSyncReplica
    let following = GTIDFollowing(primary: primary, operator: `operator`)
    evidence.details["attached"] = .boolean(try await following.follow(copy, semiSync: semiSync))
    return evidence
  }

  private func read(_ copy: DatabaseCopy) async throws -> GTIDServer {
    try await observer.read(copy) { try GTIDServer.read($0, of: copy) }
  }

  /// A server that was stopped is started closed.
  private func startIfStopped() async throws {
    do { _ = try await read(copy) } catch let error as ActionError where error.kind == .unreachable
    {
      try await GTIDFence(copy: copy, operator: `operator`).keepClosed()
      try await GTIDService(copy: copy, operator: `operator`).start()
      try await waitUntilItAnswers()
    }
  }

  private func waitUntilItAnswers() async throws {
    let deadline = observer.time.uptime() + rejoin.timeout
    while true {
      do {
        _ = try await read(copy)
        return
      } catch let error as ActionError where error.kind == .unreachable {
        guard observer.time.uptime() < deadline else { throw error }
        try await observer.time.sleep(for: Self.pollInterval)
      }
    }
  }

  /// What is given up must be what was observed when a person agreed.
  private func checkAgreed(_ divergence: GTIDDivergence) throws {
    // Of a stopped server nobody knew what it has, and the question said so.
    guard let own = rejoin.observation.history(of: copy) else { return }
    let observed = divergence.history.missing(from: own)
    guard Set(divergence.gtids).isSubset(of: observed) else {
      throw ActionError(
        GTIDDivergence.code,
        "\(copy.subject) has what \(primary.subject) lacks, and nobody was asked about it: "
          + divergence.words,
        advice: "run the step again: it asks whether that may be given up")
    }
  }
}
