import Journal
import Runbook

/// The plan and its surroundings, ready to be explored. Worlds and sights are kept once, and states name them by number.
struct ProofModel {
  let plan: Plan
  let domain: any ProofDomain
  let steps: [ProofStep]
  /// The critical ones of which the model has facts.
  private let prechecks: [ProofStep]
  /// The places of the steps that fence.
  private let fencing: [Int]
  let order: ProofOrder
  /// Whether a condition asks how an earlier step ended.
  let asksOutcomes: Bool
  let places: [String: Int]
  private let permitSites: [String]
  /// Whether its steps may change what the rules look at.
  private let isGoverned: Bool
  /// Whether states keep what each step saw before it first acted.
  var keepsBefore = false
  /// How many sites may break down on the way.
  var outages: UInt8 = 0
  /// Whether an act was seen to change what its part is taken to leave alone.
  private(set) var hasStrayed = false
  /// The steps that could not tell how they stand in a world in which every site answers.
  private(set) var unclear: Set<Int> = []

  private var worlds: [ModelWorld] = []
  private var worldNumbers: [ModelWorld: Int32] = [:]
  private var vouchings: [[FactKey: Value]] = []
  private var vouchingNumbers: [[FactKey: Value]: Int32] = [:]
  private var sights: [ProofSight] = []
  private var sightNumbers: [SightKey: Int32] = [:]
  private var acts: [Act] = []
  private var actNumbers: [Act: Int32] = [:]
  private var afterwards: [ActInWorld: Int32] = [:]
  private var controllers: [Int32: [String]] = [:]
  private var happenings: [WorldUnderPermit: [Happened]] = [:]
  private var breaches: [ActInWorld: ProofBreach?] = [:]

  private struct SightKey: Hashable {
    let step: Int
    let world: Int32
    let vouched: Int32
    let fences: [Int]
  }

  /// What a step is about to do. Sights that lead to the same are one.
  struct Act: Hashable {
    let step: Int
    let effect: [FactKey: Value]?
    /// What the act itself checks, as it was seen.
    let rechecked: [FactKey: Value?]
  }

  private struct ActInWorld: Hashable {
    let act: Int32
    let world: Int32
    var isConsentedTo = false
  }

  private struct WorldUnderPermit: Hashable {
    let world: Int32
    let permitted: Int8
  }

  /// A happening, with the world after it by number.
  struct Happened {
    let kind: Happening.Kind
    let words: String
    let world: Int32
  }

  init(
    _ plan: Plan, catalogue: ActionCatalogue, domain: any ProofDomain, time: any TimeSource
  ) async throws {
    self.plan = plan
    self.domain = domain
    let hosts = plan.inventory.schedulerHosts()
    permitSites = Set(hosts.map(\.site)).sorted()
    let permits = try PermitRun(try JSON(encoding: plan), against: hosts)
    var modelled: Set<FactKey> = []
    for beginning in domain.beginnings { modelled.formUnion(beginning.world.facts.keys) }
    var made: [ProofStep] = []
    for step in plan.prechecks + plan.steps {
      made.append(
        try await ProofStep(
          step, plan, catalogue: catalogue, permit: permits.steps[step.id]?.effect,
          modelled: modelled, time: time))
    }
    steps = Array(made.dropFirst(plan.prechecks.count))
    fencing = steps.indices.filter { [steps] in !steps[$0].fenced.isEmpty }
    prechecks = made.prefix(plan.prechecks.count).filter { $0.planned.isCritical && !$0.isAbstract }
    order = ProofOrder(plan.steps)
    asksOutcomes = plan.steps.contains { !$0.references.isEmpty }
    isGoverned = true
    places = Dictionary(
      plan.steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Some of the steps, as if the others weren't there.
  init(_ part: ProofParts.Part, of whole: ProofModel) {
    plan = whole.plan
    domain = whole.domain
    steps = part.steps.map { whole.steps[$0] }
    prechecks = whole.prechecks
    fencing = steps.indices.filter { [steps] in !steps[$0].fenced.isEmpty }
    order = whole.order.restricted(to: part.steps)
    asksOutcomes = steps.contains { !$0.planned.references.isEmpty }
    places = Dictionary(
      steps.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    permitSites = whole.permitSites
    isGoverned = part.isGoverned
  }

  // MARK: - Numbers

  mutating func number(of world: ModelWorld) -> Int32 {
    let settled = domain.settled(world)
    if let number = worldNumbers[settled] { return number }
    let number = Int32(worlds.count)
    worlds.append(settled)
    worldNumbers[settled] = number
    return number
  }

  mutating func number(ofVouching facts: [FactKey: Value]) -> Int32 {
    if let number = vouchingNumbers[facts] { return number }
    let number = Int32(vouchings.count)
    vouchings.append(facts)
    vouchingNumbers[facts] = number
    return number
  }

  func world(_ number: Int32) -> ModelWorld { worlds[Int(number)] }
  func vouching(_ number: Int32) -> [FactKey: Value] { vouchings[Int(number)] }
  func sight(_ number: Int32) -> ProofSight { sights[Int(number)] }

  mutating func inControl(_ number: Int32) -> [String] {
    if let known = controllers[number] { return known }
    let found = domain.inControl(world(number))
    controllers[number] = found
    return found
  }

  /// What may happen by itself.
  mutating func happenings(in world: Int32, permitted number: Int8) -> [Happened] {
    let key = WorldUnderPermit(world: world, permitted: number)
    if let known = happenings[key] { return known }
    let found = domain.happenings(in: self.world(world), permitted: permitted(number)).map {
      Happened(kind: $0.kind, words: $0.words, world: self.number(of: $0.world))
    }.filter { $0.world != world }
    happenings[key] = found
    return found
  }

  /// What an act breaks that turns one world into the other.
  mutating func breach(
    of act: Int32, in before: Int32, to after: Int32, isConsentedTo: Bool
  ) -> ProofBreach? {
    let key = ActInWorld(act: act, world: before, isConsentedTo: isConsentedTo)
    if let known = breaches[key] { return known }
    let found = domain.breach(
      of: ProofAct(
        step: steps[self.act(act).step].planned, before: world(before), after: world(after),
        isConsentedTo: isConsentedTo))
    breaches[key] = .some(found)
    return found
  }

  func isInOrder(_ number: Int32) -> Bool { domain.isInOrder(world(number)) }

  func permitNumber(of site: String?) -> Int8 {
    Int8(site.flatMap { permitSites.firstIndex(of: $0) } ?? -1)
  }

  func permitted(_ number: Int8) -> String? { number < 0 ? nil : permitSites[Int(number)] }

  /// Whether the prechecks let a run begin. What can't be told, a person may accept.
  func mayBegin(in number: Int32) -> Bool {
    let world = world(number)
    return prechecks.allSatisfy { precheck in
      guard let action = precheck.action else { return true }
      switch action.judge(precheck.observation(of: world, in: domain, filledWith: [:])) {
      case .satisfied, .unknown: return true
      case .needed, .blocked: return false
      }
    }
  }

  // MARK: - Looking

  /// What a step sees now, as a number.
  mutating func look(_ step: Int, in state: ProofState) -> Int32 {
    let key = SightKey(
      step: step, world: state.world, vouched: state.vouched, fences: fences(in: state))
    if let number = sightNumbers[key] { return number }
    let sight = makeSight(step, key)
    if case .unknown = sight.verdict, world(state.world).outages.isEmpty { unclear.insert(step) }
    let number = Int32(sights.count)
    sights.append(sight)
    sightNumbers[key] = number
    return number
  }

  /// The fencing steps of this run that are done.
  private func fences(in state: ProofState) -> [Int] {
    fencing.filter { state.steps[$0].phase == .done }
  }

  private func makeSight(_ index: Int, _ key: SightKey) -> ProofSight {
    let step = steps[index]
    let world = world(key.world)
    guard let action = step.action else { return abstractSight(step, world) }
    var known = vouching(key.vouched)
    for fence in key.fences {
      for fact in steps[fence].fenced { known[fact] = known[fact] ?? world.facts[fact] }
    }
    let seen = step.observation(of: world, in: domain, filledWith: known)
    let sight = Sight(observation: seen, verdict: action.judge(seen))
    let guards = (action as? any ActingAction)?.guards ?? []
    let check = GuardCheck(guards, on: seen, overridden: step.planned.overriddenGuards)
    let effect = action.predict(seen).map { predicted in
      Dictionary(
        predicted.facts.compactMap { fact in fact.reading.value.map { (fact.key, $0) } },
        uniquingKeysWith: { $1 })
    }
    return ProofSight(
      observation: seen, verdict: sight.verdict,
      question: step.planned.factsToVouchFor(action, sight),
      refusal: check.refusals.isEmpty ? nil : check.explanation,
      isGuarded: PermitLedger.areOthersDown(by: check.records),
      consent: action.consentQuestion(for: sight)?.prompt, effect: effect)
  }

  /// A step of which the model has no facts is done when it has been done.
  private func abstractSight(_ step: ProofStep, _ world: ModelWorld) -> ProofSight {
    let isDone = world.facts[step.doneKey] == true
    return ProofSight(
      observation: Observation(),
      verdict: isDone ? .satisfied("it is so") : .needed("it is to be done"),
      question: [], refusal: nil, isGuarded: false, consent: nil, effect: [step.doneKey: true])
  }

  // MARK: - Effects

  /// What a step that saw this is about to do.
  mutating func act(of step: Int, given sight: ProofSight) -> Int32 {
    watch(sight.effect, of: steps[step])
    let keys = (steps[step].action as? any ActingAction)?.rechecked ?? []
    let seen = keys.map { ($0, sight.observation[$0]?.reading.value) }
    let act = Act(
      step: step, effect: sight.effect, rechecked: Dictionary(seen, uniquingKeysWith: { $1 }))
    if let number = actNumbers[act] { return number }
    let number = Int32(acts.count)
    acts.append(act)
    actNumbers[act] = number
    return number
  }

  private mutating func watch(_ effect: [FactKey: Value]?, of step: ProofStep) {
    guard let effect, !hasStrayed else { return }
    hasStrayed = effect.keys.contains { key in
      domain.governs(key.subject) ? !isGoverned : !step.subjects.contains(key.subject)
    }
  }

  func act(_ number: Int32) -> Act { acts[Int(number)] }

  /// The world after an act took effect; nil when it can't: a site that it changes doesn't answer, or what the act checks
  /// itself is not as it was seen.
  mutating func world(after act: Int32, in world: Int32) -> Int32? {
    let key = ActInWorld(act: act, world: world)
    if let known = afterwards[key] { return known < 0 ? nil : known }
    let result = changed(self.world(world), by: self.act(act)).map { number(of: $0) }
    afterwards[key] = result ?? -1
    return result
  }
}
