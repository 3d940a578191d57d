import Runbook

/// Whether a graceful reversal has a source: every copy can be read, and one of them has the last changes.
struct ReversalSource: Sendable {
  let target: DatabaseCopy
  let others: [DatabaseCopy]

  func isReadable(_ copy: DatabaseCopy, _ observation: Observation) -> Guard.Finding {
    guard let role = observation.role(of: copy) else {
      return .unknown(observation.gap(copy.subject, FactName.role) ?? "its role is a new word")
    }
    return role == .lost ? .violated("\(copy.subject) is lost") : .holds
  }

  func finding(_ observation: Observation) -> Guard.Finding {
    for other in others {
      let finding = isReadable(other, observation)
      guard finding == .holds else { return finding }
    }
    let copies = [target] + others
    if copies.contains(where: { observation.isSource($0) }) { return .holds }
    if let former = others.first(where: { observation.isEndShipped(from: $0, to: target) }) {
      return observation.hasAll(target, of: former)
        ? .holds
        : .violated(
          "\(target.subject) is still getting the last changes of \(former.subject): run it again in a moment"
        )
    }
    // The highest epoch among those that don't run is that of the last primary.
    let down = copies.filter { observation.role(of: $0) == .stopped }
    guard
      let last = down.max(by: {
        (observation.epoch(of: $0) ?? 0) < (observation.epoch(of: $1) ?? 0)
      })
    else {
      return .violated("no copy is the primary: there is nothing to drain, only to promote")
    }
    return .violated(
      "no copy is the primary, and \(last.subject) did not stop in good order: start its server, for which "
        + "'lifeboat permit grant --site \(last.site)' gives a permit where it asks for one; or give up what it "
        + "has not shipped, by a failover")
  }
}
