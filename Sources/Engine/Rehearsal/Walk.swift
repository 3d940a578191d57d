import Journal
import Runbook

/// What one look at a step's targets gave, before predictions were laid over it, and what was made of it.
struct Glance: Sendable {
  /// What the probe returned.
  let seen: Observation
  /// In the world as earlier steps would leave it.
  let verdict: Verdict
}

/// The way through a plan that a rehearsal takes: each precheck and each step is looked at and judged in the world as the
/// steps before it would leave it. Before a saved plan is executed the same way is taken again.
struct Walk: Sendable {
  /// How what reading can't show is proved by writing probe files.
  typealias Proof =
    @Sendable (_ action: any ProvableByProbeFiles, _ step: PlannedStep, _ seen: Sight) async throws
    -> Sight

  let surroundings: Surroundings
  let world: any ObservableWorld
  /// Nil: it stays unknown.
  var prove: Proof?

  /// Whoever wants to know what was found on the way.
  struct Keeper {
    let precheck: (PlannedStep, Sight, Glance) async throws -> Void
    /// `Course`: as the steps before it have left it.
    let step: (PlannedStep, Judgement, Course) async throws -> Void
  }

  func go(through plan: Plan, _ keeper: Keeper) async throws -> Course {
    var course = Course()
    for step in plan.prechecks {
      let look = try await look(at: step, plan, course)
      try await keeper.precheck(step, look.sight, look.glance)
      course.take(precheck: step, look.sight)
    }
    for steps in plan.steps.together {
      let judgements = try await judge(steps, plan, course)
      for (step, judgement) in zip(steps, judgements) {
        try await keeper.step(step, judgement, course)
        course.take(step, judgement)
      }
    }
    return course
  }

  /// The hosts of a fan-out are looked at side by side: none of them depends on another.
  private func judge(
    _ steps: [PlannedStep], _ plan: Plan, _ course: Course
  ) async throws -> [Judgement] {
    try await steps.sideBySide(steps.first?.fanOut?.maxParallel ?? 1) {
      try await judge($0, plan, course)
    }
  }

  private func judge(
    _ step: PlannedStep, _ plan: Plan, _ course: Course
  ) async throws -> Judgement {
    do {
      if let condition = step.when, !(try condition.holds(course.facts.value(of:))) {
        return Judgement(
          outcome: .wouldSkip, message: "'\(condition.text)' does not hold", basis: course.basis)
      }
      let look = try await look(at: step, plan, course)
      var judgement = Judgement(
        of: step, look.action, look.sight, basis: course.basis(of: look.sight, by: look.action))
      judgement.glance = look.glance
      return judgement
    } catch let error as ActionError {
      // A value that an earlier step will only have at run time.
      return Judgement(outcome: .unknown, message: error.description, basis: course.basis)
    }
  }

  /// What one look gives; gates are not looked at.
  struct Look: Sendable {
    let action: (any Action)?
    let sight: Sight
    let glance: Glance

    init(_ action: (any Action)?, _ first: Sight, proved: Sight? = nil) {
      self.action = action
      sight = proved ?? first
      glance = Glance(seen: first.seen, verdict: first.verdict)
    }
  }

  func look(
    at step: PlannedStep, _ plan: Plan, _ course: Course
  ) async throws -> Look {
    let action: any Action
    do {
      action = try step.makeAction(
        from: surroundings.catalogue, inventory: plan.inventory, facts: course.facts)
    } catch let error as ActionError where error.code != "step.reference_unknown" {
      return Look(nil, Sight(observation: Observation(), verdict: .unknown(error.description)))
    }
    if action is any GateAction {
      return Look(action, Sight(observation: Observation(), verdict: .needed("would ask")))
    }
    let sight = try await action.look(
      with: world.makeObserver(), within: try step.duration(step.timeout), time: surroundings.time
    ) { $0.overlaid(with: course.predictions) }
    guard let prove, !sight.verdict.isSatisfied, let provable = action as? any ProvableByProbeFiles
    else { return Look(action, sight) }
    return Look(action, sight, proved: try await prove(provable, step, sight))
  }
}

extension [PlannedStep] {
  /// The steps in order, those of one fan-out together.
  fileprivate var together: [[PlannedStep]] {
    var result: [[PlannedStep]] = []
    for step in self {
      if step.fanOut != nil, result.last?.first?.fanOut == step.fanOut {
        result[result.count - 1].append(step)
      } else {
        result.append([step])
      }
    }
    return result
  }
}
