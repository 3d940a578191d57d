import Runbook

/// One thing that must be so for a runbook to be executed when it is needed.
struct ReadinessCheck: Sendable {
  /// A precheck, the runbook's or one made of the inventory: looked at as any.
  let step: PlannedStep
  /// What to do when it isn't so.
  let advice: String
  /// What to do when it can't be told.
  let adviceWhenUnknown: String

  init(
    _ step: PlannedStep, advice: String,
    whenUnknown: String = "see why it can't be asked, and look again"
  ) {
    self.step = step
    self.advice = advice
    adviceWhenUnknown = whenUnknown
  }

  /// A precheck that the runbook has.
  init(precheck step: PlannedStep) {
    self.init(
      step,
      advice: step.isCritical
        ? "put it right: an execution is refused until then, or goes on with --accept \(step.id)=REASON"
        : "put it right: the runbook takes it for a remark, and goes on",
      whenUnknown: step.action == "path.shared"
        ? "only writing proves it: look with --allow-probe-files, or execute a runbook that proves it"
        : "see why it can't be asked, and look again")
  }
}

/// How much is enough.
public struct ReadinessThresholds: Sendable, Hashable {
  public static let defaultMinimumFree = "1GiB"
  public static let defaultClockTolerance = "2s"

  /// How much must be free in each directory and beside each database, as a runbook writes a size.
  public let minimumFree: String
  /// How far clocks may be apart, as a runbook writes a duration.
  public let clockTolerance: String

  public init(
    minimumFree: String = defaultMinimumFree, clockTolerance: String = defaultClockTolerance
  ) {
    self.minimumFree = minimumFree
    self.clockTolerance = clockTolerance
  }
}
