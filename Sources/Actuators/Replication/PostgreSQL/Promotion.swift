import Runbook

/// What a standby must have before it is promoted: the shutdown checkpoint of the primary before it.
struct Arrival: Sendable {
  let checkpoint: LogPosition
  let source: DatabaseCopy
  /// How long it may take to arrive.
  let timeout: Duration
}

/// Makes a standby the primary.
struct Promotion: Sendable {
  let target: DatabaseCopy
  let `operator`: any Operator

  /// - Parameter arrival: what is waited for, in the session that promotes. Nil: it is promoted with what it has.
  func run(awaiting arrival: Arrival?) async throws -> Evidence {
    let (target, time) = (target, `operator`.observer.time)
    return try await `operator`.session(target) { writer in
      let before =
        try arrival.map { try $0.wait(of: target, writer, time) }
        ?? StreamingState.read(writer, of: target)
      guard before.role == .replica else { return Evidence() }
      try Self.promote(writer)
      let after = try StreamingState.read(writer, of: target)
      guard after.role == .primary, let epoch = after.epoch, epoch > before.epoch ?? 0 else {
        throw ActionError(
          "postgresql.promotion",
          "\(target.subject) left recovery and is \(after.role.rawValue) on timeline "
            + "\(after.epoch ?? 0), after \(before.epoch ?? 0)",
          advice: "see the log of its server")
      }
      return Self.evidence(target, before, epoch)
    }
  }

  static let request: SQLStatement = "SELECT pg_promote(false)"

  /// The server's own waiting looks every 100 ms only. A standby that waits to try its dead primary again
  /// (`wal_retrieve_retry_interval`) can miss the request for seconds; a reload wakes it, and changes nothing else.
  private static func promote(_ writer: any SQLWriter) throws {
    try writer.call(request)
    var pauses = 0
    var nextWake = 20
    while try writer.query("SELECT pg_is_in_recovery() AS still").first?["still"]?.boolean == true {
      _ = try writer.query("SELECT pg_sleep(0.005)")
      pauses += 1
      if pauses == nextWake {
        try writer.call(StandbySettings.reload)
        nextWake *= 2
      }
    }
  }

  /// The boundary of what may be lost: all that is within it is there.
  private static func evidence(_ target: DatabaseCopy, _ before: CopyState, _ epoch: Int)
    -> Evidence
  {
    var details: [String: Value] = [
      "promoted": .string(target.subject),
      "epoch": .integer(epoch),
      "position": before.position.map(Value.integer) ?? .null,
      "as_of": before.asOf.map(Value.string) ?? .null,
    ]
    for name in [StreamingState.received, StreamingState.replayed, StreamingState.knownMissing] {
      details[name] = before.details[name] ?? .null
    }
    return Evidence(details)
  }
}

extension Arrival {
  /// Returns what the target is once it has replayed the checkpoint, or when it isn't a standby any more.
  fileprivate func wait(
    of target: DatabaseCopy, _ writer: any SQLWriter, _ time: any TimeSource
  ) throws -> CopyState {
    let deadline = time.uptime() + timeout
    while true {
      let state = try StreamingState.read(writer, of: target)
      let replayed = state.details[StreamingState.replayed]?.string.flatMap { LogPosition($0) }
      if state.role != .replica { return state }
      if let replayed, replayed > checkpoint { return state }
      guard time.uptime() < deadline else {
        throw ActionError(
          "replication.drain_timeout",
          "\(target.subject) did not get the last changes of \(source.subject) in "
            + "\(timeout.runbookText): it is at \(replayed.map { "\($0)" } ?? "no known place"), the "
            + "shutdown checkpoint at \(checkpoint)",
          advice:
            "\(source.subject) stays stopped; see the logs of both servers and run the step again, or "
            + "reverse to \(source.site) to go back")
      }
      _ = try writer.query("SELECT pg_sleep(0.005)")
    }
  }
}
