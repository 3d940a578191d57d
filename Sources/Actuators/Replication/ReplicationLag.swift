public import Runbook

import struct Foundation.Date

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
      whatever the clocks say.
      """,
    target: .database,
    parameters: [
      .init("maximum", .duration, required: true, "The most that may be lost, as time"),
      .init("to", .site, default: "every copy that is not the primary", "Whose copy is asked"),
    ],
    effect: .checks,
    facts: CopyFacts.notes + [
      .init(exposure, "of each copy: now minus as_of, in milliseconds")
    ],
    example: """
      id: replica-current
      action: replication.lag
      target: scheduler
      with: { maximum: 5m, to: dr }
      """)

  private static let exposure = "exposure_ms"
  /// Clocks of machines that are kept in time differ by less.
  private static let clockTolerance = Duration.seconds(2)

  private let copies: [DatabaseCopy]
  private let site: String?
  private let maximum: Duration

  public init(_ arguments: Arguments) throws {
    let database = try arguments.database()
    copies = arguments.inventory.copies(of: database)
    site = arguments.string("to")
    guard let maximum = arguments.duration("maximum") else {
      throw ActionError(
        "action.argument_type", "step \(arguments.step): 'maximum' must be a duration, as 5m")
    }
    self.maximum = maximum
    if let site, !copies.contains(where: { $0.site == site }) {
      throw ActionError(
        "inventory.no_copy", "step \(arguments.step): \(database.name) has no copy at \(site)")
    }
    guard database.replication != nil else {
      throw ActionError(
        "replication.none", "step \(arguments.step): \(database.name) is not replicated")
    }
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    let facts = try await copies.concurrentFacts { try await CopyFacts(copy: $0).observe(observer) }
    var observation = Observation(facts)
    let now = observer.time.now()
    for copy in copies {
      let reading: Reading =
        switch observation[FactKey(copy.subject, FactName.asOf)]?.reading {
        case .value(let asOf): exposure(now: now, asOf: asOf.description)
        case .some(let gap): gap
        case nil: .unknown("the copy says no as_of")
        }
      observation.state(Fact(copy.subject, Self.exposure, reading))
    }
    return observation
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
    let hasPrimary = copies.contains { isSource(observation.role(of: $0)) }
    return copies.filter { copy in
      switch observation.role(of: copy) {
      case .primary, .draining: false
      case .replica, .stopped, .lost: true
      case nil: hasPrimary
      }
    }
  }

  private func judge(_ copy: DatabaseCopy, _ observation: Observation) -> Verdict {
    if observation.role(of: copy) == .lost { return .needed("\(copy.subject) is lost") }
    if isComplete(copy, observation) {
      return .satisfied("\(copy.subject) has all that its drained primary held")
    }
    guard let milliseconds = observation[copy.subject, Self.exposure]?.integer else {
      return .unknown(
        observation.gap(copy.subject, Self.exposure) ?? "\(copy.subject) was not asked")
    }
    let exposure = Duration.milliseconds(milliseconds)
    let bound =
      "\(copy.subject) lacks at most the last \(exposure.runbookText) (by this machine's clock)"
    guard exposure > maximum else { return .satisfied(bound) }
    let tooMuch = "\(bound); \(maximum.runbookText) is allowed"
    let primaryAnswers = copies.contains { isSource(observation.role(of: $0)) }
    return primaryAnswers
      ? .needed(tooMuch)
      : .unknown("\(tooMuch), and no primary can be asked whether it has committed anything since")
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

  private func isSource(_ role: CopyRole?) -> Bool { role == .primary || role == .draining }

  private func rank(_ verdict: Verdict) -> Int {
    switch verdict {
    case .satisfied: 0
    case .unknown: 1
    case .needed: 2
    case .blocked: 3
    }
  }

  private func exposure(now: Date, asOf text: String) -> Reading {
    guard let age = Timestamp.age(of: text, at: now) else {
      return .unknown("as_of is '\(text)', which is not a time as RFC 3339 writes it")
    }
    guard age >= .zero - Self.clockTolerance else {
      return .unknown(
        "as_of \(text) is in the future: the clocks of this machine and of the primary differ")
    }
    return .value(.integer(Int(max(.zero, age).milliseconds)))
  }
}
