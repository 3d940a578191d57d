import Runbook

/// Reverses log shipping. Every part looks first, and does nothing where it is done.
struct ShippingReversal: Sendable {
  let reversal: Reversal
  let `operator`: any Operator

  private var target: ShippingInstance { instance(of: reversal.target) }
  private var subject: String { reversal.target.subject }
  private var statements: ShippingStatement { target.statements }

  private func instance(of copy: DatabaseCopy) -> ShippingInstance {
    ShippingInstance(copy: copy, timeout: reversal.drainTimeout, operator: `operator`)
  }

  // MARK: - Graceful

  func graceful() async throws -> Evidence {
    var evidence = Evidence(["mode": "graceful"])
    let state = try await target.look()
    switch state.role {
    case .replica: evidence.add(try await takeOver(state))
    case .draining: evidence.add(try await takeBack(state))
    default: break
    }
    for other in reversal.others {
      try await ShippingDirection(source: target, target: instance(of: other)).establish()
    }
    return evidence
  }

  private func takeOver(_ state: ShippingState) async throws -> Evidence {
    try await prepare()
    let source = try await drainedSource()
    guard let copyJob = state.receiving?.copyJob else {
      throw ActionError(
        "replication.not_configured", "no job copies the log to \(subject)",
        advice: "see msdb.dbo.log_shipping_secondary at that server")
    }
    try await target.run(copyJob.name)
    try await target.disable([copyJob, state.receiving?.restoreJob])
    let restored = try await restore(from: source)
    try await recover()
    return Evidence([
      "demoted": .string(source.database.copy.subject), "promoted": .string(subject),
      "tail": .string(source.tail?.path ?? ""), "restored": .list(restored.map(Value.string)),
    ])
  }

  /// While the old primary is open: what fails here changed nothing.
  private func prepare() async throws {
    for other in reversal.others.map(instance) where try await other.look().role == .primary {
      try await ShippingTrip(source: other, target: target).make()
    }
  }

  /// The copy whose tail is taken now, or was.
  private func drainedSource() async throws -> ShippingState {
    for other in reversal.others.map(instance) where try await other.look().role != .replica {
      return try await ShippingTail(instance: other).take(isForJobs: true)
    }
    throw ActionError(
      "replication.no_source",
      "no copy of \(reversal.target.database.name) is the primary any more",
      advice: "look who else reverses the replication; then run the step again")
  }

  /// Restores what the target lacks, the tail last; returns the files. Nothing is recovered before the tail is in.
  private func restore(from source: ShippingState) async throws -> [String] {
    let state = try await target.look()
    guard let directory = state.receiving?.directory, let own = state.restored,
      let tail = source.tail
    else {
      throw ActionError(
        "replication.unknown_position",
        "msdb of \(subject) or of its primary doesn't say which log was restored or made last",
        advice:
          "their history may have been deleted: restore the log by hand, or reverse ungracefully")
    }
    let share = try source.places.share
    let files = try await logs(of: source.database.copy, after: own).map { path in
      let name = ShippingTail.name(of: path)
      return ShippingTail.joined(name.hasSuffix(".trn") ? directory : share, name)
    }
    for file in files {
      do { try await target.send(statements.restoreLog(from: file)) } catch let error as ActionError
        where error.code == SQLServerErrors.logAppliedAlready
      { continue }
    }
    let last = try await target.look()
    guard let reached = last.restored, reached.lastLSN >= tail.lastLSN else {
      throw ActionError(
        "replication.incomplete",
        "\(subject) hasn't got the tail of the log, up to LSN \(tail.lastLSN): it is at "
          + "\(last.restored?.lastLSN.description ?? "none")",
        advice: "see whether \(tail.path) was copied to \(directory); then run the step again")
    }
    return files
  }

  /// Backups of its own log that the source's msdb knows, from where the target is, in the order in which they were made. A tail
  /// without a change ends where the log before it does.
  private func logs(of source: DatabaseCopy, after restored: ShippingState.Backup) async throws
    -> [String]
  {
    let name = source.failoverTable.database
    return try await `operator`.observer.read(source) { reader in
      try reader.query(
        """
        SELECT b.backup_set_uuid AS id, m.physical_device_name AS path FROM msdb.dbo.backupset b \
        JOIN msdb.dbo.backupmediafamily m ON m.media_set_id = b.media_set_id \
        WHERE b.database_name = \(name) AND b.type = 'L' AND b.server_name = @@SERVERNAME \
        AND b.last_lsn >= CAST(\(restored.lastLSN.description) AS numeric(25, 0)) ORDER BY b.backup_set_id
        """
      ).filter { $0["id"]?.string != restored.id }.compactMap { $0["path"]?.string }
    }
  }

  private func recover() async throws {
    try await target.send(statements.recover)
    try await letIn()
  }

  private func letIn() async throws {
    if try await target.look().isSingleUser { try await target.send(statements.letIn) }
  }

  /// A target that was closed is opened again: nobody was promoted since. One that is recovered already lets everybody in.
  private func takeBack(_ state: ShippingState) async throws -> Evidence {
    for other in reversal.others {
      let found = try await instance(of: other).look()
      guard found.role == .replica || found.role == .draining && !state.isRestoring else {
        throw ActionError(
          "replication.moved", "\(other.subject) is \(found.role.rawValue) now",
          advice: "look who else reverses the replication; then run the step again")
      }
    }
    if state.isRestoring { try await recover() } else { try await letIn() }
    return Evidence(["taken_back": .string(subject)])
  }

  // MARK: - Ungraceful

  func ungraceful() async throws -> Evidence {
    var evidence = try await SQLServerRivals(reversal: reversal, operator: `operator`).close()
    let before = try await target.look()
    guard before.role != .primary else { return evidence }
    if before.role == .replica {
      evidence.add(try await takeWhatIsThere(before))
      evidence.add(try await takeTails())
    }
    let last = try await target.look()
    evidence.details["as_of"] =
      (last.tail ?? last.restored)?.start.map { .string(Timestamp.text($0)) } ?? "not known"
    evidence.details["last_log"] = .string((last.tail ?? last.restored)?.path ?? "none")
    if last.isRestoring { try await recover() } else { try await letIn() }
    evidence.details["promoted"] = .string(subject)
    return evidence
  }

  /// What can't be had is given up, as `as_of` says, and named.
  private func takeWhatIsThere(_ state: ShippingState) async throws -> Evidence {
    var evidence = Evidence()
    if let job = state.receiving?.copyJob {
      if let why = try await failure({ try await target.run(job.name) }) {
        evidence.details["not_copied"] = .string(why)
      }
    }
    if let delay = state.receiving?.delay, delay > 0 {
      try await target.send(statements.restoreAtOnce)
      evidence.details["restore_delay_was"] = .string("\(delay)m")
    }
    if let job = state.receiving?.restoreJob {
      if let why = try await failure({ try await target.run(job.name) }) {
        evidence.details["not_restored"] = .string(why)
      }
    }
    try await target.disable([state.receiving?.copyJob, state.receiving?.restoreJob])
    return evidence
  }

  /// Of those who were closed, and could be asked.
  private func takeTails() async throws -> Evidence {
    var evidence = Evidence()
    for other in reversal.others where reversal.observation.role(of: other) != nil {
      let closed: ShippingState
      do { closed = try await instance(of: other).look() } catch let error as ActionError
        where error.kind == .unreachable
      { continue }
      guard let tail = closed.tail else { continue }
      let why = try await failure {
        let file = ShippingTail.joined(try closed.places.share, ShippingTail.name(of: tail.path))
        try await target.send(statements.restoreLog(from: file))
      }
      evidence.details["tail"] = .string(tail.path)
      if let why { evidence.details["tail_not_restored"] = .string(why) }
    }
    return evidence
  }

  private func failure(_ work: () async throws -> Void) async throws -> String? {
    do {
      try await work()
      return nil
    } catch let error as ActionError where error.kind != .inDoubt {
      return error.message
    }
  }
}
