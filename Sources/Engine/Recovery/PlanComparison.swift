public import Runbook

extension Plan {
  /// Refuses to go on with a run whose runbook has changed since: a step is the same only at the same place under the
  /// same name. Throws `EngineError` with both names, or with what else differs.
  public func requireSame(asRecorded recorded: Plan) throws {
    guard let change = change(since: recorded, "the run began") else { return }
    throw EngineError(change.code, change.message, advice: Self.adviceOnChange)
  }

  /// The first difference from an earlier plan; nil when there is none. `moment`: when that was, in words.
  func change(since earlier: Plan, _ moment: String) -> (code: String, message: String)? {
    for place in 0..<max(steps.count, earlier.steps.count) {
      let before = place < earlier.steps.count ? earlier.steps[place] : nil
      let now = place < steps.count ? steps[place] : nil
      if before?.id != now?.id {
        return (
          "run.step_changed",
          "step \(place + 1) was '\(before?.id ?? "absent")' when \(moment) and is "
            + "'\(now?.id ?? "absent")' now"
        )
      }
      if let before, let now, before != now {
        return (
          "run.step_changed",
          "step \(place + 1) '\(now.id)' is not what it was when \(moment): "
            + "\(now.differences(from: before).joined(separator: ", ")) changed"
        )
      }
    }
    guard self != earlier else { return nil }
    return (
      "run.plan_changed",
      "\(differences(from: earlier).joined(separator: ", ")) changed since \(moment)"
    )
  }

  private static let adviceOnChange =
    "put the runbook and the inventory back as they were, or go on with the plan that the journal "
    + "holds: 'lifeboat resume RUN --recorded-plan'"

  private func differences(from other: Plan) -> [String] {
    var names: [String] = []
    if runbook != other.runbook { names.append("the runbook's name") }
    if runType != other.runType { names.append("the run type") }
    if parameters != other.parameters { names.append("parameters") }
    if objectives != other.objectives { names.append("objectives") }
    if prechecks != other.prechecks { names.append("prechecks") }
    if inventory != other.inventory { names.append("the inventory") }
    return names.isEmpty ? ["the description"] : names
  }
}

extension PlannedStep {
  func differences(from other: PlannedStep) -> [String] {
    var names: [String] = []
    if name != other.name { names.append("name") }
    if action != other.action { names.append("action (\(other.action) → \(action))") }
    if target != other.target { names.append("target") }
    if arguments != other.arguments { names.append("with") }
    if when != other.when { names.append("when") }
    if depends != other.depends { names.append("depends") }
    if timeout != other.timeout { names.append("timeout") }
    if retry != other.retry { names.append("retry") }
    if onError != other.onError { names.append("on_error") }
    if onUnreachable != other.onUnreachable { names.append("on_unreachable") }
    if approval != other.approval { names.append("approval") }
    if fanOut != other.fanOut { names.append("the group, max_parallel or max_failed") }
    if overriddenGuards != other.overriddenGuards { names.append("override_guards") }
    return names
  }
}
