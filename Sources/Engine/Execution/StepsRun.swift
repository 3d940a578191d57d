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
    var halts = Halts(run: context.recorder.run)
    try await withThrowingTaskGroup(of: (PlannedStep, StepEnding).self) { group in
      // A person may have asked to stop while the prechecks looked.
      if !control.isStopping { start(order.takeReady(), in: &group) }
      while let (step, ending) = try await group.next() {
        if ending.ending == nil {
          order.finish(step)
        } else {
          order.free(step)
        }
        halts.take(step, ending)
        if !control.isStopping { start(order.takeReady(where: halts.allow), in: &group) }
      }
    }
    let isClosed = try await close(&order, &halts)
    let outcomes = await context.board.counts
    if let ended = halts.runEnded(outcomes: outcomes, isClosed: isClosed) { return ended }
    return order.left.isEmpty
      ? done(outcomes, vouchedFor: await context.gates.vouchedFor, tolerated: halts.tolerated)
      : stopped(before: order.left, outcomes)
  }

  /// After a failure: what is done all the same, one after the other. Whether there was something, and it got through.
  private func close(_ order: inout StepOrder, _ halts: inout Halts) async throws -> Bool {
    guard halts.endTheRun, !control.isStopping else { return false }
    let left = order.takeLeft(where: \.isAlways)
    var isClosed = !left.isEmpty
    for (place, step) in left where !control.isStopping {
      let ending = try await execution(of: step, at: place).run()
      halts.take(step, ending)
      isClosed = isClosed && ending.ending == nil && ending.outcome != .failed
    }
    return isClosed && !control.isStopping
  }

  private func start(
    _ steps: [(place: Int, step: PlannedStep)],
    in group: inout ThrowingTaskGroup<(PlannedStep, StepEnding), any Error>
  ) {
    for (place, step) in steps {
      let execution = execution(of: step, at: place)
      group.addTask { (step, try await execution.run()) }
    }
  }

  private func execution(of step: PlannedStep, at place: Int) -> StepExecution {
    StepExecution(
      step: step, place: place + 1, context: context,
      progress: recorded?.progress[step.id] ?? .nothing,
      recordedOutcome: recorded?.outcomes[step.id],
      recordedAttempts: recorded?.attempts[step.id] ?? 0,
      recordedPrediction: recorded?.predicted[step.id])
  }

  private func done(
    _ outcomes: [String: Int], vouchedFor targets: [String], tolerated: [String]
  ) -> RunEnded {
    let isUnchanged = outcomes[StepEnded.Outcome.changed.rawValue] == nil
    let message =
      if !tolerated.isEmpty {
        "\(tolerated.count) failed and \(tolerated.count == 1 ? "was" : "were") tolerated: "
          + tolerated.joined(separator: "; ")
      } else if isUnchanged {
        "everything was so already, nothing was changed"
      } else {
        "every step is verified"
      }
    return RunEnded(
      ending: .done, message: message, advice: Self.duty(towards: targets, tolerated),
      resumable: false, outcomes: outcomes)
  }

  /// What nobody could see there, and nobody could make safe, is still to be done.
  private static func duty(towards targets: [String], _ tolerated: [String]) -> String? {
    var duties: [String] = []
    if !targets.isEmpty {
      duties.append("\(targets.joined(separator: ", ")) could not be asked, only vouched for")
    }
    if !tolerated.isEmpty { duties.append("what was tolerated is not done") }
    guard !duties.isEmpty else { return nil }
    return duties.joined(separator: ", and ")
      + ": when the cause is gone, execute this runbook once more, and it does there what is still to do"
  }

  private func stopped(before left: [String], _ outcomes: [String: Int]) -> RunEnded {
    RunEnded(
      ending: .interrupted, step: left.first,
      message: "stopped as asked, before \(left.joined(separator: ", "))",
      advice: "'lifeboat resume \(context.recorder.run)' goes on", resumable: true,
      outcomes: outcomes)
  }
}
