import Runbook

/// Makes a replica the primary.
struct GTIDPromotion: Sendable {
  /// The server is asked to wait in slices, so that a cancelled step isn't held up.
  private static let slice = Duration.seconds(1)

  let target: DatabaseCopy
  let `operator`: any Operator

  private var time: any TimeSource { `operator`.observer.time }

  /// Waits for the source's last transaction, and then follows nobody and takes changes: in one session, as clients can't
  /// write anywhere meanwhile.
  func promote(having last: GTIDList, until deadline: Duration) async throws -> Evidence {
    let (target, time) = (target, time)
    try await `operator`.session(target) { writer in
      guard try Self.wait(for: last, until: deadline, time, writer, target) else {
        let own = try GTIDServer.read(writer, of: target)
        throw ActionError(
          "replication.drain_timeout",
          "\(target.subject) did not apply \(last) in time: it is at \(own.history.replicated)"
            + Self.trouble(of: own),
          advice: "see SHOW SLAVE STATUS at \(target.subject), then run the step again")
      }
      try Self.takeOver(writer)
    }
    return Evidence([
      "promoted": .string(target.subject), "position": .string(last.description),
    ])
  }

  /// Takes what has been received, also what isn't applied yet. `last` is what a source that answers wrote last.
  func promoteWithWhatItHas(
    waitingFor last: GTIDList?, courtesy: Duration, timeout: Duration
  ) async throws -> Evidence {
    let (target, time) = (target, time)
    return try await `operator`.session(target) { writer in
      if let last {
        _ = try Self.wait(for: last, until: time.uptime() + courtesy, time, writer, target)
      }
      // Before the receiver is stopped: where both stand still, the server throws away what it has received and not applied
      // as soon as one is started.
      let before = try GTIDServer.read(writer, of: target)
      guard before.source?.applies == true else { throw Self.unapplied(target, before) }
      try writer.execute(Self.stoppingReceiver)
      let received = try GTIDServer.read(writer, of: target).source?.received ?? GTIDList([])
      guard try Self.wait(for: received, until: time.uptime() + timeout, time, writer, target)
      else {
        let own = try GTIDServer.read(writer, of: target)
        throw Self.unapplied(target, own)
      }
      let own = try GTIDServer.read(writer, of: target)
      try Self.takeOver(writer)
      return Evidence([
        "promoted": .string(target.subject), "received": .string(received.description),
        "applied": .string(own.history.replicated.description),
        "position": .string(own.currentPosition.description),
      ])
    }
  }

  /// For a closed copy that follows nobody.
  func open() async throws -> Evidence {
    guard try await !GTIDRebuild.isUnfinished(target, `operator`.observer) else {
      throw ActionError(
        "replication.half_built",
        "\(target.subject) is being rebuilt and not whole: it can't be primary",
        advice: "finish that by 'replication.rejoin'")
    }
    _ = try await `operator`.session(target) { try $0.execute(Self.opening) }
    return Evidence(["opened": .string(target.subject)])
  }

  /// Takes away what would close the copy at its server's next start. Clients write already: that comes after.
  func keepOpen() async throws {
    try await GTIDFence(copy: target, operator: `operator`).lift()
  }

  private static func takeOver(_ writer: any SQLWriter) throws {
    for statement in takingOver { try writer.execute(statement) }
  }

  static let opening: SQLStatement = "SET GLOBAL read_only=0"
  static let stoppingReceiver: SQLStatement = "STOP SLAVE IO_THREAD"
  static let takingOver: [SQLStatement] = ["STOP SLAVE", "RESET SLAVE ALL", opening]

  /// False when the time is up, or when no applier runs that could bring it.
  private static func wait(
    for position: GTIDList, until deadline: Duration, _ time: any TimeSource,
    _ writer: any SQLWriter, _ target: DatabaseCopy
  ) throws -> Bool {
    while true {
      let rest = max(.zero, min(slice, deadline - time.uptime()))
      let rows = try writer.query(
        """
        SELECT MASTER_GTID_WAIT(\(literal: position.description), \(number: Int(rest.milliseconds)) / 1000) \
        AS answer
        """)
      if rows.first.flatMap({ GTIDRow($0, of: target).optionalInteger("answer") }) == 0 {
        return true
      }
      let source = try GTIDServer.read(writer, of: target).source
      guard source?.applies == true, time.uptime() < deadline else { return false }
    }
  }

  private static func unapplied(_ target: DatabaseCopy, _ own: GTIDServer) -> ActionError {
    ActionError(
      "replication.unapplied",
      "\(target.subject) has received \(own.source?.received.description ?? "nothing") and applied only "
        + "\(own.history.replicated)\(trouble(of: own)); nothing was promoted",
      advice:
        "mend its applier and START SLAVE SQL_THREAD (not while the receiver is stopped, too: what was "
        + "received would be thrown away), or give it more time by drain_timeout")
  }

  private static func trouble(of server: GTIDServer) -> String {
    guard let source = server.source else { return ", and follows nobody" }
    if !source.applies { return ", and its applier stands still: \(source.applyError)" }
    if !source.receives { return ", and it receives nothing: \(source.receiveError)" }
    return ""
  }
}
