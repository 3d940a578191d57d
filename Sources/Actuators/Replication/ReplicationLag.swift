public import Runbook

/// `replication.lag`
public struct ReplicationLag: Action {
  public static let schema = ActionSchema(
    name: "replication.lag",
    summary: "Check how much would be lost if the primary vanished now",
    discussion: """
      Everything that the primary had committed until `as_of` is in the copy. So at most what was committed since then is
      lost: the *exposure* is now minus `as_of`. That bound holds whether or not the primary can be asked. "Now" is the clock
      of the machine that Lifeboat runs on, `as_of` the primary's; an `as_of` in the future is reported, not used.

      When the exposure is larger than `maximum` and the primary can't be asked, the answer is "cannot tell", with the bound:
      a primary that has committed nothing has lost nothing. A drained primary whose copy has its last position is satisfied
      whatever the clocks say. So is a copy that is the primary itself, where no other can be: what a forced reversal has lost was
      accepted there.

      `maximum_bytes` bounds the same loss in bytes of the primary's log, where the kind of replication counts bytes. The
      primary says how far it is; when it can't be asked, a streaming copy knows how far it last was.

      A PostgreSQL primary that commits nothing is heard from twice a minute only: a smaller `maximum` than 1m finds an
      exposure where there is none.

      A MariaDB replica that has lost its primary tells `as_of` by its last transaction's time, to the second, which
      `mariadb-binlog` reads on its host from the binary log; it isn't known where transactions are in several domains. The
      observing account needs BINLOG MONITOR and SLAVE MONITOR; the server's `account` reads the log.

      SQL Server: a copy that is SYNCHRONIZED, mirrored with safety FULL or in a group, has every commit but for those of a primary
      that it doesn't know yet to have lost: `as_of` is now less that time-out. A secondary that lags tells the last commit that it has,
      a mirror that lags nothing.
      """,
    target: .database,
    parameters: [
      .init("maximum", .duration, required: true, "The most that may be lost, as time"),
      .init("maximum_bytes", .size, "The most that may be lost, as bytes of the log"),
      .init("to", .site, default: "every copy that is not the primary", "Whose copy is asked"),
    ],
    effect: .checks,
    facts: CopyFacts.notes + [
      Exposure.note
    ],
    example: """
      id: replica-current
      action: replication.lag
      target: scheduler
      with: { maximum: 5m, to: dr }
      """)

  private let copies: [DatabaseCopy]
  private let site: String?
  private let maximum: Duration
  private let maximumBytes: Int?

  public init(_ arguments: Arguments) throws {
    let database = try arguments.database()
    copies = arguments.inventory.copies(of: database)
    site = arguments.string("to")
    guard let maximum = arguments.duration("maximum") else {
      throw ActionError(
        "action.argument_type", "step \(arguments.step): 'maximum' must be a duration, as 5m")
    }
    self.maximum = maximum
    maximumBytes = arguments.size("maximum_bytes")
    guard maximumBytes == nil || database.replicationFamily.countsBytes else {
      throw ActionError(
        "replication.no_bytes",
        "step \(arguments.step): the replication of \(database.name) doesn't count bytes",
        advice: "leave maximum_bytes out")
    }
    if let site, !copies.contains(where: { $0.site == site }) {
      throw ActionError(
        "inventory.no_copy", "step \(arguments.step): \(database.name) has no copy at \(site)")
    }
    guard database.replication != nil else {
      throw ActionError(
        "replication.none", "step \(arguments.step): \(database.name) is not replicated")
    }
  }

  public var destinations: [Destination] { copies.map(Destination.reading) }

  public func probe(_ observer: any Observer) async throws -> Observation {
    let facts = try await copies.concurrentFacts { try await CopyFacts(copy: $0).observe(observer) }
    return Exposure.stated(of: copies, in: Observation(facts), now: observer.time.now())
  }

  public func judge(_ observation: Observation) -> Verdict {
    let asked = copiesToAsk(observation)
    guard !asked.isEmpty else { return .unknown("no copy but the primary is known") }
    let verdicts = asked.map { judge($0, observation) }
    let isWorse: (Verdict, Verdict) -> Bool = { rank($0) < rank($1) }
    return verdicts.max(by: isWorse) ?? .unknown("no copy was asked")
  }

  /// All but the primary. One that can't be asked is taken for the primary when no other is.
  private func copiesToAsk(_ observation: Observation) -> [DatabaseCopy] {
    if let site { return copies.filter { $0.site == site } }
    let hasPrimary = copies.contains { observation.isSource($0) }
    return copies.filter { copy in
      observation.role(of: copy) == nil ? hasPrimary : !observation.isSource(copy)
    }
  }

  private func judge(_ copy: DatabaseCopy, _ observation: Observation) -> Verdict {
    if observation.role(of: copy) == .lost { return .needed("\(copy.subject) is lost") }
    if let primary = strangePrimary(to: copy, observation) {
      return .needed("\(copy.subject) is no replica: it doesn't follow \(primary.subject)")
    }
    if isOnlyPrimary(copy, observation) {
      return .satisfied("\(copy.subject) is the primary itself")
    }
    if isComplete(copy, observation) {
      return .satisfied("\(copy.subject) has all that its drained primary held")
    }
    if let verdict = judgeBytes(copy, observation) { return verdict }
    guard let milliseconds = observation[copy.subject, Exposure.property]?.integer else {
      return .unknown(
        observation.gap(copy.subject, Exposure.property) ?? "\(copy.subject) was not asked")
    }
    let exposure = Duration.milliseconds(milliseconds)
    let bound =
      "\(copy.subject) lacks at most the last \(exposure.runbookText) (by this machine's clock)"
    guard exposure > maximum else { return .satisfied(bound) }
    let tooMuch = "\(bound); \(maximum.runbookText) is allowed"
    let primaryAnswers = copies.contains { $0 != copy && observation.isSource($0) }
    return primaryAnswers
      ? .needed(tooMuch)
      : .unknown("\(tooMuch), and no primary can be asked whether it has committed anything since")
  }

  /// The primary that a former primary doesn't follow: what such a copy says of its own age says nothing of what it lacks.
  private func strangePrimary(to copy: DatabaseCopy, _ observation: Observation) -> DatabaseCopy? {
    guard observation.role(of: copy) != .replica, observation.role(of: copy) != nil else {
      return nil
    }
    return copies.first { $0 != copy && observation.role(of: $0) == .primary }
  }

  /// Whoever can't be asked could have been promoted later.
  private func isOnlyPrimary(_ copy: DatabaseCopy, _ observation: Observation) -> Bool {
    let others = copies.filter { $0 != copy }.map { observation.role(of: $0) }
    return observation.role(of: copy) == .primary && !others.contains(nil)
      && !others.contains(.primary)
  }

  /// Nil when the bytes are within their bound, or none is set.
  private func judgeBytes(_ copy: DatabaseCopy, _ observation: Observation) -> Verdict? {
    guard let maximumBytes else { return nil }
    guard let missing = Exposure.missingBytes(of: copy, among: copies, observation) else {
      return .unknown("how many bytes \(copy.subject) lacks isn't known")
    }
    guard missing > maximumBytes else { return nil }
    return .needed("\(copy.subject) lacks \(missing) bytes; \(maximumBytes) are allowed")
  }

  /// A drained primary takes no changes, so equal positions mean equal content. Of a working one they don't: positions are
  /// counted when changes are shipped.
  private func isComplete(_ copy: DatabaseCopy, _ observation: Observation) -> Bool {
    copies.contains { source in
      observation[source.subject, CopyFacts.drained]?.boolean == true
        && observation.epoch(of: source) == observation.epoch(of: copy)
        && observation.position(of: source) == observation.position(of: copy)
        && observation.position(of: copy) != nil
    }
  }

  private func rank(_ verdict: Verdict) -> Int {
    switch verdict {
    case .satisfied: 0
    case .unknown: 1
    case .needed: 2
    case .blocked: 3
    }
  }
}
