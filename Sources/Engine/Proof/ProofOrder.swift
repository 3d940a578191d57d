import Runbook

/// Which steps may begin when.
struct ProofOrder: Sendable {
  private let depends: [[Int]]

  init(_ steps: [PlannedStep]) {
    var places: [String: [Int]] = [:]
    for (index, step) in steps.enumerated() { places[step.runbookID, default: []].append(index) }
    depends = steps.map { step in step.depends.flatMap { places[$0] ?? [] } }
  }

  /// Of some of the steps, the order that they have by way of all.
  func restricted(to steps: [Int]) -> ProofOrder {
    let places = Dictionary(uniqueKeysWithValues: steps.enumerated().map { ($1, $0) })
    return ProofOrder(
      depends: steps.map { step in awaited(by: step).compactMap { places[$0] }.sorted() })
  }

  private init(depends: [[Int]]) { self.depends = depends }

  /// All that must be done before a step may begin.
  func awaited(by step: Int) -> Set<Int> {
    var found: Set<Int> = []
    var work = depends[step]
    while let next = work.popLast() {
      if found.insert(next).inserted { work += depends[next] }
    }
    return found
  }

  func isReady(_ step: Int, in state: ProofState) -> Bool {
    state.steps[step].phase == .idle
      && depends[step].allSatisfy { state.steps[$0].phase == .done }
  }
}

extension ProofModel {
  /// Whether a step's `when` holds. Nil when it has none, or when it can't be told.
  func condition(of step: Int, in state: ProofState) -> Bool? {
    guard let condition = steps[step].planned.when else { return nil }
    do {
      return try condition.holds { reference in
        guard let place = places[reference.step] else { throw ActionError("proof.step", "unknown") }
        if reference.property == "outcome" {
          let other = state.steps[place]
          return .string(other.isSkipped ? "skipped" : other.isChanged ? "changed" : "ok")
        }
        let seen = steps[place].observation(
          of: world(state.world), in: domain, filledWith: vouching(state.vouched))
        guard
          let value = seen.facts.first(where: { $0.key.property == reference.property })?.reading
            .value
        else { throw ActionError("proof.fact", "unknown") }
        return value
      }
    } catch {
      return nil
    }
  }
}
