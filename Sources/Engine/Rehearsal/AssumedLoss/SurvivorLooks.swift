import Journal
import Runbook

extension Rehearsal {
  /// What still points at the lost sites, by what is written, by what the rehearsal saw on its way, and by a look at what
  /// the surviving sites depend on whether or not the runbook goes there.
  func pointers(
    at loss: AssumedLoss, in plan: Plan, _ recorder: Recorder, after course: Course
  ) async throws -> LostSitePointers {
    let catalogue = surroundings.catalogue
    let steps = InventoryChecks(plan: plan, catalogue: catalogue).ofSurvivors(loss.names)
    let sights = try await look(sideBySideAt: steps, plan, recorder)
    let looks = zip(steps, sights).map { step, seen in
      RehearsedLook(
        step: step, outcome: nil, observation: seen.sight.observation, predicted: [])
    }
    let lint = LostSiteLint(plan: plan, catalogue: catalogue, loss: loss)
    return LostSitePointers(
      sites: loss.sites, pointers: lint.pointers(after: course.looks, besides: looks))
  }

  /// The world as it is, at many places at the same time, so that one that is down holds up none of the others.
  func look(
    sideBySideAt steps: [PlannedStep], _ plan: Plan, _ recorder: Recorder
  ) async throws -> [(action: (any Action)?, sight: Sight)] {
    let limit = 16
    return try await withThrowingTaskGroup(of: (Int, (any Action)?, Sight).self) { group in
      var seen = [(action: (any Action)?, sight: Sight)?](repeating: nil, count: steps.count)
      for (place, step) in steps.enumerated() {
        if place >= limit, let (done, action, sight) = try await group.next() {
          seen[done] = (action, sight)
        }
        group.addTask {
          let (action, sight) = try await look(at: step, plan, recorder, Course())
          return (place, action, sight)
        }
      }
      for try await (done, action, sight) in group { seen[done] = (action, sight) }
      return seen.compactMap(\.self)
    }
  }
}
