import Journal
import Runbook

/// One step of a plan as a proof sees it: the action itself, and which facts it looks at.
struct ProofStep: Sendable {
  let planned: PlannedStep
  /// Nil where its values come from earlier steps.
  private let fixed: (any Action)?
  let schema: ActionSchema
  /// What the action's probe states.
  private let keys: Set<FactKey>
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
    effectOnPermit = permit
    guard let type = catalogue[step.action] else {
      throw EngineError("action.unknown", "there is no action '\(step.action)'")
    }
    schema = type.schema
    guard step.references.isEmpty else {
      (fixed, keys, fenced, isAbstract) = (nil, [], [], true)
      return
    }
    let action = try step.makeAction(
      from: catalogue, inventory: plan.inventory, facts: StepFacts())
    fixed = action
    keys = Set(try await Self.dark(action, time))
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

  /// What it looks at, and what a person is asked about it.
  var subjects: Set<String> {
    let asked = gate?.question.facts.map(\.key) ?? []
    return Set((isAbstract ? [doneKey] : keys + asked).map(\.subject))
  }

  /// Whether what other steps see can be otherwise for it: it acts, is vouched for, or fences.
  var changesWhatItSees: Bool {
    schema.effect == .changes || gate != nil || !fenced.isEmpty
      || planned.onUnreachable == .attest
  }

  var action: (any Action)? { isAbstract ? nil : fixed }

  /// The fact by which a step that the model has no facts for is done.
  var doneKey: FactKey { FactKey("step:\(id)", "done") }

  /// What the action sees: its facts where the target can be asked, else what people and fences say.
  func observation(
    of world: ModelWorld, in domain: any ProofDomain, filledWith known: [FactKey: Value]
  ) -> Observation {
    // Of what was dark a probe names less than it says of what answers.
    let subjects = Set(keys.map(\.subject))
    let more = world.facts.keys.filter { subjects.contains($0.subject) && !keys.contains($0) }
    return Observation(
      (keys.sorted() + more.sorted()).map { key in
        guard !fenced.contains(key), let site = domain.site(of: key.subject),
          world.outages[site] != nil
        else {
          let reading = world.facts[key].map(Reading.value) ?? .unknown("it isn't in the model")
          return Fact(key.subject, key.property, reading)
        }
        return known[key].map { Fact(key.subject, key.property, .value($0), source: .attested) }
          ?? Fact(key.subject, key.property, .unreachable("\(site) doesn't answer"))
      })
  }
}
