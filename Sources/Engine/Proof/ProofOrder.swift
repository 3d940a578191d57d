import Runbook

/// Which steps may begin when.
struct ProofOrder: Sendable {
  private let depends: [[Int]]

  init(_ steps: [PlannedStep]) {
    var places: [String: [Int]] = [:]
    for (index, step) in steps.enumerated() { places[step.runbookID, default: []].append(index) }
    depends = steps.map { step in step.depends.flatMap { places[$0] ?? [] } }
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
