import Runbook

/// What log shipping's acts would do, as far as an observation tells. Files are named by the time at which they are made.
struct ShippingOperations: Sendable {
  let observation: Observation

  private func statements(_ copy: DatabaseCopy) -> ShippingStatement {
    ShippingStatement(database: copy.failoverTable.database)
  }

  private func job(_ fact: String, _ copy: DatabaseCopy) -> ShippingState.Job? {
    guard let told = observation[copy.subject, fact]?.mapping, let name = told["name"]?.string
    else { return nil }
    return ShippingState.Job(
      name: name, isEnabled: told["enabled"] == true, hasFailed: told["failed"] == true)
  }

  private func at(_ copy: DatabaseCopy, _ statement: SQLStatement, if condition: String? = nil)
    -> Operation
  { Operation(.statement(statement, in: copy), if: condition) }

  private func disabling(_ facts: [String], _ copy: DatabaseCopy) -> [Operation] {
    facts.compactMap { job($0, copy) }.map {
      at(copy, ShippingStatement.disable($0.name), if: "it is enabled")
    }
  }

  // MARK: - Parts

  func closing(_ copy: DatabaseCopy) throws -> [Operation] {
    switch observation.role(of: copy) {
    case .replica, .lost: return []
    case .draining where observation[copy.subject, CopyFacts.drained]?.boolean == true: return []
    case .primary, .draining:
      let statements = statements(copy)
      let undone = "the tail can't be taken"
      return disabling([ShippingState.backupJobFact], copy)
        + [
          at(copy, statements.takeAlone, if: "the database is ONLINE"),
          Operation(
            .untold(
              "back up the tail of \(copy.subject)'s log WITH NORECOVERY, into its directory for backups"
            )),
          at(copy, statements.letIn, if: undone),
        ]
        + [job(ShippingState.backupJobFact, copy)].compactMap { $0 }.map {
          at(copy, ShippingStatement.enable($0.name), if: undone)
        }
    case .stopped, nil: return try SQLServerInstance(copy: copy).fencing()
    }
  }

  func direction(from source: DatabaseCopy, to target: DatabaseCopy) -> [Operation] {
    let (backup, copy, restore) = (
      job(ShippingState.backupJobFact, source), job(ShippingState.copyJobFact, target),
      job(ShippingState.restoreJobFact, target)
    )
    let switchingOff =
      disabling([ShippingState.copyJobFact, ShippingState.restoreJobFact], source)
      + disabling([ShippingState.backupJobFact], target)
    guard let backup, let copy, let restore else {
      return switchingOff + [
        Operation(
          .untold(
            "set up log shipping from \(source.subject) to \(target.subject) by sp_add_log_shipping_…, enable its jobs and run each once"
          ))
      ]
    }
    let jobs = [(source, backup), (target, copy), (target, restore)]
    let missing = Operation(
      .untold("set up what log shipping from \(source.subject) to \(target.subject) still lacks"))
    return switchingOff + [missing]
      + jobs.map { at($0, ShippingStatement.enable($1.name), if: "it is disabled") }
      + trip(from: source, to: target)
  }

  /// Each job runs once: one backup goes the whole way.
  private func trip(from source: DatabaseCopy, to target: DatabaseCopy) -> [Operation] {
    let jobs = [
      (source, ShippingState.backupJobFact), (target, ShippingState.copyJobFact),
      (target, ShippingState.restoreJobFact),
    ]
    return jobs.flatMap { copy, fact -> [Operation] in
      guard let job = job(fact, copy) else { return [] }
      return [
        at(copy, ShippingStatement.start(job.name)),
        at(copy, ShippingStatement.stop(job.name), if: "it doesn't end in time"),
      ]
    }
  }

  // MARK: - Acts

  func reversal(_ reversal: Reversal) throws -> [Operation] {
    let target = reversal.target
    guard !reversal.isGraceful else {
      return try opening(target, after: { try tail(reversal) })
        + reversal.others.flatMap { direction(from: target, to: $0) }
    }
    return SQLServerRivals.operations(of: reversal) + opening(target) { givingUp(target) }
  }

  /// The target becomes the primary; where it is a replica, `taking` comes before.
  private func opening(_ target: DatabaseCopy, after taking: () throws -> [Operation]) rethrows
    -> [Operation]
  {
    let letIn = at(target, statements(target).letIn, if: "it is closed to all but one user")
    switch observation.role(of: target) {
    case .replica: return try taking() + [at(target, statements(target).recover), letIn]
    case .draining: return [at(target, statements(target).recover, if: "it is RESTORING"), letIn]
    default: return []
    }
  }

  private func tail(_ reversal: Reversal) throws -> [Operation] {
    let target = reversal.target
    guard let source = reversal.others.first(where: observation.isServing) else { return [] }
    let copying = job(ShippingState.copyJobFact, target).map {
      at(target, ShippingStatement.start($0.name))
    }
    let isOpen = observation.role(of: source) == .primary
    return try (isOpen ? trip(from: source, to: target) : []) + closing(source)
      + [copying].compactMap { $0 }
      + disabling([ShippingState.copyJobFact, ShippingState.restoreJobFact], target)
      + [
        Operation(
          .untold("restore each log that \(target.subject) lacks WITH NORECOVERY, the tail last"))
      ]
  }

  private func givingUp(_ target: DatabaseCopy) -> [Operation] {
    let late = "it doesn't end in time"
    func running(_ fact: String) -> [Operation] {
      guard let job = job(fact, target) else { return [] }
      return [
        at(target, ShippingStatement.start(job.name)),
        at(target, ShippingStatement.stop(job.name), if: late),
      ]
    }
    return running(ShippingState.copyJobFact)
      + [at(target, statements(target).restoreAtOnce, if: "its restore job stays behind")]
      + running(ShippingState.restoreJobFact)
      + disabling([ShippingState.copyJobFact, ShippingState.restoreJobFact], target)
      + [Operation(.untold("restore the tail of a copy that was closed, where it can be had"))]
  }

  func rejoin(_ rejoin: Rejoin) throws -> [Operation] {
    let copy = rejoin.copy
    let role = observation.role(of: copy)
    let starting = try role == .stopped ? SQLServerInstance(copy: copy).starting() : []
    let closing = try role == .stopped ? [] : closing(copy)
    let isNew = role == .replica || observation[copy.subject, ReplicationRejoin.diverged] == false
    let makingAnew: [Operation] =
      isNew
      ? []
      : [
        Operation(
          .untold(
            "keep the tail of \(copy.subject)'s log; back up \(rejoin.primary.subject) WITH COPY_ONLY, and restore \(copy.subject) from that WITH REPLACE, NORECOVERY"
          ))
      ]
    let again = Operation(
      .untold("make \(copy.subject) anew from a backup of \(rejoin.primary.subject)"),
      if: "a log that it lacks is nowhere any more")
    return starting + closing + makingAnew + direction(from: rejoin.primary, to: copy) + [again]
  }
}
