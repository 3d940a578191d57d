import Runbook

/// Makes a copy a standby of the present primary: by following it where its history is the beginning of the primary's, else
/// by `pg_rewind`. Every part looks first, and does nothing where it is done.
struct StreamingRejoin: Sendable {
  let rejoin: Rejoin
  let `operator`: any Operator

  private var copy: DatabaseCopy { rejoin.copy }
  private var primary: DatabaseCopy { rejoin.primary }
  private var observer: any Observer { `operator`.observer }
  private var follower: StandbyFollower {
    StandbyFollower(copy: copy, primary: primary, timeout: rejoin.timeout, operator: `operator`)
  }

  func run() async throws -> Evidence {
    let primaryState = try await look(primary)
    guard primaryState.role(of: primary) == .primary else {
      throw ActionError(
        "replication.moved", "\(primary.subject) is not the primary any more",
        advice: "look who else reverses the replication; then run the step again")
    }
    var evidence = try await bringBack(primaryState)
    try await follower.waitUntilStreaming()
    let dropped = try await follower.dropIdleSlots(of: [primary], given: primaryState)
    evidence.details["slots_dropped"] = .list(dropped.map(Value.string))
    let suspension = SynchronousSuspension(primary: primary, operator: `operator`)
    evidence.details["synchronous_restored"] =
      try await suspension.restore().map(Value.string) ?? .null
    return evidence
  }

  private func look(_ copy: DatabaseCopy, and other: Observation = Observation()) async throws
    -> Observation
  {
    Observation(try await CopyFacts(copy: copy).observe(observer) + other.facts)
  }

  private func bringBack(_ primaryState: Observation) async throws -> Evidence {
    let host = try ServerHost(copy, by: `operator`)
    var rewind = Rewind(host: host, primary: primary, operator: `operator`)
    if try await Rewind.isUnfinished(copy, observer) {
      return try await bringBackRewound(by: rewind, Evidence(["resumed": true]))
    }
    var now = try await look(copy, and: primaryState)
    if now.role(of: copy) == .primary {
      // What it writes from here on would be thrown away too.
      _ = try await StreamingReplication().fence(copy, by: `operator`)
      now = try await look(copy, and: primaryState)
    }
    let finding = try await TimelineDivergence(copy: copy, primary: primary, observer: observer)
      .measure(given: now)
    var evidence = Evidence(["timeline_before": now.epoch(of: copy).map(Value.integer) ?? .null])
    switch (finding, now.role(of: copy)) {
    case (.none, .replica):
      evidence.details["way"] = "redirected"
      try await follower.redirect()
    case (.none, _):
      evidence.details["way"] = "followed"
      try await follower.start()
    case (.strange(let timeline), _) where timeline == primaryState.epoch(of: primary):
      throw ActionError(
        "postgresql.no_rewind",
        "\(copy.subject) and \(primary.subject) were both promoted to timeline \(timeline): pg_rewind can't tell them apart",
        advice: "make a new standby by pg_basebackup")
    case (.beyond, _), (.strange, _):
      evidence.details["thrown_away"] = .string("\(finding.divergence)")
      rewind.isCrashed = try await stopped(host)
      return try await bringBackRewound(by: rewind, evidence)
    }
    return evidence
  }

  /// Stops it where it runs; returns whether it had died.
  private func stopped(_ host: ServerHost) async throws -> Bool {
    guard try await control().allowsRewind else {
      throw ActionError(
        "postgresql.no_rewind",
        "\(copy.subject) went its own way, and has neither checksums nor wal_log_hints: pg_rewind can't tell what it changed",
        advice: "make a new standby by pg_basebackup; for the next time, set wal_log_hints = on")
    }
    try await host.disable()
    try await host.stop()
    return try await !control().isClean
  }

  private func control() async throws -> ControlData {
    if let control = try await ControlData.read(copy, by: observer) { return control }
    throw ActionError(
      "postgresql.no_data_directory", "\(copy.subject) has no data directory any more",
      advice: "make a new standby by pg_basebackup")
  }

  private func bringBackRewound(by rewind: Rewind, _ sofar: Evidence) async throws -> Evidence {
    var evidence = sofar
    evidence.details["way"] = "rewound"
    try await follower.ensureSlot()
    evidence.add(try await rewind.run())
    try await rewind.forget()
    try await follower.start()
    return evidence
  }
}
