import Journal
import Runbook

/// One step of a plan as a proof sees it: the action itself, and which facts it looks at.
struct ProofStep: Sendable {
  let planned: PlannedStep
  /// Nil where its values come from earlier steps: it is made anew in each state.
  private let fixed: (any Action)?
  private let catalogue: ActionCatalogue
  private let inventory: Inventory
  let schema: ActionSchema
  /// What the action's probe states.
  private let keys: Set<FactKey>
  private let subjects: Set<String>
  /// Of a fencing action: what it sees without asking the target.
  let fenced: Set<FactKey>
  let effectOnPermit: PermitRun.Step.Effect?
  /// No fact that the model has tells how it stands.
  let isAbstract: Bool

  init(
    _ step: PlannedStep, _ plan: Plan, catalogue: ActionCatalogue, permit: PermitRun.Step.Effect?,
    modelled: Set<FactKey>, time: any TimeSource
  ) async throws {
    planned = step
    self.catalogue = catalogue
    inventory = plan.inventory
    effectOnPermit = permit
    guard let type = catalogue[step.action] else {
      throw EngineError("action.unknown", "there is no action '\(step.action)'")
    }
    schema = type.schema
    guard step.references.isEmpty else {
      (fixed, keys, subjects, fenced, isAbstract) = (nil, [], [], [], true)
      return
    }
    let action = try step.makeAction(
      from: catalogue, inventory: plan.inventory, facts: StepFacts())
    fixed = action
    let seen = try await Self.dark(action, time)
    keys = Set(seen)
    subjects = Set(seen.map(\.subject))
    fenced =
      action is any FencingAction
      ? Set((action.predict(Observation())?.facts ?? []).map(\.key)) : []
    isAbstract = !(action is any GateAction) && keys.isDisjoint(with: modelled)
  }

  private static func dark(_ action: any Action, _ time: any TimeSource) async throws -> [FactKey] {
    do {
      return try await action.probe(DarkObserver(time: time)).facts.map(\.key)
    } catch is ActionError {
      return []
    }
  }

  var id: String { planned.id }

  var gate: (any GateAction)? { fixed as? any GateAction }

  var isRepeatable: Bool {
    isAbstract
      ? schema.isRepeatable : (fixed as? any ActingAction)?.isRepeatable ?? true
  }

  var action: (any Action)? { isAbstract ? nil : fixed }

  /// The fact by which a step that the model has no facts for is done.
  var doneKey: FactKey { FactKey("step:\(id)", "done") }

  /// What the action sees: its facts where the target can be asked, else what people and fences say.
  func observation(
    of world: ModelWorld, in domain: any ProofDomain, filledWith known: [FactKey: Value]
  ) -> Observation {
    var facts: [Fact] = []
    var stated: Set<FactKey> = []
    func state(_ key: FactKey, _ value: Value?) {
      guard stated.insert(key).inserted else { return }
      if !fenced.contains(key), let site = domain.site(of: key.subject),
        world.outages[site] != nil
      {
        facts.append(
          known[key].map { Fact(key.subject, key.property, .value($0), source: .attested) }
            ?? Fact(key.subject, key.property, .unreachable("\(site) doesn't answer")))
      } else {
        facts.append(
          Fact(
            key.subject, key.property, value.map(Reading.value) ?? .unknown("it isn't in the model")
          ))
      }
    }
    for key in keys.sorted() { state(key, world.facts[key]) }
    // Of what was dark a probe names less than it says of what answers.
    for (key, value) in world.facts where subjects.contains(key.subject) { state(key, value) }
    return Observation(facts)
  }
}
