public import Runbook

/// `replication.status`
public struct ReplicationStatus: Action {
  public static let schema = ActionSchema(
    name: "replication.status",
    summary: "Check that one site has the primary, and every other copy follows it",
    discussion: """
      The copy of `primary` is the primary. Every other copy is a replica of its epoch, and, where the kind of replication
      says so, streams from the address that the inventory gives for the primary. No replication slot of any copy keeps the
      log for somebody who isn't connected, as that fills a disk.

      How old the replicas may be is what `replication.lag` checks.
      """,
    target: .database,
    parameters: [
      .init(
        "primary", .site, default: "the site that is the primary in normal times",
        "The site that should have the primary"),
      .init(
        "or_primary", .site,
        "A site that may have it instead: where the move that is meant has been made already"),
      .init("maximum_bytes", .size, "How much of the log a replica may lack, as bytes"),
    ],
    effect: .checks,
    facts: CopyFacts.notes,
    example: """
      id: protected
      action: replication.status
      target: scheduler
      with: { primary: production }
      """)

  private let usual: DatabaseCopy
  private let alternative: DatabaseCopy?
  private let copies: [DatabaseCopy]
  private let maximumBytes: Int?

  public init(_ arguments: Arguments) throws {
    let database = try arguments.database()
    let site = arguments.string("primary") ?? database.primary
    func copy(at site: String) throws -> DatabaseCopy {
      guard let copy = arguments.inventory.copy(of: database, at: site) else {
        throw ActionError(
          "inventory.no_copy", "step \(arguments.step): \(database.name) has no copy at \(site)")
      }
      return copy
    }
    usual = try copy(at: site)
    alternative = try arguments.string("or_primary").map(copy)
    copies = arguments.inventory.copies(of: database)
    maximumBytes = arguments.size("maximum_bytes")
    guard maximumBytes == nil || database.replicationFamily.countsBytes else {
      throw ActionError(
        "replication.no_bytes",
        "step \(arguments.step): the replication of \(database.name) doesn't count bytes",
        advice: "leave maximum_bytes out")
    }
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(
      try await copies.concurrentFacts {
        try await CopyFacts(copy: $0).observe(observer)
      })
  }

  /// What is known to be wrong goes before what isn't known.
  public func judge(_ observation: Observation) -> Verdict {
    var wrong: [String] = []
    var unknown: [String] = []
    let primary = self.primary(observation)
    let others = copies.filter { $0 != primary }
    for copy in [primary] + others {
      guard let role = observation.role(of: copy) else {
        unknown.append(
          observation.gap(copy.subject, FactName.role) ?? "\(copy.subject) has an unknown role")
        continue
      }
      let findings =
        copy == primary
        ? (role == .primary ? [] : ["\(copy.subject) is \(role.rawValue), not the primary"])
        : faults(of: copy, role, primary, observation)
      wrong += findings + idleSlots(of: copy, observation)
    }
    if !wrong.isEmpty { return .needed(wrong.joined(separator: "; ")) }
    if !unknown.isEmpty { return .unknown(unknown.joined(separator: "; ")) }
    let followers = others.map(\.subject).joined(separator: ", ")
    return .satisfied(
      "\(primary.subject) is the primary"
        + (others.isEmpty ? "" : ", followed by \(followers)"))
  }

  /// The alternative only where it has it: otherwise it is told what is wrong with the one that should.
  private func primary(_ observation: Observation) -> DatabaseCopy {
    guard let alternative, observation.role(of: alternative) == .primary,
      observation.role(of: usual) != .primary
    else { return usual }
    return alternative
  }

  private func faults(
    of copy: DatabaseCopy, _ role: CopyRole, _ primary: DatabaseCopy, _ observation: Observation
  ) -> [String] {
    guard role == .replica else { return ["\(copy.subject) is \(role.rawValue), not a replica"] }
    if let why = observation.notFollowing(copy, primary) { return [why] }
    guard let maximumBytes,
      let missing = Exposure.missingBytes(of: copy, among: copies, observation),
      missing > maximumBytes
    else { return [] }
    return ["\(copy.subject) lacks \(missing) bytes; \(maximumBytes) are allowed"]
  }

  private func idleSlots(of copy: DatabaseCopy, _ observation: Observation) -> [String] {
    (observation[copy.subject, CopyFacts.idleSlots]?.list ?? []).map {
      "slot \($0) of \(copy.subject) keeps the log for nobody"
    }
  }
}

extension Observation {
  /// Why a replica doesn't follow the primary; nil when it does, as far as its kind says.
  func notFollowing(_ copy: DatabaseCopy, _ primary: DatabaseCopy) -> String? {
    if self[copy.subject, CopyFacts.lineage] != self[primary.subject, CopyFacts.lineage] {
      return "\(copy.subject) was never a copy of \(primary.subject)"
    }
    if self[primary.subject, CopyFacts.shipping]?.boolean == false {
      return "\(primary.subject) sends its log to nobody"
    }
    if self[copy.subject, CopyFacts.streaming]?.boolean == false {
      return "\(copy.subject) receives nothing"
    }
    if let source = self[copy.subject, CopyFacts.source]?.string, let server = primary.server,
      source != "\(server.address):\(server.port)"
    {
      return
        "\(copy.subject) receives from \(source), not from \(server.address):\(server.port)"
    }
    if let own = epoch(of: copy), let present = epoch(of: primary), own != present {
      return "\(copy.subject) is at epoch \(own), \(primary.subject) at \(present)"
    }
    return nil
  }
}
