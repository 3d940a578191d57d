import Runbook

/// Lets a copy restore the primary's log again; one that went its own way is made anew from a backup of the primary.
struct ShippingRejoin: Sendable {
  let rejoin: Rejoin
  let `operator`: any Operator

  private var copy: DatabaseCopy { rejoin.copy }
  private var primary: DatabaseCopy { rejoin.primary }
  private var statements: ShippingStatement {
    ShippingStatement(database: copy.failoverTable.database)
  }

  func run() async throws -> Evidence {
    var evidence = Evidence()
    if rejoin.observation.role(of: copy) == .stopped {
      try await SQLServerInstance(copy: copy).start(by: `operator`)
    }
    let found = try await started()
    if found.role != .replica, found.database.isOnline {
      // What is thrown away is kept in that file.
      let closed = try await ShippingTail(copy: copy, timeout: rejoin.timeout, operator: `operator`)
        .take(isForJobs: false)
      evidence.details["kept"] = .string(closed.tail?.path ?? "")
    }
    if found.role != .replica, rejoin.observation[copy.subject, ReplicationRejoin.diverged] != false
    {
      evidence.add(try await makeAnew())
    }
    do {
      try await follow()
    } catch let error as ActionError where error.code == ShippingJobs.failed {
      // A log that it lacks is nowhere any more. What it has the primary has, too.
      evidence.details["why_anew"] = .string(error.message)
      evidence.add(try await makeAnew())
      try await follow()
    }
    return evidence
  }

  private func follow() async throws {
    try await ShippingDirection(
      source: primary, target: copy, timeout: rejoin.timeout, operator: `operator`
    ).establish()
  }

  /// A server that was just started doesn't answer at once.
  private func started() async throws -> ShippingState {
    try await SQLServerWait(
      time: `operator`.observer.time, timeout: rejoin.timeout,
      look: { try await look(copy) }, words: \.words
    ).until("\(copy.subject) answers", advice: "see its server's error log") { _ in true }
  }

  private func makeAnew() async throws -> Evidence {
    let (from, to) = (try await look(primary), try await look(copy))
    guard let directory = from.sending?.directory ?? primary.server?.shipping?.backupDirectory,
      let share = from.sending?.share ?? primary.server?.shipping?.backupShare
    else {
      throw ActionError(
        "replication.no_directory", "nothing says where backups of \(primary.subject) go",
        advice: "see 'log_shipping' of that copy in the inventory")
    }
    let name = "\(copy.failoverTable.database)_lifeboat_\(ShippingTail.stamp(from.now)).bak"
    let files = try await files()
    let statements = statements
    _ = try await `operator`.session(primary) {
      try $0.execute(statements.backUpWhole(into: ShippingTail.joined(directory, name)))
    }
    _ = try await `operator`.session(copy) {
      if to.database.isOnline, !to.isStandby { try $0.execute(statements.takeAlone) }
      try $0.execute(
        statements.restoreWhole(from: ShippingTail.joined(share, name), files: files))
    }
    return Evidence(["made_anew_from": .string(ShippingTail.joined(directory, name))])
  }

  /// Where the copy's own server has the files of the database.
  private func files() async throws -> [(logical: String, physical: String)] {
    let name = copy.failoverTable.database
    return try await `operator`.observer.read(copy) { reader in
      try reader.query(
        """
        SELECT f.name AS logical, f.physical_name AS physical FROM sys.master_files f \
        JOIN sys.databases d ON d.database_id = f.database_id WHERE d.name = \(name) ORDER BY f.file_id
        """
      ).compactMap { row in
        guard let logical = row["logical"]?.string, let physical = row["physical"]?.string else {
          return nil
        }
        return (logical, physical)
      }
    }
  }

  private func look(_ copy: DatabaseCopy) async throws -> ShippingState {
    try await ShippingState.look(at: copy, `operator`.observer)
  }
}
