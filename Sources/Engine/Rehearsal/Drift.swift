import Journal
import Runbook

/// What a rehearsal saw, against what is seen now.
struct Drift: Sendable {
  private let then: [SeenStep]
  private let now: [SeenStep]
  private let motion: FactMotion

  /// Both of the same plan.
  init(
    from then: [SeenStep], to now: [SeenStep], of plan: Plan, in catalogue: ActionCatalogue
  ) {
    self.then = then
    self.now = now
    motion = FactMotion(catalogue: catalogue, inventory: plan.inventory)
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
      $0.comparable($0.then, now.action, motion) != $0.comparable($0.now, now.action, motion)
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

    func comparable(_ fact: FactRecord?, _ action: String, _ motion: FactMotion) -> Comparable {
      if fact?.unreachable == true { return .unreachable }
      let moves = (now ?? then).map { motion.motion($0.property, statedBy: action) == .moves }
      if moves == true { return .open }
      guard let fact else { return .absent }
      guard let value = fact.value else { return .open }
      return motion.settled(value, fact.property, of: fact.subject, statedBy: action)
        .map(Comparable.value) ?? .open
    }
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
