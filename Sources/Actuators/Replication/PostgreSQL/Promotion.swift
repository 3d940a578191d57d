import Runbook

/// Makes a standby the primary.
struct Promotion: Sendable {
  let target: DatabaseCopy
  let `operator`: any Operator

  /// - Parameter checkpoint: the shutdown checkpoint that the target must have replayed; asked again in the session that
  ///   promotes. Nil: it is promoted with what it has.
  func run(expecting checkpoint: LogPosition?) async throws -> Evidence {
    let target = target
    return try await `operator`.session(target) { writer in
      let before = try StreamingState.read(writer, of: target)
      guard before.role == .replica else { return Evidence() }
      if let checkpoint {
        let replayed = before.details[StreamingState.replayed]?.string.flatMap { LogPosition($0) }
        guard let replayed, replayed > checkpoint else {
          throw ActionError(
            "replication.moved", "\(target.subject) has not replayed \(checkpoint)",
            advice: "look who else reverses the replication; then run the step again")
        }
      }
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

  /// The server's own waiting looks every 100 ms only. A standby that waits to try its dead primary again
  /// (`wal_retrieve_retry_interval`) can miss the request for seconds; a reload wakes it, and changes nothing else.
  private static func promote(_ writer: any SQLWriter) throws {
    _ = try writer.query("SELECT pg_promote(false)")
    var pauses = 0
    var nextWake = 20
    while try writer.query("SELECT pg_is_in_recovery() AS still").first?["still"]?.boolean == true {
      _ = try writer.query("SELECT pg_sleep(0.005)")
      pauses += 1
      if pauses == nextWake {
        _ = try writer.query("SELECT pg_reload_conf()")
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
