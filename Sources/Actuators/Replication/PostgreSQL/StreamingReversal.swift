import Runbook

/// The reversal itself. Every part looks first, and does nothing where it is done.
struct StreamingReversal: Sendable {
  private static let pollInterval = Duration.milliseconds(10)

  let reversal: Reversal
  let `operator`: any Operator

  private var target: DatabaseCopy { reversal.target }
  private var others: [DatabaseCopy] { reversal.others }
  private var observer: any Observer { `operator`.observer }

  /// Stop the primary, see that the target has all of it, promote the target, let the old primary follow.
  func graceful() async throws -> Evidence {
    var evidence = Evidence(["mode": "graceful"])
    let now = try await look()
    switch now.role(of: target) {
    case .replica: evidence.add(try await handOver(now))
    case .stopped: evidence.add(try await takeBack(now))
    default: break
    }
    let (followed, leftOut) = try await lead(isGraceful: true)
    evidence.details["followed"] = .list(followed.map(Value.string))
    evidence.details["left_out"] = .list(leftOut.map(Value.string))
    return evidence
  }

  /// Close what answers, promote the target with what it has.
  func ungraceful() async throws -> Evidence {
    var evidence = Evidence(["mode": "ungraceful"])
    let now = try await look()
    let (fenced, givenUp) = try await closeOthers(now)
    evidence.details["fenced"] = .list(fenced.map(Value.string))
    evidence.details["given_up"] = .list(givenUp.map(Value.string))
    if now.role(of: target) == .stopped { evidence.add(try await takeBack(try await look())) }
    if try await look().role(of: target) == .replica {
      evidence.add(try await prepareTarget(now))
      evidence.add(try await Promotion(target: target, operator: `operator`).run(expecting: nil))
      try await finishTarget(evidence)
    }
    let (followed, leftOut) = try await lead(isGraceful: false)
    evidence.details["followed"] = .list(followed.map(Value.string))
    evidence.details["left_out"] = .list(leftOut.map(Value.string))
    return evidence
  }

  private func look() async throws -> Observation {
    Observation(
      try await ([target] + others).concurrentFacts {
        try await CopyFacts(copy: $0).observe(observer)
      })
  }

  // MARK: - Handing over

  /// All that can be done before the primary stops is done before: from then until the promotion nobody takes changes.
  private func handOver(_ now: Observation) async throws -> Evidence {
    guard let source = others.first(where: { now.isSource($0) }) else {
      throw ActionError(
        "replication.no_source", "no copy of \(target.database.name) is the primary any more",
        advice: "look who else reverses the replication; then run the step again")
    }
    var evidence = try await prepareTarget(now)
    let host = try ServerHost(source, by: `operator`)
    if now.role(of: source) == .primary {
      // Not to be able to stop it is better found out before anything is prepared.
      _ = try await ServerHost.service(of: source, observer)
      let settings = try StandbySettings(of: source, following: target)
      try await `operator`.session(source) { writer in
        try settings.set(by: writer)
        try writer.execute("CHECKPOINT")
      }
      try await host.markStandby()
      try await host.stop()
    }
    let checkpoint = try await arrived(from: source)
    evidence.details["shutdown_checkpoint"] = .string("\(checkpoint)")
    evidence.add(
      try await Promotion(target: target, operator: `operator`).run(expecting: checkpoint))
    try await finishTarget(evidence)
    return evidence
  }

  /// Waits until the target has replayed the shutdown checkpoint of `source`, behind which its log must end.
  private func arrived(from source: DatabaseCopy) async throws -> LogPosition {
    guard let control = try await ControlData.read(source, by: observer), control.isCleanPrimary
    else {
      throw ActionError(
        "postgresql.not_shut_down",
        "\(source.subject) is not shut down in good order: what it still has can't be told",
        advice: "start it and run the step again, or reverse ungracefully")
    }
    async let ending: Void = checkEnding(of: source, at: control)
    let deadline = observer.time.uptime() + reversal.drainTimeout
    while true {
      let replayed = try await replayedPosition()
      if replayed > control.checkpoint { break }
      guard observer.time.uptime() < deadline else {
        throw ActionError(
          "replication.drain_timeout",
          "\(target.subject) did not get the last changes of \(source.subject) in "
            + "\(reversal.drainTimeout.runbookText): it is at \(replayed), the shutdown checkpoint "
            + "at \(control.checkpoint)",
          advice:
            "\(source.subject) stays stopped; see the logs of both servers and run the step again, or "
            + "reverse to \(source.site) to go back")
      }
      try await observer.time.sleep(for: Self.pollInterval)
    }
    try await ending
    return control.checkpoint
  }

  private func replayedPosition() async throws -> LogPosition {
    let target = target
    return try await observer.read(target) { reader in
      let row = try reader.query("SELECT pg_last_wal_replay_lsn()::text AS replayed").first
      return row?["replayed"]?.string.flatMap { LogPosition($0) } ?? LogPosition(bytes: 0)
    }
  }

  /// The position alone isn't proof: the record there must be the shutdown's, and the last one.
  private func checkEnding(of source: DatabaseCopy, at control: ControlData) async throws {
    let result = try await observer.run(
      .writeAheadLog(
        of: try source.requiredServer().installation, timeline: control.timeline,
        from: "\(control.checkpoint)", limit: 2), on: source.host)
    let records = result.standardOutput.split(separator: "\n")
    guard records.count == 1, records[0].contains("CHECKPOINT_SHUTDOWN") else {
      throw ActionError(
        "postgresql.log_end",
        "the log of \(source.subject) doesn't end with its shutdown checkpoint at "
          + "\(control.checkpoint): \(result.standardError)",
        advice: "look at it by pg_waldump; start the server again by reversing to \(source.site)")
    }
  }

  /// A stopped target that was the primary all along: nobody was promoted since, so its timeline goes on.
  private func takeBack(_ now: Observation) async throws -> Evidence {
    let own = now.epoch(of: target) ?? 0
    if let rival = others.first(where: { (now.epoch(of: $0) ?? 0) > own || now.isServing($0) }) {
      throw ActionError(
        "replication.moved", "\(rival.subject) has been promoted since",
        advice: "let \(target.subject) rejoin first")
    }
    let host = try ServerHost(target, by: `operator`)
    let control = try await ControlData.read(target, by: observer)
    if control?.wasPrimary == true { try await host.unmarkStandby() }
    try await host.enable()
    try await host.start()
    _ = try await host.wait(for: "up again", within: reversal.drainTimeout) { _ in true }
    return Evidence(["taken_back": .string(target.subject)])
  }
}

extension StreamingReversal {
  // MARK: - The target

  /// Slots, so that nothing is lost for those who follow; replay resumed; commits that would wait for nobody.
  private func prepareTarget(_ now: Observation) async throws -> Evidence {
    var evidence = Evidence()
    let target = target
    // A slot for a copy that is lost would keep the log until the disk is full.
    let followers = others.filter { reversal.isGraceful || now.role(of: $0) == .replica }
    let resumes = now[target.subject, StreamingState.replayPaused]?.boolean == true
    let delay = now[target.subject, StreamingState.applyDelay]?.integer ?? 0
    if reversal.intent.suspendsSynchronous,
      let names = now[target.subject, StreamingState.synchronousNames]?.string, !names.isEmpty
    {
      try await SynchronousSuspension(primary: target, operator: `operator`).suspend(names)
      evidence.details["synchronous_suspended"] = .string(names)
    }
    try await `operator`.session(target) { writer in
      try ReplicationSlot.ensure(for: followers, by: writer)
      if resumes { _ = try writer.query("SELECT pg_wal_replay_resume()") }
      if delay > 0 {
        try writer.execute("ALTER SYSTEM SET recovery_min_apply_delay = 0")
        _ = try writer.query("SELECT pg_reload_conf()")
      }
    }
    if resumes { evidence.details["replay_resumed"] = true }
    if delay > 0 { evidence.details["apply_delay_ended_ms"] = .integer(delay) }
    return evidence
  }

  /// A delay that was wanted counts again when the copy is a standby the next time.
  private func finishTarget(_ evidence: Evidence) async throws {
    guard let delay = evidence.details["apply_delay_ended_ms"]?.integer else { return }
    try await `operator`.session(target) { writer in
      _ = try writer.execute(
        "ALTER SYSTEM SET recovery_min_apply_delay = \(literal: "\(delay)ms")")
    }
  }

  // MARK: - The others

  /// Closes every primary that answers, and every stopped server that could become one. A primary that answers and can't be
  /// closed ends it all here: there must never be two.
  private func closeOthers(_ now: Observation) async throws -> (fenced: [String], givenUp: [String])
  {
    var fenced: [String] = []
    var givenUp: [String] = []
    for other in others {
      switch now.role(of: other) {
      case .primary, .draining, .stopped:
        _ = try await StreamingReplication().fence(other, by: `operator`)
        fenced.append(other.subject)
      case .replica, .lost:
        continue
      case nil:
        guard now.isUnreachable(other.subject, FactName.role) else {
          throw ActionError(
            "replication.rival_unknown",
            "whether \(other.subject) is a primary can't be told: "
              + (now.gap(other.subject, FactName.role) ?? "its role is a new word"),
            advice: "let it answer, or stop its host; then run the step again")
        }
        givenUp.append(now.gap(other.subject, FactName.role) ?? other.subject)
      }
    }
    return (fenced, givenUp)
  }

  /// Makes the others follow the new primary: standbys that run, and a primary that was stopped in good order.
  private func lead(isGraceful: Bool) async throws -> (followed: [String], leftOut: [String]) {
    let now = try await look()
    var followed: [String] = []
    var leftOut: [String] = []
    for other in others {
      let follower = StandbyFollower(
        copy: other, primary: target, timeout: reversal.drainTimeout, operator: `operator`)
      switch now.role(of: other) {
      case .replica:
        try await follower.redirect()
      case .stopped where isGraceful && now[other.subject, CopyFacts.drained]?.boolean == true:
        try await follower.start()
      default:
        leftOut.append(other.subject)
        continue
      }
      if isGraceful { try await follower.waitUntilStreaming() }
      _ = try await follower.dropIdleSlots(
        of: [target] + others, given: reversal.observation)
      followed.append(other.subject)
    }
    return (followed, leftOut)
  }
}
