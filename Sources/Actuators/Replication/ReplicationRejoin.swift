public import Runbook

/// `replication.rejoin`
public struct ReplicationRejoin: ActingAction {
  public static let schema = ActionSchema(
    name: "replication.rejoin",
    summary: "Make a copy that fell out a replica of the present primary again",
    discussion: """
      The old primary comes back as a replica. Where it has nothing that the present primary hasn't, it just follows.
      Otherwise it went its own way, and what only it has is thrown away: the step says how much that is, and a person
      agrees before. One that still takes changes is closed first.

      PostgreSQL: how far the copy went beyond the point at which the primary's timeline left its own is read from its log by
      pg_waldump. A copy with something beyond goes back by `pg_rewind`, which needs checksums or `wal_log_hints`, and an
      account (the replication's `user`) that may read the primary's files: a superuser, or one with EXECUTE, in this database, on
      `pg_ls_dir`, `pg_stat_file` and `pg_read_binary_file`. Its password comes from the `passfile` that the replication's
      `options` name, on the copy's host. The files directly in the copy's data directory that are settings, certificates
      or keys are kept and put back. Until pg_rewind has ended, what a second try needs is kept in
      `DATA_DIRECTORY.lifeboat`, the copy counts as lost and its service stays disabled; the step, done again, completes it.

      MariaDB: the copy's own transactions are those of its `gtid_binlog_state` that the primary's lacks. A copy that has some
      is filled anew by `mariadb-dump` from the primary, run on the copy's host with the account of `operate`, which must be let
      in from there; databases that the primary lacks are dropped. The binary logs with what is thrown away are kept in
      `DATA_DIRECTORY-diverged-…`, which the evidence names. A server that is stopped can't say what it has: it is started,
      closed.

      SQL Server: a fenced server is enabled and started; with mirroring it becomes the mirror once it sees its partner, and is
      fenced again if it doesn't within `stream_timeout`. Until then it may take changes: start no scheduler. Then SET PARTNER RESUME at
      the principal, or SET HADR RESUME at the secondary, lets it receive, and throws away what only it had. Of a mirror that is
      known from LSNs; of a server that is stopped and of a secondary nobody can tell, so a person is asked. With log shipping a copy that was
      closed by its tail, and has nothing that the primary hasn't, goes on restoring; any other one is closed by its tail, whose file keeps what
      is thrown away (`DATABASE_lifeboat_tail_….bak`), and restored anew from a backup of the primary (`DATABASE_lifeboat_….bak` in its directory for backups, which is left
      there; the copy's server must be able to read its share). Backups that its own job made since it went its own way lie in its directory for
      backups: move them away, or the other site's restore job will stop at them when the log goes from there again.

      When commits of the primary were let through without waiting (`synchronous: suspend` of `replication.reverse`), they wait
      again once the copy streams.
      """,
    target: .databaseAtSite,
    parameters: [
      .init(
        "primary", .site, default: "whichever other site has the primary",
        "The site that must have the primary"),
      .init(
        "stream_timeout", .duration, default: "60s", "How long the copy may take to be streaming"),
    ],
    effect: .changes,
    reversibility: .irreversible,
    defaultTimeout: .seconds(900),
    facts: CopyFacts.notes + [
      .init(diverged, "of the copy: it has something that the primary hasn't"),
      .init(thrownAway, "of the copy: what that is"),
      .init(unfinished, "of the copy: throwing it away was begun, and did not end"),
      .init(leftOver, "of the copy: what is still to be done after it follows"),
      .init("state", "of the services of the site's own scheduler"),
      SchedulerServices.fencedNote,
      .init("start_type", "of these services"),
    ],
    guards: [
      .init(knownPrimary, "one other copy is the primary, and none was promoted after it"),
      .init(sameLineage, "both are copies of one database, where the kind has a mark of that"),
      .init(ownStopped, "no scheduler service of the copy's own site is running"),
    ],
    example: """
      id: rejoin
      action: replication.rejoin
      target: scheduler@production
      with: { primary: dr }
      """)

  static let diverged = "diverged"
  static let thrownAway = "thrown_away"
  static let unfinished = "rejoin_unfinished"
  static let leftOver = "left_over"
  private static let knownPrimary = "primary-known"
  private static let sameLineage = "same-lineage-as-primary"
  private static let ownStopped = "own-scheduler-stopped"

  private let copy: DatabaseCopy
  private let candidates: [DatabaseCopy]
  private let streamTimeout: Duration
  private let schedulers: SchedulerServices

  public init(_ arguments: Arguments) throws {
    copy = try arguments.databaseCopy()
    guard !copy.isDrills else {
      throw ActionError(
        "drill.target", "step \(arguments.step): \(copy.subject), a drill's copy, follows nobody",
        advice: "name a site's copy, as scheduler@production")
    }
    let (copy, site) = (copy, arguments.string("primary"))
    candidates = arguments.inventory.copies(of: copy.database).filter {
      $0 != copy && (site == nil || $0.site == site)
    }
    guard copy.database.replication != nil, !candidates.isEmpty else {
      throw ActionError(
        "replication.none",
        "step \(arguments.step): \(copy.subject) has no other copy\(site.map { " at \($0)" } ?? "") to follow"
      )
    }
    streamTimeout = arguments.duration("stream_timeout") ?? .seconds(60)
    schedulers = .own(of: copy.site, in: arguments.inventory)
  }

  private var family: any ReplicationFamily { copy.database.replicationFamily }

  public var needs: [ProgramNeed] { ([copy] + candidates).flatMap(\.programNeeds) }

  // MARK: - Looking

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let copies = ([copy] + candidates).concurrentFacts {
      try await CopyFacts(copy: $0).observe(observer)
    }
    async let states = schedulers.observe(observer)
    let observation = Observation(try await copies + states)
    return Observation(observation.facts + (try await divergence(observation, observer)))
  }

  private func divergence(_ observation: Observation, _ observer: any Observer) async throws
    -> [Fact]
  {
    let names = [Self.diverged, Self.unfinished, Self.leftOver]
    guard let primary = primary(observation) else {
      return names.map {
        Fact(copy.subject, $0, .unknown("no other copy is known to be the primary"))
      }
    }
    do {
      let divergence = try await family.divergence(
        of: copy, from: primary, given: observation, observer)
      var facts = [
        Fact(copy.subject, Self.diverged, .boolean(divergence != .none)),
        Fact(copy.subject, Self.unfinished, .boolean(divergence == .unfinished)),
      ]
      let leftOver = try await family.leftOver(
        from: copy, to: primary, given: observation, observer)
      facts.append(Fact(copy.subject, Self.leftOver, .list(leftOver.map(Value.string))))
      if case .some(let what) = divergence {
        facts.append(Fact(copy.subject, Self.thrownAway, .string(what)))
      }
      return facts
    } catch {
      let gap =
        observation.role(of: copy) == nil
        ? observation[FactKey(copy.subject, FactName.role)]?.reading : nil
      let reading = try gap ?? Reading(gapFrom: error)
      return names.map { Fact(copy.subject, $0, reading) }
    }
  }

  /// The newest, should there be several: that there are is for a guard to say.
  private func primary(_ observation: Observation) -> DatabaseCopy? {
    candidates.filter { observation.role(of: $0) == .primary }
      .max { (observation.epoch(of: $0) ?? 0) < (observation.epoch(of: $1) ?? 0) }
  }

  // MARK: - Judging

  public func judge(_ observation: Observation) -> Verdict {
    guard let primary = primary(observation) else {
      let gaps = candidates.compactMap { observation.gap($0.subject, FactName.role) }
      return gaps.first.map(Verdict.unknown) ?? .blocked("no other copy is the primary")
    }
    guard let role = observation.role(of: copy) else {
      return .unknown(
        observation.gap(copy.subject, FactName.role) ?? "\(copy.subject) has an unknown role")
    }
    let isUnfinished = observation[copy.subject, Self.unfinished]?.boolean == true
    if role == .lost, !isUnfinished {
      return .blocked("\(copy.subject) is lost: make a new copy of \(primary.subject)")
    }
    if let own = observation.epoch(of: copy), let present = observation.epoch(of: primary),
      own > present
    {
      return .blocked("\(copy.subject) was promoted after \(primary.subject)")
    }
    if role == .replica, !isUnfinished {
      guard let why = observation.notFollowing(copy, primary) ?? leftOver(observation) else {
        return .satisfied("\(copy.subject) follows \(primary.subject)")
      }
      return .needed("let \(copy.subject) follow \(primary.subject): \(why)")
    }
    let loss = observation[copy.subject, Self.thrownAway]?.string.map { ", and throw away \($0)" }
    return .needed("make \(copy.subject) a replica of \(primary.subject)\(loss ?? "")")
  }

  private func leftOver(_ observation: Observation) -> String? {
    let list = observation[copy.subject, Self.leftOver]?.list ?? []
    return list.isEmpty ? nil : list.map(\.description).joined(separator: "; ")
  }

  public func predict(_ observation: Observation) -> Observation? {
    guard let primary = primary(observation) else { return nil }
    var result = Observation()
    result.state(copy.subject, FactName.role, .string(CopyRole.replica.rawValue))
    result.state(copy.subject, CopyFacts.writable, false)
    result.state(copy.subject, Self.diverged, false)
    result.state(copy.subject, Self.unfinished, false)
    result.state(copy.subject, Self.leftOver, [])
    guard let server = primary.server else { return result }
    if observation[primary.subject, CopyFacts.shipping] != nil {
      result.state(primary.subject, CopyFacts.shipping, true)
    }
    if let epoch = observation.epoch(of: primary) {
      result.state(copy.subject, FactName.epoch, .integer(epoch))
    }
    result.state(copy.subject, CopyFacts.streaming, true)
    if family.namesSource {
      result.state(copy.subject, CopyFacts.source, .string("\(server.address):\(server.port)"))
    }
    return result
  }

  public func consent(for observation: Observation) -> Question? {
    if observation[copy.subject, Self.unfinished]?.boolean == true { return nil }
    let what: String
    switch observation[copy.subject, Self.diverged]?.boolean {
    case false?: return nil
    case true?: what = observation[copy.subject, Self.thrownAway]?.string ?? "what only it has"
    case nil: what = "what only it has, if anything: that can't be told"
    }
    return Question(
      .approval,
      prompt: "\(copy.subject) went its own way. To follow the primary it throws away \(what). "
        + "Nobody else has that. May it be thrown away?")
  }

  public var guards: [Guard] {
    let known = Guard(Self.knownPrimary, demand: "one other copy is the primary") { observation in
      let primaries = candidates.filter { observation.role(of: $0) == .primary }
      return switch primaries.count {
      case 1: .holds
      case 0: .unknown("no other copy is known to be the primary")
      default: .violated("\(primaries.map(\.subject).joined(separator: " and ")) are primaries")
      }
    }
    let lineage = Guard(Self.sameLineage, demand: "both are copies of one database") {
      sameLineage($0)
    }
    // A site without a scheduler has none to stop.
    return schedulers.hosts.isEmpty
      ? [known, lineage]
      : [
        known, lineage,
        schedulers.stoppedGuard(
          Self.ownStopped, demand: "the scheduler of \(copy.site) is stopped"),
      ]
  }

  private func sameLineage(_ observation: Observation) -> Guard.Finding {
    guard let primary = primary(observation), observation.role(of: copy) != nil else {
      return .unknown("which copies these are isn't known")
    }
    let own = observation[copy.subject, CopyFacts.lineage]
    return own == observation[primary.subject, CopyFacts.lineage]
      ? .holds
      : .violated(
        "\(copy.subject) was never a copy of \(primary.subject): following it would destroy another database"
      )
  }

  // MARK: - Acting

  public func operations(given observation: Observation) -> [Operation] {
    rejoin(observation).map(family.operations) ?? []
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    guard let rejoin = rejoin(observation) else {
      throw ActionError("replication.no_primary", "no other copy is the primary any more")
    }
    return try await family.rejoin(rejoin, by: `operator`)
  }

  private func rejoin(_ observation: Observation) -> Rejoin? {
    primary(observation).map {
      Rejoin(copy: copy, primary: $0, timeout: streamTimeout, observation: observation)
    }
  }
}
