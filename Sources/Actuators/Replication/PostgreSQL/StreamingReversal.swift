import Runbook

/// The reversal itself. Every part looks first, and does nothing where it is done.
struct StreamingReversal: Sendable {
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
      evidence.add(try await Promotion(target: target, operator: `operator`).run(awaiting: nil))
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
      if others.contains(where: { now.hasAll(target, of: $0) }) {
        // A run that ended between the shipping of the log's end and the promotion.
        return try await promote(awaiting: nil, try await prepareTarget(now))
      }
      throw ActionError(
        "replication.no_source", "no copy of \(target.database.name) is the primary any more",
        advice: "look who else reverses the replication; then run the step again")
    }
    let isRunning = now.role(of: source) == .primary
    let shutdown = ShutdownCheckpoint(source: source, observer: observer)
    async let awaited = isRunning ? shutdown.awaited() : nil
    var evidence = try await prepareTarget(now)
    if isRunning {
      try await prepareSource(source)
      try await close(source)
    }
    let seen = await awaited
    let checkpoint = if let seen { seen } else { try await shutdown.position() }
    evidence.details["shutdown_checkpoint"] = .string("\(checkpoint)")
    if !isRunning { try await shipEnd(of: source, now, beyond: checkpoint) }
    let arrival = Arrival(checkpoint: checkpoint, source: source, timeout: reversal.drainTimeout)
    return try await promote(awaiting: arrival, evidence)
  }

  private func promote(awaiting arrival: Arrival?, _ prepared: Evidence) async throws -> Evidence {
    var evidence = prepared
    evidence.add(
      try await Promotion(target: target, operator: `operator`).run(awaiting: arrival))
    try await finishTarget(evidence)
    return evidence
  }

  /// A primary that was cut off while it shut down couldn't send the end of its log. Started as a standby it can, and takes
  /// no changes.
  private func shipEnd(
    of source: DatabaseCopy, _ now: Observation, beyond checkpoint: LogPosition
  ) async throws {
    let replayed = now[target.subject, StreamingState.replayed]?.string.flatMap { LogPosition($0) }
    if let replayed, replayed > checkpoint { return }
    let host = try ServerHost(source, by: `operator`)
    try await host.markStandby()
    try await host.enable()
    try await host.start()
    _ = try await host.wait(for: "up as a standby", within: reversal.drainTimeout) {
      $0.role == .replica
    }
  }

  /// Changes nothing of what it does as a primary. Its last checkpoint has the less to write.
  private func prepareSource(_ source: DatabaseCopy) async throws {
    // Not to be able to stop it is better found out before.
    async let service = ServerHost.service(of: source, observer)
    let settings = try StandbySettings(of: source, following: target)
    try await `operator`.session(source) { writer in
      try settings.set(by: writer)
      try writer.execute(Self.checkpoint)
    }
    _ = try await service
  }

  /// From here on nothing that starts it makes a primary of it.
  private func close(_ source: DatabaseCopy) async throws {
    let host = try ServerHost(source, by: `operator`)
    try await host.markStandby()
    try await host.bringDown()
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
      if resumes { try writer.call(Self.resumption) }
      if delay > 0 {
        try writer.execute(Self.delayEnd)
        try writer.call(StandbySettings.reload)
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
      _ = try writer.execute(Self.delay(ofMilliseconds: delay))
    }
  }

  static let checkpoint: SQLStatement = "CHECKPOINT"
  static let resumption: SQLStatement = "SELECT pg_wal_replay_resume()"
  static let delayEnd: SQLStatement = "ALTER SYSTEM SET recovery_min_apply_delay = 0"

  static func delay(ofMilliseconds delay: Int) -> SQLStatement {
    "ALTER SYSTEM SET recovery_min_apply_delay = \(literal: "\(delay)ms")"
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
