import Actuators
import Runbook
import Synchronization
import TestSupport

@testable import Engine

/// What all schedules of one plan share, made once.
final class ScheduledPlan: Sendable {
  /// Which facts a step's probe states, and which of them it sees without asking the target.
  struct Sight {
    let keys: Set<FactKey>
    let seeingThrough: Set<FactKey>
  }

  static let catalogue = ActionCatalogue.standard.modelled

  let plan: Plan
  let domain: SchedulerDomain
  let beginnings: [ProofBeginning]
  /// The steps that change something.
  let actingSteps: [String]
  private let sights = Mutex<[String: Sight]>([:])
  private let ends = Mutex<[String: Bool]>([:])

  /// Time-outs of a few seconds: a step that waits in vain looks a dozen times then, and not a hundred.
  init(
    _ variant: Variant, in inventory: String = "Fixtures/lab/sites.yaml", asksPermit: Bool = true
  ) throws {
    plan = try variant.replacingTimeouts(by: "10s").plan(in: inventory)
    domain = SchedulerDomain(plan, asksPermit: asksPermit)
    beginnings = domain.beginnings
    actingSteps = plan.steps.filter {
      Self.catalogue[$0.action]?.schema.effect == .changes
    }.map(\.id)
  }

  /// An action that is asked in the dark names all the facts that it looks at.
  func sight(of action: any Action, step: String) async throws -> Sight {
    if let known = sights.withLock({ $0[step] }) { return known }
    let dark = try await action.probe(DarkObserver(time: ManualClock()))
    let through = action is any FencingAction ? action.predict(Observation())?.facts ?? [] : []
    let sight = Sight(
      keys: Set(dark.facts.map(\.key)), seeingThrough: Set(through.map(\.key)))
    sights.withLock { $0[step] = sight }
    return sight
  }

  /// Whether a run that begins here ends when nothing goes wrong. Where it doesn't, the runbook is for another situation.
  func ends(from beginning: ProofBeginning) async throws -> Bool {
    if let known = ends.withLock({ $0[beginning.name] }) { return known }
    let ends = try await FaultSchedule(self, seed: 0, from: beginning, isCalm: true).play().isDone
    self.ends.withLock { $0[beginning.name] = ends }
    return ends
  }

  /// Whether it ends from none of the beginnings in which something is left to do.
  func isEndless() async throws -> Bool {
    for beginning in beginnings where !beginning.isGoal {
      if try await ends(from: beginning) { return false }
    }
    return true
  }
}
