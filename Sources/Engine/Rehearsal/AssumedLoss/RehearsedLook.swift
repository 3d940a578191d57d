import Journal
import Runbook

/// What a rehearsal saw at one step or precheck, and what the step would bring about.
struct RehearsedLook: Sendable {
  let step: PlannedStep
  /// Nil of a precheck.
  let outcome: StepRehearsed.Outcome?
  let observation: Observation
  let predicted: [Fact]

  var isPrecheck: Bool { outcome == nil }
}
