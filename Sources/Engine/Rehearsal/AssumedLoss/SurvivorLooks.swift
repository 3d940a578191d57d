import Journal
import Runbook

extension Rehearsal {
  /// What still points at the lost sites, by what is written, by what the rehearsal saw on its way, and by a look at what
  /// the surviving sites depend on whether or not the runbook goes there.
  func pointers(
    at loss: AssumedLoss, in plan: Plan, after course: Course
  ) async throws -> LostSitePointers {
    let catalogue = surroundings.catalogue
    let steps = InventoryChecks(plan: plan, catalogue: catalogue).ofSurvivors(loss.names)
    let seen = try await Walk(surroundings: surroundings, world: world)
      .look(sideBySideAt: steps, plan)
    let looks = zip(steps, seen).map { step, look in
      RehearsedLook(
        step: step, outcome: nil, observation: look.sight.observation, predicted: [])
    }
    let lint = LostSiteLint(plan: plan, catalogue: catalogue, loss: loss)
    return LostSitePointers(
      sites: loss.sites, pointers: lint.pointers(after: course.looks, besides: looks))
  }
}

extension Walk {
  /// The world as it is, at many places at the same time, so that one that is down holds up none of the others.
  func look(sideBySideAt steps: [PlannedStep], _ plan: Plan) async throws -> [Look] {
    try await steps.sideBySide { try await look(at: $0, plan, Course()) }
  }
}
