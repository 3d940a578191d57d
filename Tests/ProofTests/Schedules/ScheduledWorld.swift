import Actuators
import Foundation
import Runbook
import Synchronization
import TestSupport

@testable import Engine

/// An imagined world that moves while a real run goes on in it: sites go and come back, acts fail in all ways, and every
/// rule that the proof holds is checked at every change.
final class ScheduledWorld: OperableWorld {
  static let runLength = 5

  struct State {
    var world: ModelWorld
    var random: SeededGenerator
    var isCalm = false
    var outagesLeft = 1
    var hasPower = true
    var late: (effect: [FactKey: Value], at: Duration)?
    var broken: [String] = []
    /// The last look of any step, counted; and when people last answered.
    var consented = false
  }

  let time: any TimeSource
  let domain: SchedulerDomain
  private let plan: Plan
  private let lostAtFirst: Set<String>
  private let state: Mutex<State>
  /// Which site may run its scheduler, as the journal tells.
  private let permitted: @Sendable () -> String?

  init(
    _ plan: Plan, _ domain: SchedulerDomain, from beginning: ProofBeginning,
    seed: UInt64, time: any TimeSource, permitted: @escaping @Sendable () -> String?
  ) {
    self.plan = plan
    self.domain = domain
    self.time = time
    self.permitted = permitted
    lostAtFirst = Set(beginning.world.outages.keys)
    state = Mutex(
      State(world: domain.settled(beginning.world), random: SeededGenerator(seed: seed)))
  }

  func makeObserver() -> any Observer { ModelObserver(world: self) }
  func makeProbeFileWriter(token: String) -> any ProbeFileWriter {
    ModelOperator(world: self, token: token)
  }
  func makeOperator(token: String) -> any Operator { ModelOperator(world: self, token: token) }

  // MARK: - What a run does

  func look(at keys: Set<FactKey>, seeingThrough: Set<FactKey>) async throws -> Observation {
    move()
    return try state.withLock { state in
      guard state.hasPower else { throw ActionError("model.dead", "the runner is dead") }
      return state.world.observation(of: keys, seeingThrough: seeingThrough, in: domain)
    }
  }

  func act(
    _ step: String, _ predicted: Observation?, rechecking keys: [FactKey], seen: Observation
  ) async throws {
    move()
    let fault = state.withLock { state in
      state.isCalm || Int.random(in: 0..<3, using: &state.random) > 0
        ? nil : ActFault.allCases.randomElement(using: &state.random)
    }
    guard let effect = predicted.map({ values(of: $0) }) else { return }
    switch fault {
    case .unreachable:
      throw ActionError("model.unreachable", "it can't be reached", kind: .unreachable)
    case .failsBefore: throw ActionError("model.failed", "it said no")
    case .lies: return
    case .hangsBefore: try await waitForever()
    case .comesLate:
      let at = time.uptime() + FakeWorld.delay
      state.withLock { $0.late = $0.late ?? (effect, at) }
    case .failsAfter:
      try take(effect, of: step, rechecking: keys, seen: seen)
      throw ActionError("model.failed", "it said that it failed")
    case .answerLost:
      try take(effect, of: step, rechecking: keys, seen: seen)
      throw ActionError("model.lost", "the answer was lost", kind: .inDoubt)
    case .hangsAfter:
      try take(effect, of: step, rechecking: keys, seen: seen)
      try await waitForever()
    case nil: try take(effect, of: step, rechecking: keys, seen: seen)
    }
  }

  private func waitForever() async throws -> Never {
    while true { try await time.sleep(for: .seconds(3600)) }
  }

  private func values(of predicted: Observation) -> [FactKey: Value] {
    Dictionary(
      predicted.facts.compactMap { fact in fact.reading.value.map { (fact.key, $0) } },
      uniquingKeysWith: { $1 })
  }

  private func take(
    _ effect: [FactKey: Value], of step: String, rechecking keys: [FactKey], seen: Observation
  ) throws {
    try state.withLock { state in
      guard state.hasPower else { throw ActionError("model.dead", "the runner is dead") }
      for key in keys where state.world.facts[key] != seen[key]?.reading.value {
        throw ActionError("model.moved", "\(key) is not what it was")
      }
      guard let after = changed(state.world, by: effect) else {
        throw ActionError("model.unreachable", "it can't be reached", kind: .unreachable)
      }
      if let planned = plan.steps.first(where: { $0.id == step }),
        let breach = domain.breach(
          of: ProofAct(
            step: planned, before: state.world, after: after, isConsentedTo: state.consented))
      {
        state.broken.append(breach.code)
      }
      set(after, &state)
    }
  }

  private func changed(_ world: ModelWorld, by effect: [FactKey: Value]) -> ModelWorld? {
    var after = world
    for (key, value) in effect where world.facts[key] != value {
      if let site = domain.site(of: key.subject), world.outages[site] != nil { return nil }
      after.facts[key] = value
    }
    return domain.settled(after)
  }

  private func set(_ world: ModelWorld, _ state: inout State) {
    state.world = domain.settled(world)
    if domain.inControl(state.world).count > 1 { state.broken.append("two-in-control") }
  }

  // MARK: - What happens by itself

  /// Lets something happen, or nothing.
  private func move() {
    let permitted = permitted()
    let now = time.uptime()
    state.withLock { state in
      if let late = state.late, late.at <= now {
        state.late = nil
        if let after = changed(state.world, by: late.effect) { set(after, &state) }
      }
      let happenings = domain.happenings(in: state.world, permitted: permitted)
      guard let happening = happenings.randomElement(using: &state.random) else { return }
      switch happening.kind {
      case .outage:
        guard !state.isCalm, state.outagesLeft > 0,
          Int.random(in: 0..<4, using: &state.random) == 0
        else { return }
        state.outagesLeft -= 1
      case .comesBack:
        guard state.isCalm || Int.random(in: 0..<3, using: &state.random) == 0 else { return }
      case .goesOn, .byHand: break
      }
      set(happening.world, &state)
    }
  }

  // MARK: - What a schedule arranges and looks at

  /// From now on nothing goes wrong; what was lost on the way comes back.
  func calm() {
    let permitted = permitted()
    state.withLock { state in
      state.isCalm = true
      for happening in domain.happenings(in: state.world, permitted: permitted) {
        guard case .comesBack(let site) = happening.kind, !lostAtFirst.contains(site) else {
          continue
        }
        set(happening.world, &state)
      }
    }
  }
  /// Lets everything happen that still may.
  func settle() { for _ in 0..<20 { move() } }
  func cutPower() { state.withLock { $0.hasPower = false } }
  func restorePower() { state.withLock { $0.hasPower = true } }
  func consent() { state.withLock { $0.consented = true } }
  var broken: [String] { state.withLock(\.broken) }
  var world: ModelWorld { state.withLock(\.world) }

  /// Whether a person who looks would say that these facts are so.
  func isSo(_ facts: [Fact]) -> Bool {
    let world = world
    return facts.allSatisfy { world.facts[$0.key] == $0.reading.value }
  }
}
