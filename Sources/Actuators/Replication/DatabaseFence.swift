public import Runbook

/// `database.fence`
public struct DatabaseFence: ActingAction {
  public static let schema = ActionSchema(
    name: "database.fence",
    summary: "Close a site's copy of a database to changes, also for when its server comes back",
    discussion: """
      For the copy of a site that is given up: fence it before another one is promoted, and there are never two primaries. A
      replica takes no changes, so nothing is done to it.

      PostgreSQL: `standby.signal` makes a standby of whatever starts there from now on; then the service is disabled and
      stopped. A host that can't be asked can't be fenced: with `on_unreachable: attest` a person vouches that it is dead, and
      the step belongs into the runbook once more for when the host is back.

      MariaDB: `read_only` is set, now and by a file of the server's configuration (`configuration_directory` of the inventory,
      on Debian `/etc/mysql/mariadb.conf.d`); the server goes on running for those who read. Accounts with READ_ONLY ADMIN are
      not bound by it. A server that doesn't answer is stopped. Every replica has that file, as it must be one still after a
      restart; promoting takes it away.

      SQL Server: the service is disabled and stopped, as a principal has no switch that closes it and outlasts a restart. All that the
      instance serves stops with it. With log shipping only the database is closed: the tail of its log is backed up WITH NORECOVERY, which
      leaves it RESTORING and loses nothing; a server that doesn't answer is disabled and stopped.

      `replication.rejoin` ends it.
      """,
    target: .databaseAtSite,
    effect: .changes,
    reversibility: .reversible(by: "replication.rejoin"),
    defaultTimeout: .seconds(120),
    facts: CopyFacts.notes + [
      .init(fenced, "of the copy: it stays closed when its server or its host is started")
    ],
    guards: [
      .init(
        successor,
        "another copy of the database answers, and is a replica that can be promoted, or the primary already"
      )
    ],
    example: """
      id: fence-production
      action: database.fence
      target: scheduler@production
      on_unreachable: attest
      """)

  static let fenced = "fenced"
  private static let successor = "has-successor"

  private let copy: DatabaseCopy
  private let others: [DatabaseCopy]

  public init(_ arguments: Arguments) throws {
    copy = try arguments.databaseCopy()
    let copy = copy
    others = arguments.inventory.copies(of: copy.database).filter { $0 != copy }
    guard copy.database.replication != nil else {
      throw ActionError(
        "replication.none", "step \(arguments.step): \(copy.database.name) is not replicated",
        advice: "a database with one copy has nothing to be fenced for")
    }
  }

  private var family: any ReplicationFamily { copy.database.replicationFamily }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let copies = ([copy] + others).concurrentFacts {
      try await CopyFacts(copy: $0).observe(observer)
    }
    async let own = fencing(observer)
    return Observation(try await copies + [own])
  }

  private func fencing(_ observer: any Observer) async throws -> Fact {
    do {
      let isFenced = try await family.isFenced(copy, observer)
      return Fact(copy.subject, Self.fenced, .boolean(isFenced))
    } catch {
      return Fact(copy.subject, Self.fenced, try Reading(gapFrom: error))
    }
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let role = observation.role(of: copy) else {
      return .unknown(
        observation.gap(copy.subject, FactName.role) ?? "\(copy.subject) has an unknown role")
    }
    switch role {
    case .replica: return .satisfied("\(copy.subject) is a replica")
    case .lost: return .satisfied("\(copy.subject) is lost")
    case family.roleWhenFenced, .stopped: break
    case .primary, .draining: return .needed("close \(copy.subject), which is \(role.rawValue)")
    }
    guard let isFenced = observation[copy.subject, Self.fenced]?.boolean else {
      return .unknown(
        observation.gap(copy.subject, Self.fenced) ?? "\(copy.subject) was not asked")
    }
    return isFenced
      ? .satisfied("\(copy.subject) is \(role.rawValue), and closed for when it is started")
      : .needed(
        "see that \(copy.subject), which is \(role.rawValue), stays closed when it is started")
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    let role = observation.role(of: copy)
    if role != .replica, role != .lost {
      // A stopped server isn't started to be fenced.
      let next = role == .stopped ? .stopped : family.roleWhenFenced
      result.state(copy.subject, FactName.role, .string(next.rawValue))
      result.state(copy.subject, Self.fenced, true)
    }
    result.state(copy.subject, CopyFacts.writable, false)
    return result
  }

  /// Fencing comes before promoting, so the successor is a replica as a rule. Where nobody answers who could take over,
  /// fencing would only end service.
  public var guards: [Guard] {
    [
      Guard(Self.successor, demand: "another copy can take over from \(copy.subject)") {
        observation in
        let roles = others.map { observation.role(of: $0) }
        if roles.contains(where: { $0 == .replica || $0 == .primary }) { return .holds }
        let states = others.map { other in
          observation.role(of: other).map { "\(other.subject) is \($0.rawValue)" }
            ?? "\(other.subject) can't be asked"
        }
        return roles.contains(nil)
          ? .unknown(states.joined(separator: ", ")) : .violated(states.joined(separator: ", "))
      }
    ]
  }

  public func operations(given observation: Observation) -> [Operation] {
    family.operations(ofFencing: copy, given: observation)
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    try await family.fence(copy, by: `operator`)
  }
}
