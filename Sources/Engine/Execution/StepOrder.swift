import Runbook

/// Which steps may run now: those whose dependencies are done. Steps in written order where several may.
struct StepOrder {
  private var waiting: [PlannedStep]
  private var done: Set<String> = []

  init(_ steps: [PlannedStep]) { waiting = steps }

  /// Takes the steps that may start.
  mutating func takeReady() -> [PlannedStep] {
    let ready = waiting.filter { step in step.depends.allSatisfy(done.contains) }
    waiting.removeAll { step in ready.contains { $0.id == step.id } }
    return ready
  }

  mutating func finish(_ step: String) { done.insert(step) }

  var left: [PlannedStep] { waiting }
}
