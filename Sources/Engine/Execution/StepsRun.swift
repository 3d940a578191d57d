import Journal
import Runbook

/// All steps of an execution: each as soon as what it depends on is done, several at once where they don't depend on
/// each other.
struct StepsRun: Sendable {
  let context: RunContext
  let recorded: RecordedRun?
  let control: RunControl

  func run() async throws -> RunEnded {
    var order = StepOrder(context.plan.steps)
    var halts: [Halt] = []
    try await withThrowingTaskGroup(of: (PlannedStep, StepEnding).self) { group in
      // A person may have asked to stop while the prechecks looked.
      if !control.isStopping { start(order.takeReady(), in: &group) }
      while let (step, ending) = try await group.next() {
        if let kind = ending.ending {
          halts.append(Halt(kind: kind, step: step.id, ending: ending))
        } else {
          order.finish(step.id)
        }
        if halts.isEmpty, !control.isStopping { start(order.takeReady(), in: &group) }
      }
    }
    let outcomes = await context.board.counts
    if let gravest = halts.min(by: { $0.rank < $1.rank }) {
      return gravest.runEnded(
        run: context.recorder.run, outcomes: outcomes,
        others: halts.map(\.step).filter { $0 != gravest.step })
    }
    return order.left.isEmpty
      ? done(outcomes, vouchedFor: await context.gates.vouchedFor)
      : stopped(before: order.left, outcomes)
  }

  private func start(
    _ steps: [PlannedStep], in group: inout ThrowingTaskGroup<(PlannedStep, StepEnding), any Error>
  ) {
    for step in steps {
      let execution = StepExecution(
        step: step,
        place: (context.plan.steps.firstIndex { $0.id == step.id } ?? 0) + 1,
        context: context,
        progress: recorded?.progress[step.id] ?? .nothing,
        recordedOutcome: recorded?.outcomes[step.id],
        recordedAttempts: recorded?.attempts[step.id] ?? 0)
      group.addTask { (step, try await execution.run()) }
    }
  }

  private func done(_ outcomes: [String: Int], vouchedFor targets: [String]) -> RunEnded {
    let isUnchanged = outcomes[StepEnded.Outcome.changed.rawValue] == nil
    let tolerated = outcomes[StepEnded.Outcome.failed.rawValue] ?? 0
    let message =
      if tolerated > 0 {
        "\(tolerated) failed and \(tolerated == 1 ? "was" : "were") tolerated (on_error: continue)"
      } else if isUnchanged {
        "everything was so already, nothing was changed"
      } else {
        "every step is verified"
      }
    return RunEnded(
      ending: .done, message: message, advice: Self.duty(towards: targets), resumable: false,
      outcomes: outcomes)
  }

  /// What nobody could see there, and nobody could make safe, is still to be done.
  private static func duty(towards targets: [String]) -> String? {
    guard !targets.isEmpty else { return nil }
    return
      "\(targets.joined(separator: ", ")) could not be asked, only vouched for: when it answers again, "
      + "execute this runbook once more, and it does there what is still to do"
  }

  private func stopped(before left: [PlannedStep], _ outcomes: [String: Int]) -> RunEnded {
    RunEnded(
      ending: .interrupted, step: left.first?.id,
      message: "stopped as asked, before \(left.map(\.id).joined(separator: ", "))",
      advice: "'lifeboat resume \(context.recorder.run)' goes on", resumable: true,
      outcomes: outcomes)
  }
}

/// Why no further step is begun. Of several, what is in doubt counts most.
private struct Halt: Sendable {
  let kind: RunEnded.Ending
  let step: String
  let ending: StepEnding

  /// The lower, the graver.
  var rank: Int {
    let order: [RunEnded.Ending] = [.inDoubt, .failed, .refused, .waiting]
    return order.firstIndex(of: kind) ?? order.count
  }

  /// `others`: further steps that did not get through.
  func runEnded(run: String, outcomes: [String: Int], others: [String]) -> RunEnded {
    let more = others.isEmpty ? "" : "; nor did \(others.joined(separator: ", ")) get through"
    let advice = ending.advice ?? ending.failure?.advice ?? "put the cause right"
    let resume = "lifeboat resume \(run)"
    return RunEnded(
      ending: kind, step: step, message: "\(step): \(ending.message)\(more)",
      advice: advice.contains(resume) ? advice : "\(advice); then: \(resume)", resumable: true,
      outcomes: outcomes)
  }
}
