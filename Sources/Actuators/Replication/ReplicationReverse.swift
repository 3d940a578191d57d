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

      When the target may lack more than `maximum_loss`, or nobody can say how much, a person is asked first whether that is
      to be lost.

      **PostgreSQL.** The old primary is stopped by its service manager, whose way of stopping must be `fast`. The target is
      promoted when it has replayed the shutdown checkpoint, and pg_waldump shows that nothing comes after it. The old
      primary gets `standby.signal` before it is stopped, so from then on nothing that starts it makes a second primary; after
      the promotion it is started and streams, through a slot of its own (`lifeboat_SITE`) at the new primary. To go back
      before the promotion, reverse to the old primary's own site: it is started as what it was. One that somebody started
      meanwhile is a standby with the same content as the target: reverse ungracefully then. Ungracefully, an old primary
      whose server or host answers is fenced (see `database.fence`); one that answers and can't be stopped forbids the
      promotion. `replication.rejoin` brings it back. A lost copy gets no slot: it would keep the log until the disk is full.

      The operating account needs `pg_promote`, `pg_reload_conf`, `pg_wal_replay_resume`, slots (REPLICATION), `pg_checkpoint`,
      and ALTER SYSTEM for `primary_conninfo`, `primary_slot_name`, `recovery_target_timeline`,
      `recovery_min_apply_delay` and `synchronous_standby_names`; the observing account needs `pg_monitor`.

      **SQL Server, mirroring.** `graceful` sends SET PARTNER FAILOVER to the principal: safety must be FULL and the partners
      SYNCHRONIZED. `ungraceful` fences a principal that answers (see `database.fence`), waits until the mirror has noticed
      that its partner is gone, and sends it SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS; a partner that is still connected forbids it.
      `as_of` is known only of a mirror that is still synchronized in full safety, less the time that it needs to notice a loss.

      **SQL Server, availability group.** The group goes as a whole. `graceful` sends FAILOVER to the target: both replicas must be
      SYNCHRONOUS_COMMIT, and every database of the group ready to fail over. `ungraceful` fences a primary that answers, and sends
      FORCE_FAILOVER_ALLOW_DATA_LOSS, where the cluster didn't fail over by itself. A replica that is RESOLVING counts as a
      replica: it takes no changes, and it is what a forced failover is for; `replica_role` tells it apart.

      **SQL Server, log shipping.** `graceful` disables the job that backs up the log, sends everybody away (SINGLE_USER WITH ROLLBACK
      IMMEDIATE) and backs up the tail WITH NORECOVERY, which leaves the old primary RESTORING. The copy job brings the files, its and the restore
      job are disabled, each log that the target lacks is restored in sequence, the tail last, and the target recovered. Then the
      log goes the other way: what SQL Server has not set up for that yet, the procedures `sp_add_log_shipping_…` do, with the directories of
      `log_shipping` in the inventory; jobs are enabled one way only, and each is run once to see the log arrive. `ungraceful` closes a
      primary that answers by its tail, runs the copy and the restore job for what is there to be had (a delay of the restore job is set to 0), and
      recovers the target; the evidence says what couldn't be had. `as_of` is the start of the last backup that was restored, by msdb's history. The operating account must be a member of sysadmin; the observing one reads msdb, and has VIEW ANY DEFINITION.

      SQL Server accepts the commands of mirroring and of groups before they are done, and they may come to nothing: the roles are looked at for
      `drain_timeout`. Without a word from them the step fails, and can be run again. The operating account needs ALTER ANY DATABASE
      and VIEW SERVER STATE, for a group ALTER ANY AVAILABILITY GROUP and VIEW ANY DEFINITION. The observing account needs VIEW SERVER STATE
      and VIEW ANY DEFINITION; of a mirror SQL Server tells members of sysadmin alone.
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
      .init(
        "maximum_loss", .duration,
        "In ungraceful mode: what may be lost without asking a person, as time; the runbook's objectives.rpo"
      ),
      .init(
        "synchronous", .choice(["keep", "suspend"]), default: "keep",
        "Whether the new primary may commit without waiting for replicas until one has rejoined, where replication is synchronous"
      ),
    ],
    effect: .changes,
    reversibility: .reversible(by: "replication.reverse"),
    defaultTimeout: .seconds(120),
    facts: CopyFacts.notes + [
      .init(
        Exposure.property, "of the target: now minus as_of, in milliseconds", motion: .moves),
      .init("state", "of the services of the other sites' schedulers"),
      SchedulerServices.fencedNote,
      .init("start_type", "of these services"),
    ],
    guards: StreamingGuards.notes + GTIDGuards.notes + MirroringGuards.notes
      + AvailabilityGuards.notes + [
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

  let intent: Reversal.Intent
  private let maximumLoss: Duration?
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
    intent = Reversal.Intent(
      target: target,
      others: arguments.inventory.copies(of: database).filter { $0.site != site },
      isGraceful: try arguments.requiredString("mode") == "graceful",
      drainTimeout: arguments.duration("drain_timeout") ?? .seconds(60),
      suspendsSynchronous: arguments.string("synchronous") == "suspend")
    maximumLoss = arguments.duration("maximum_loss")
    schedulers = .others(than: site, in: arguments.inventory)
  }

  private var target: DatabaseCopy { intent.target }
  private var others: [DatabaseCopy] { intent.others }
  private var isGraceful: Bool { intent.isGraceful }
  private var family: any ReplicationFamily { target.database.replicationFamily }

  public var destinations: [Destination] {
    schedulers.destinations + ([target] + others).flatMap { [.reading($0), .writing($0)] }
      + others.map { .host($0.host) }
  }
  public var needs: [ProgramNeed] { ([target] + others).flatMap(\.programNeeds) }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let states = schedulers.observe(observer)
    // The target first: read a moment after its source, it could have what the source had not yet when it was read.
    var copies = try await CopyFacts(copy: target).observe(observer)
    copies += try await others.concurrentFacts { try await CopyFacts(copy: $0).observe(observer) }
    return Exposure.stated(
      of: [target], in: Observation(try await copies + states), now: observer.time.now())
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
    if role != .replica, let rival = undecidedPrimary(observation) {
      return .blocked(
        "\(rival.subject) takes changes, and nothing says whether it or \(target.subject) was promoted last: "
          + "fence the wrong one, and let it rejoin")
    }
    guard role == .primary else {
      return .needed("make \(target.subject) the primary\(isGraceful ? "" : ", with what it has")")
    }
    let rivals = others.filter { isRival($0, observation) }.map(\.subject)
    guard rivals.isEmpty else {
      return .needed(
        "\(isGraceful ? "make a replica of" : "close") \(rivals.joined(separator: ", "))")
    }
    let idle = others.filter { isIdleReplica($0, observation) }.map(\.subject)
    guard idle.isEmpty else { return .needed("let \(idle.joined(separator: ", ")) receive") }
    if isGraceful, observation[target.subject, CopyFacts.shipping]?.boolean == false {
      return .needed("let \(target.subject) send its log on")
    }
    if let gap = rivalGap(observation) { return .unknown(gap) }
    if isGraceful, let slot = idleSlots(observation).first {
      return .needed("drop slot \(slot), which keeps the log for nobody")
    }
    return .satisfied("\(target.subject) is the primary")
  }

  public func predict(_ observation: Observation) -> Observation? {
    guard let role = observation.role(of: target) else { return nil }
    var result = Observation()
    result.state(target.subject, FactName.role, .string(CopyRole.primary.rawValue))
    if let own = observation.epoch(of: target) {
      let epochs = others.compactMap(observation.epoch(of:)) + [own]
      let epoch = role == .replica ? (epochs.max() ?? own) + 1 : own
      result.state(target.subject, FactName.epoch, .integer(epoch))
    }
    result.state(target.subject, CopyFacts.writable, true)
    if isGraceful, observation[target.subject, CopyFacts.shipping] != nil {
      result.state(target.subject, CopyFacts.shipping, true)
    }
    for other in others {
      guard let role = observation.role(of: other), role != .lost else { continue }
      let isClosed = !isGraceful && role != .replica
      let next = isClosed ? family.roleWhenFenced : .replica
      result.state(other.subject, FactName.role, .string(next.rawValue))
      result.state(other.subject, CopyFacts.writable, false)
      if isGraceful, observation[other.subject, CopyFacts.streaming] != nil {
        result.state(other.subject, CopyFacts.streaming, true)
      }
      if isGraceful, let slots = observation[other.subject, CopyFacts.idleSlots]?.list {
        let own = ReplicationSlot.ownIdle(of: other, observation).map(Value.string)
        result.state(other.subject, CopyFacts.idleSlots, .list(slots.filter { !own.contains($0) }))
      }
    }
    return result
  }

  /// Slots of the old primary's at which the new one streamed.
  private func idleSlots(_ observation: Observation) -> [String] {
    others.filter { observation.role(of: $0) == .replica }
      .flatMap { ReplicationSlot.ownIdle(of: $0, observation) }
  }

  /// Asks in words that stay the same for as long as the loss does.
  public func consent(for observation: Observation) -> Question? {
    guard !isGraceful, let maximumLoss, observation.role(of: target) != .primary else { return nil }
    let exposure = observation[target.subject, Exposure.property]?.integer
    if let exposure, .milliseconds(exposure) <= maximumLoss { return nil }
    let asOf = observation[target.subject, FactName.asOf]?.string
    let missing = observation[target.subject, StreamingState.knownMissing]?.integer
    return Question(
      .approval,
      prompt: "\(target.subject) has all that was committed until "
        + "\(asOf ?? "a time that nobody can tell"), and \(maximumLoss.runbookText) may be lost; "
        + (missing.map { "\($0) bytes of log are known to be missing" }
          ?? "how many bytes are missing isn't known")
        + ". Promote it, and lose what came later?")
  }

  public var guards: [Guard] {
    let stopped = schedulers.stoppedGuard(
      Self.schedulersStopped, demand: "the scheduler of every site but \(target.site) is stopped")
    let copies = ReversalSource(target: target, others: others)
    let reachable = Guard(Self.targetReachable, demand: "\(target.subject) can be read") {
      [target] in copies.isReadable(target, $0)
    }
    let source = Guard(
      Self.sourceReachable, demand: "every copy can be read, and one is the primary"
    ) { copies.finding($0) }
    let ofAllKinds = isGraceful ? [stopped, reachable, source] : [stopped, reachable]
    return ofAllKinds + family.guards(of: intent)
  }

  public func operations(given observation: Observation) -> [Operation] {
    family.operations(of: Reversal(intent: intent, observation: observation))
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    try await family.reverse(
      Reversal(intent: intent, observation: observation), by: `operator`)
  }

  /// A copy that is given up may stay as fencing leaves it.
  private func isRival(_ copy: DatabaseCopy, _ observation: Observation) -> Bool {
    isGraceful
      ? observation.isSource(copy)
      : observation.isServing(copy) && observation.role(of: copy) != family.roleWhenFenced
  }

  private func isIdleReplica(_ copy: DatabaseCopy, _ observation: Observation) -> Bool {
    isGraceful && observation.role(of: copy) == .replica
      && observation[copy.subject, CopyFacts.streaming]?.boolean == false
  }

  /// Another copy that takes changes, where the kind of replication has no epochs that would say who was promoted last.
  private func undecidedPrimary(_ observation: Observation) -> DatabaseCopy? {
    others.first { other in
      observation.role(of: other) == .primary
        && (observation.epoch(of: target) == nil || observation.epoch(of: other) == nil)
    }
  }

  /// A copy that was promoted after the target was.
  private func newerPrimary(_ observation: Observation) -> DatabaseCopy? {
    guard let own = observation.epoch(of: target) else { return nil }
    return others.first { other in
      observation.isSource(other) && (observation.epoch(of: other) ?? 0) > own
    }
  }

  /// Why it can't be told that no other copy is a primary. A lost site needn't answer when it was given up.
  private func rivalGap(_ observation: Observation) -> String? {
    others.lazy.filter { observation.role(of: $0) == nil }
      .filter { isGraceful || !observation.isUnreachable($0.subject, FactName.role) }
      .compactMap { observation.gap($0.subject, FactName.role) }.first
  }
}
