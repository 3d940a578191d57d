import Runbook

/// Lets a copy restore the primary's log again; one that went its own way is made anew from a backup of the primary.
struct ShippingRejoin: Sendable {
  let rejoin: Rejoin
  let `operator`: any Operator

  private var copy: ShippingInstance { instance(of: rejoin.copy) }
  private var primary: ShippingInstance { instance(of: rejoin.primary) }

  private func instance(of copy: DatabaseCopy) -> ShippingInstance {
    ShippingInstance(copy: copy, timeout: rejoin.timeout, operator: `operator`)
  }

  func run() async throws -> Evidence {
    var evidence = Evidence()
    if rejoin.observation.role(of: rejoin.copy) == .stopped {
      try await SQLServerInstance(copy: rejoin.copy).start(by: `operator`)
    }
    let found = try await started()
    if found.role != .replica, found.database.isOnline {
      // What is thrown away is kept in that file.
      let closed = try await ShippingTail(instance: copy).take(isForJobs: false)
      evidence.details["kept"] = .string(closed.tail?.path ?? "")
    }
    let diverged = rejoin.observation[rejoin.copy.subject, ReplicationRejoin.diverged]
    if found.role != .replica, diverged != false {
      evidence.add(try await makeAnew())
    }
    do {
      try await follow()
    } catch let error as ActionError where error.code == ShippingInstance.jobFailed {
      // A log that it lacks is nowhere any more. What it has the primary has, too.
      evidence.details["why_anew"] = .string(error.message)
      evidence.add(try await makeAnew())
      try await follow()
    }
    return evidence
  }

  private func follow() async throws {
    try await ShippingDirection(source: primary, target: copy).establish()
  }

  /// A server that was just started doesn't answer at once.
  private func started() async throws -> ShippingState {
    try await SQLServerWait(
      time: `operator`.observer.time, timeout: rejoin.timeout,
      look: { try await copy.look() }, words: \.words
    ).until("\(rejoin.copy.subject) answers", advice: "see its server's error log") { _ in true }
  }

  private func makeAnew() async throws -> Evidence {
    let (from, to) = (try await primary.look(), try await copy.look())
    let (directory, share) = try from.places
    let name = "\(primary.statements.database)_lifeboat_\(ShippingTail.stamp(from.now)).bak"
    let (files, statements) = (try await files(), copy.statements)
    try await primary.send(
      primary.statements.backUpWhole(into: ShippingTail.joined(directory, name)))
    // Closed and restored in one session: nobody else gets in between.
    _ = try await `operator`.session(rejoin.copy) {
      if to.database.isOnline, !to.isStandby { try $0.execute(statements.takeAlone) }
      try $0.execute(
        statements.restoreWhole(from: ShippingTail.joined(share, name), files: files))
    }
    return Evidence(["made_anew_from": .string(ShippingTail.joined(directory, name))])
  }

  /// Where the copy's own server has the files of the database.
  private func files() async throws -> [(logical: String, physical: String)] {
    let name = rejoin.copy.failoverTable.database
    return try await `operator`.observer.read(rejoin.copy) { reader in
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
}
