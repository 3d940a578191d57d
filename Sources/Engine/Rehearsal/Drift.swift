import Journal
import Runbook

/// What a rehearsal saw, against what is seen now.
struct Drift: Sendable {
  private let then: [SeenStep]
  private let now: [SeenStep]
  private let catalogue: ActionCatalogue
  private let inventory: Inventory

  /// Both of the same plan.
  init(
    from then: [SeenStep], to now: [SeenStep], of plan: Plan, in catalogue: ActionCatalogue
  ) {
    self.then = then
    self.now = now
    self.catalogue = catalogue
    inventory = plan.inventory
  }

  /// How many different facts were compared.
  var compared: Int { Set((then + now).flatMap { $0.facts.map(\.name) }).count }

  /// Each fact that differs, once, in the order of the steps. `accepted`: by name.
  func found(accepted: Set<String>) -> [FactDrift] {
    let before = Dictionary(then.map { ($0.step, $0) }) { first, _ in first }
    var found: [FactDrift] = []
    for now in now {
      for drift in differences(from: before[now.step], to: now, accepted) {
        if let place = found.firstIndex(where: { $0.isSame(as: drift) }) {
          found[place] = drift.joining(found[place])
        } else {
          found.append(drift)
        }
      }
    }
    return found
  }

  /// What is made of the facts differs without one of them only where what moves by itself has come too far.
  private func differences(
    from before: SeenStep?, to now: SeenStep, _ accepted: Set<String>
  ) -> [FactDrift] {
    let facts = pairs(before?.facts ?? [], now.facts).filter {
      let motion = motion($0.property, of: now.action)
      return comparable($0.then, motion) != comparable($0.now, motion)
    }
    let findings = pairs(before?.findings ?? [], now.findings).filter(\.differ)
    let differing = facts.isEmpty ? findings : facts
    return differing.compactMap { pair in
      guard let known = pair.now ?? pair.then else { return nil }
      return FactDrift(
        subject: known.subject, property: known.property, steps: [now.step], then: pair.then,
        now: pair.now, accepted: accepted.contains(known.name))
    }
  }

  private struct Pair {
    let then: FactRecord?
    let now: FactRecord?
    var differ: Bool { then?.value != now?.value }
    var property: String? { (now ?? then)?.property }
  }

  private func pairs(_ then: [FactRecord], _ now: [FactRecord]) -> [Pair] {
    let seen = Set(now.map(\.name))
    return now.map { fact in Pair(then: then.first { $0.name == fact.name }, now: fact) }
      + then.filter { !seen.contains($0.name) }.map { Pair(then: $0, now: nil) }
  }

  /// What of a fact counts when it is compared.
  private enum Comparable: Equatable {
    case value(JSON)
    case unreachable
    /// There is no value, or it moves by itself.
    case open
    case absent
  }

  private func motion(_ property: String?, of action: String) -> ActionSchema.Motion {
    catalogue[action]?.schema.facts.first { $0.name == property }?.motion ?? .stays
  }

  private func comparable(_ fact: FactRecord?, _ motion: ActionSchema.Motion) -> Comparable {
    if fact?.unreachable == true { return .unreachable }
    if motion == .moves { return .open }
    guard let fact else { return .absent }
    guard let value = fact.value else { return .open }
    return switch motion {
    case .stays, .moves: .value(value)
    case .columnsMove(let columns): .value(value.without(columns))
    case .heartbeatsMove: .value(value.without(heartbeats(of: fact.subject)))
    }
  }

  /// The heartbeat's column of a copy's database, as `scheduler@dr` names it.
  private func heartbeats(of copy: String) -> [String] {
    let name = String(copy.prefix { $0 != "@" })
    return [inventory.database(name)?.heartbeatColumn].compactMap(\.self)
  }
}

extension FactRecord {
  /// `production.scheduler/server state`
  var name: String { "\(subject) \(property)" }
}

extension FactDrift {
  fileprivate func isSame(as other: FactDrift) -> Bool {
    name == other.name && then?.value == other.then?.value && now?.value == other.now?.value
      && then?.unreachable == other.then?.unreachable && now?.unreachable == other.now?.unreachable
  }

  /// The same drift, seen at the other's steps, too.
  fileprivate func joining(_ other: FactDrift) -> FactDrift {
    FactDrift(
      subject: subject, property: property, steps: other.steps + steps, then: other.then,
      now: other.now, accepted: accepted)
  }
}

extension SeenStep {
  /// Verdict and guards, in the form of facts about the step.
  fileprivate var findings: [FactRecord] {
    let guards = guards.sorted { $0.key < $1.key }.map { ("guard \($0.key)", $0.value) }
    return ([("verdict", verdict)] + guards).map { property, value in
      FactRecord(
        subject: step, property: property, value: .string(value), source: "probed", at: at)
    }
  }
}

extension JSON {
  /// Of a list of rows, without these columns.
  fileprivate func without(_ columns: [String]) -> JSON {
    guard case .array(let rows) = self else { return self }
    return .array(
      rows.map { row in
        guard case .object(let members) = row else { return row }
        return .object(members.filter { !columns.contains($0.key) })
      })
  }
}
