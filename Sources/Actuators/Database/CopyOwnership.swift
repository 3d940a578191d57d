import Runbook

/// Whether a copy is the one that its site's scheduler is to work on: the last primary of the line.
struct CopyOwnership: Sendable {
  static let note = ActionSchema.Note(
    "is-target-sites-own",
    "the site has a scheduler of its own, and no other copy that answers is the line's primary")

  let copy: DatabaseCopy
  let others: [DatabaseCopy]
  let siteHasScheduler: Bool

  init(of copy: DatabaseCopy, in inventory: Inventory) {
    self.copy = copy
    others = inventory.copies(of: copy.database).filter { $0.site != copy.site }
    siteHasScheduler = inventory.schedulerHosts().contains { $0.site == copy.site }
  }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    try await others.concurrentFacts { try await CopyFacts(copy: $0).observe(observer) }
  }

  func makeGuard() -> Guard {
    Guard(Self.note.name, demand: "\(copy.subject) belongs to the site that takes over") {
      check($0)
    }
  }

  private func check(_ observation: Observation) -> Guard.Finding {
    guard siteHasScheduler else { return .violated("\(copy.site) has no scheduler of its own") }
    for other in others {
      guard let role = observation.role(of: other) else {
        // The lost site's copy stays out of it: its scheduler has a guard of its own.
        if observation.isUnreachable(other.subject, FactName.role) { continue }
        return .unknown(
          observation.gap(other.subject, FactName.role) ?? "\(other.subject) has an unknown role")
      }
      guard observation.isSource(other) || role == .stopped else { continue }
      // Without epochs: one that takes changes may be the right one; beside a primary a closed one is a former one.
      let isUntold = role == .stopped && !copy.database.replicationFamily.keepsEpochAtHost
      if observation.epoch(of: other) == nil, isUntold || observation.epoch(of: copy) == nil {
        if role == .primary { return .violated("\(other.subject) is a primary, too") }
        if observation.role(of: copy) == .primary { continue }
      }
      guard let otherEpoch = observation.epoch(of: other), let epoch = observation.epoch(of: copy)
      else { return .unknown("the epochs of \(copy.subject) and \(other.subject) are not known") }
      // A lower epoch is a former primary that doesn't know yet; a stopped server with the same one, perhaps a replica.
      let isRival = observation.isSource(other) ? otherEpoch >= epoch : otherEpoch > epoch
      if isRival { return .violated("\(other.subject) is \(role.rawValue)") }
    }
    return .holds
  }
}
