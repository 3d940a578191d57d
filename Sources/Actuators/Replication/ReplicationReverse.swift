public import Runbook

/// `replication.reverse`
public struct ReplicationReverse: ActingAction {
  public static let schema = ActionSchema(
    name: "replication.reverse",
    summary: "Make another site's copy of a database the primary",
    discussion: """
      Each part is done only where it isn't done yet: after a crash at any point, running the step again completes it.
      There are never two primaries: the old one is demoted first whenever it answers.

      `graceful` loses nothing. The old primary becomes read-only (`draining`), its last changes are shipped, the target is
      promoted once it has them all, and then the old primary becomes a replica. When the changes don't arrive within
      `drain_timeout` the step fails and nobody is the primary: mend the replication and run the step again, reverse
      ungracefully, or go back by reversing to the old primary's own site.

      `ungraceful` is for a primary that is lost. The target is promoted with what it has; the evidence gives the boundary
      of the loss: all that was committed until `as_of` is there. An old primary that answers after all is demoted first; one
      that comes back later finds the higher epoch and follows.
      """,
    target: .database,
    parameters: [
      .init("to", .site, required: true, "The site whose copy becomes the primary"),
      .init(
        "mode", .choice(["graceful", "ungraceful"]), required: true,
        why: "whether data may be lost is for a person to say",
        "Whether the old primary's last changes are waited for"),
      .init(
        "drain_timeout", .duration, default: "60s",
        "How long the last changes may take to arrive, in graceful mode"),
    ],
    effect: .changes,
    reversibility: .reversible(by: "replication.reverse"),
    defaultTimeout: .seconds(120),
    facts: CopyFacts.notes + [
      .init("state", "of the services of the other sites' schedulers"),
      SchedulerServices.fencedNote,
      .init("start_type", "of these services"),
    ],
    guards: [
      .init(schedulersStopped, "no scheduler service of any site but the target's is running"),
      .init(targetReachable, "the target's copy can be read"),
      .init(
        sourceReachable, "graceful: every other copy can be read, and one of them is the primary"),
    ],
    example: """
      id: reverse-replication
      action: replication.reverse
      target: scheduler
      with: { to: dr, mode: graceful }
      """)

  private static let schedulersStopped = "old-primarys-scheduler-stopped"
  private static let targetReachable = "target-reachable"
  private static let sourceReachable = "source-reachable"

  private let target: DatabaseCopy
  private let others: [DatabaseCopy]
  private let isGraceful: Bool
  private let drainTimeout: Duration
  private let schedulers: SchedulerServices

  public init(_ arguments: Arguments) throws {
    let database = try arguments.database()
    let site = try arguments.requiredString("to")
    guard database.replication != nil else {
      throw ActionError(
        "replication.none", "step \(arguments.step): \(database.name) is not replicated",
        advice: "say how, by 'replication' in the inventory")
    }
    guard let target = arguments.inventory.copy(of: database, at: site) else {
      throw ActionError(
        "inventory.no_copy", "step \(arguments.step): \(database.name) has no copy at \(site)")
    }
    self.target = target
    others = arguments.inventory.copies(of: database).filter { $0.site != site }
    isGraceful = try arguments.requiredString("mode") == "graceful"
    drainTimeout = arguments.duration("drain_timeout") ?? .seconds(60)
    schedulers = .others(than: site, in: arguments.inventory)
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let copies = ([target] + others).concurrentFacts {
      try await CopyFacts(copy: $0).observe(observer)
    }
    async let states = schedulers.observe(observer)
    return Observation(try await copies + states)
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let role = observation.role(of: target) else {
      return .unknown(
        observation.gap(target.subject, FactName.role) ?? "\(target.subject) has an unknown role")
    }
    if role == .lost { return .blocked("\(target.subject) is lost: there is nothing to promote") }
    if role != .replica, let newer = newerPrimary(observation) {
      return .blocked(
        "\(target.subject) is a former primary and \(newer.subject) the present one: let it follow first"
      )
    }
    guard role == .primary else {
      return .needed("make \(target.subject) the primary\(isGraceful ? "" : ", with what it has")")
    }
    let rivals = others.filter { isSource(observation.role(of: $0)) }.map(\.subject)
    guard rivals.isEmpty else { return .needed("make \(rivals.joined(separator: ", ")) a replica") }
    if let gap = rivalGap(observation) { return .unknown(gap) }
    return .satisfied("\(target.subject) is the primary")
  }

  public func predict(_ observation: Observation) -> Observation? {
    guard let role = observation.role(of: target), let own = observation.epoch(of: target) else {
      return nil
    }
    var result = Observation()
    result.state(target.subject, FactName.role, .string(CopyRole.primary.rawValue))
    let epochs = others.compactMap(observation.epoch(of:)) + [own]
    let epoch = role == .replica ? (epochs.max() ?? own) + 1 : own
    result.state(target.subject, FactName.epoch, .integer(epoch))
    for other in others where observation.role(of: other).map({ $0 != .lost }) ?? false {
      result.state(other.subject, FactName.role, .string(CopyRole.replica.rawValue))
    }
    return result
  }

  public var guards: [Guard] {
    let stopped = schedulers.stoppedGuard(
      Self.schedulersStopped, demand: "the scheduler of every site but \(target.site) is stopped")
    let reachable = Guard(Self.targetReachable, demand: "\(target.subject) can be read") {
      readable(target, $0)
    }
    let source = Guard(
      Self.sourceReachable, demand: "every copy can be read, and one is the primary"
    ) { sourceFinding($0) }
    return isGraceful ? [stopped, reachable, source] : [stopped, reachable]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let reversal = Reversal(
      target: target, others: others, isGraceful: isGraceful, drainTimeout: drainTimeout,
      observation: observation)
    return try await target.database.replicationFamily.reverse(reversal, by: `operator`)
  }

  private func isSource(_ role: CopyRole?) -> Bool { role == .primary || role == .draining }

  /// A copy that was promoted after the target was.
  private func newerPrimary(_ observation: Observation) -> DatabaseCopy? {
    guard let own = observation.epoch(of: target) else { return nil }
    return others.first { other in
      isSource(observation.role(of: other)) && (observation.epoch(of: other) ?? 0) > own
    }
  }

  /// Why it can't be told that no other copy is a primary. A lost site needn't answer when it was given up.
  private func rivalGap(_ observation: Observation) -> String? {
    others.lazy.filter { observation.role(of: $0) == nil }
      .filter { isGraceful || !observation.isUnreachable($0.subject, FactName.role) }
      .compactMap { observation.gap($0.subject, FactName.role) }.first
  }

  private func readable(_ copy: DatabaseCopy, _ observation: Observation) -> Guard.Finding {
    guard let role = observation.role(of: copy) else {
      return .unknown(observation.gap(copy.subject, FactName.role) ?? "its role is a new word")
    }
    return role == .lost ? .violated("\(copy.subject) is lost") : .holds
  }

  private func sourceFinding(_ observation: Observation) -> Guard.Finding {
    for other in others {
      let finding = readable(other, observation)
      guard finding == .holds else { return finding }
    }
    let hasSource = ([target] + others).contains { isSource(observation.role(of: $0)) }
    return hasSource
      ? .holds : .violated("no copy is the primary: there is nothing to drain, only to promote")
  }
}
