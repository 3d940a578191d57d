import Actuators
import Foundation
import Runbook
import Synchronization
import TestSupport

@testable import Engine

/// An imagined world that moves while a real run goes on in it: sites go and come back, acts fail in all ways, and every
/// rule that the proof holds is checked at every change.
final class ScheduledWorld: OperableWorld {
  /// What may go wrong.
  enum Weather {
    case rough
    /// Nothing any more; and what was lost on the way comes back.
    case calm
    /// What was lost at the beginning too.
    case restored
  }

  struct State {
    var world: ModelWorld
    var random: SeededGenerator
    var weather = Weather.rough
    let troubles: Troubles
    /// Whether the step at which there is trouble has begun to act.
    var isNear = false
    var outagesLeft = 1
    /// What is still to come of a pair of troubles.
    var isPairBegun = false
    var looksUntilOutage: Int?
    var hasPower = true
    var late: (act: ScheduledAct, at: Duration)?
    var breaches: [ProofBreach] = []
    /// The steps at which a person consented to what is at stake.
    var consented: Set<String> = []
    /// What happened, in words.
    var story: [String] = []
  }

  let time: any TimeSource
  /// Of the runner, which dies with it.
  private let store: FaultyJournalStore
  private let scheduled: ScheduledPlan
  private let lostAtFirst: Set<String>
  private let state: Mutex<State>
  /// Which site may run its scheduler, as the journal tells.
  private let permitted: @Sendable () -> String?

  private var domain: SchedulerDomain { scheduled.domain }

  init(
    _ scheduled: ScheduledPlan, from beginning: ProofBeginning, seed: UInt64,
    time: any TimeSource, store: FaultyJournalStore, permitted: @escaping @Sendable () -> String?
  ) {
    self.scheduled = scheduled
    self.time = time
    self.store = store
    self.permitted = permitted
    lostAtFirst = Set(beginning.world.outages.keys)
    var random = SeededGenerator(seed: seed)
    let troubles = Troubles(in: scheduled.actingSteps, &random)
    state = Mutex(
      State(
        world: scheduled.domain.settled(beginning.world), random: random, troubles: troubles,
        looksUntilOutage: troubles.pair?.look,
        story: ["trouble: \(troubles)"]))
  }

  func makeObserver() -> any Observer { ModelObserver(world: self) }
  func makeProbeFileWriter(token: String) -> any ProbeFileWriter {
    ModelOperator(world: self, token: token)
  }
  func makeOperator(token: String) -> any Operator { ModelOperator(world: self, token: token) }

  // MARK: - What a run does

  func look(for action: any Action, of step: String) async throws -> Observation {
    let sight = try await scheduled.sight(of: action, step: step)
    move(at: step)
    return try state.withLock { state in
      try state.requirePower()
      return seen(by: sight, state)
    }
  }

  /// What whoever waits for a site, or goes there, sees: all but a site that was lost at first. Nothing moves meanwhile.
  func seenOnTheSpot(by sight: ScheduledPlan.Sight) -> Observation {
    state.withLock {
      var state = $0
      state.world.outages = state.world.outages.filter {
        lostAtFirst.contains($0.key) && $0.value != .cutOff
      }
      return seen(by: sight, state)
    }
  }

  private func seen(by sight: ScheduledPlan.Sight, _ state: State) -> Observation {
    state.world.observation(of: sight.keys, seeingThrough: sight.seeingThrough, in: domain)
  }

  func act(_ act: ScheduledAct, given seen: Observation) async throws {
    checkAge(of: seen, at: act.step)
    move(at: act.step)
    let mishap = state.withLock { state in
      state.isNear = state.isNear || state.troubles.step == act.step
      let mishap = state.mishap(at: act.step)
      if let mishap { state.story.append("\(act.step): \(mishap.rawValue)") }
      return mishap
    }
    switch mishap {
    case .unreachable:
      throw ActionError("model.unreachable", "it can't be reached", kind: .unreachable)
    case .failsBefore: throw ActionError("model.failed", "it said no")
    case .lies: return
    case .hangsBefore: try await waitForever()
    case .diesBefore: try dieActing()
    case .diesAfter:
      try take(act)
      try dieActing()
    case .comesLate: return takeLater(act)
    case .hangsAndComesLate:
      takeLater(act)
      try await waitForever()
    case .failsAfter:
      try take(act)
      throw ActionError("model.failed", "it said that it failed")
    case .answerLost:
      try take(act)
      throw ActionError("model.lost", "the answer was lost", kind: .inDoubt)
    case .hangsAfter:
      try take(act)
      try await waitForever()
    case nil: try take(act)
    }
  }

  /// Whatever held the run up, it acts on nothing that was seen or vouched for long ago.
  private func checkAge(of seen: Observation, at step: String) {
    let now = time.now()
    for fact in seen.facts {
      let limit: Double = fact.source == .attested ? 15 * 60 : 30
      guard fact.at.map({ now.timeIntervalSince($0) > limit }) ?? true else { continue }
      let words = "\(step) acts on \(fact.key.subject) \(fact.key.property), which is too old"
      state.withLock { $0.breaches.append(ProofBreach("acted-on-old-facts", words)) }
      return
    }
  }

  private func waitForever() async throws -> Never {
    while true { try await time.sleep(for: .seconds(3600)) }
  }

  private func dieActing() throws -> Never {
    die()
    throw CancellationError()
  }

  private func takeLater(_ act: ScheduledAct) {
    let now = time.uptime()
    state.withLock { state in
      let delay = Duration.seconds(Int.random(in: 1...60, using: &state.random))
      state.late = state.late ?? (act, now + delay)
    }
  }

  private func take(_ act: ScheduledAct) throws {
    try state.withLock { state in
      try state.requirePower()
      guard bringAbout(act, isConsentedTo: state.consented.contains(act.step), &state) else {
        throw ActionError("model.unreachable", "it can't be done any more", kind: .unreachable)
      }
    }
  }

  /// False when it can't be: a site that it changes doesn't answer, or what the act checks itself is not as it was seen.
  fileprivate func bringAbout(
    _ act: ScheduledAct, isConsentedTo: Bool, _ state: inout State
  ) -> Bool {
    let before = state.world
    guard act.rechecked.allSatisfy({ before.facts[$0.key] == $0.value }) else { return false }
    var after = before
    for (key, value) in act.effect where before.facts[key] != value {
      if let site = domain.site(of: key.subject), before.outages[site] != nil { return false }
      after.facts[key] = value
    }
    set(after, &state)
    state.story.append("\(act.step) takes effect")
    // The undoing of a step is held to the rules too.
    if let planned = scheduled.plan.steps.first(where: {
      act.step == $0.id || act.step == "undo-\($0.id)"
    }),
      let breach = domain.breach(
        of: ProofAct(
          step: planned, before: before, after: state.world, isConsentedTo: isConsentedTo))
    {
      state.breaches.append(breach)
    }
    return true
  }

  private func set(_ world: ModelWorld, _ state: inout State) {
    state.world = domain.settled(world)
    let inControl = domain.inControl(state.world)
    guard inControl.count > 1 else { return }
    state.breaches.append(
      ProofBreach(
        "two-in-control", "\(inControl.joined(separator: " and ")) are in control at once"))
  }

  // MARK: - What happens by itself

  /// Lets something happen, or nothing; says whether something did.
  @discardableResult
  func move(at step: String? = nil) -> Bool {
    let permitted = permitted()
    let now = time.uptime()
    return state.withLock { state in
      if state.isCutOff(at: step) {
        let outages = domain.happenings(in: state.world, permitted: permitted).filter {
          $0.kind == .outage
        }
        guard let outage = outages.randomElement(using: &state.random) else { return false }
        take(outage, &state)
        return true
      }
      if let late = state.late, late.at <= now {
        state.late = nil
        state.story.append("what \(late.act.step) began takes effect after all")
        _ = bringAbout(late.act, isConsentedTo: true, &state)
      }
      guard state.weather != .rough || state.chance(1, in: 3) else { return false }
      let happenings = domain.happenings(in: state.world, permitted: permitted).filter {
        mayHappen($0, state)
      }
      guard let happening = happenings.randomElement(using: &state.random),
        isLikely(happening, &state)
      else { return false }
      take(happening, &state)
      return true
    }
  }

  private func take(_ happening: Happening, _ state: inout State) {
    if happening.kind == .outage { state.outagesLeft -= 1 }
    state.story.append(happening.words)
    set(happening.world, &state)
  }

  private func mayHappen(_ happening: Happening, _ state: State) -> Bool {
    switch (happening.kind, state.weather) {
    case (.outage, .rough):
      state.outagesLeft > 0 && state.troubles.outages
        && (state.isNear || state.troubles.step == nil)
    case (.outage, _): false
    case (.comesBack(let site), .calm): !lostAtFirst.contains(site)
    case (.comesBack, _), (.goesOn, _), (.byHand, _): true
    }
  }

  /// What breaks and what is mended may take a while; what works does its work soon.
  private func isLikely(_ happening: Happening, _ state: inout State) -> Bool {
    switch happening.kind {
    case .outage, .comesBack: state.weather != .rough || state.chance(1, in: 4)
    case .goesOn, .byHand: true
    }
  }
}

// MARK: - What a schedule arranges and looks at

extension ScheduledWorld {
  func turn(_ weather: Weather) {
    state.withLock { state in
      if state.weather != weather { state.story.append("from now on it is \(weather)") }
      state.weather = weather
    }
    settle()
  }

  /// Lets everything happen that still may, when nothing goes wrong any more.
  func settle() { for _ in 0..<20 { guard move() else { return } } }
  /// Nothing reaches the journal any more, and nothing the world.
  func die() {
    store.cutPower()
    state.withLock {
      $0.hasPower = false
      $0.story.append("the runner dies")
    }
  }

  func restorePower() {
    store.restorePower()
    state.withLock { $0.hasPower = true }
  }

  /// What is undone has ended: what was late takes effect now, or never.
  func endLate() {
    state.withLock { state in
      guard let late = state.late else { return }
      state.late = nil
      guard state.chance(1, in: 2) else { return }
      state.story.append("what \(late.act.step) began takes effect after all")
      _ = bringAbout(late.act, isConsentedTo: true, &state)
    }
  }

  /// After the first run was undone: services and copies are as they were, where no site was lost.
  func checkRestored(to beginning: ProofBeginning) {
    let before = domain.settled(beginning.world)
    guard before.outages.isEmpty, domain.isInOrder(before) else { return }
    state.withLock { state in
      guard state.outagesLeft == 1 else { return }
      let changed = before.facts.first { key, value in
        ["state", "start_type", "role"].contains(key.property) && state.world.facts[key] != value
      }
      guard let key = changed?.key else { return }
      let words = "after the abort \(key.subject) \(key.property) isn't what it was"
      state.breaches.append(ProofBreach("abort-not-restoring", words))
    }
  }

  /// Another run asks again.
  func forgetConsents() { state.withLock { $0.consented = [] } }
  func consent(at step: String) { state.withLock { _ = $0.consented.insert(step) } }
  func tell(_ words: String) { state.withLock { $0.story.append(words) } }
  func chance(_ count: Int, in total: Int) -> Bool {
    state.withLock { $0.chance(count, in: total) }
  }
  /// Whether a person says no here, as one of a pair of troubles.
  func refuses(at step: String) -> Bool {
    state.withLock {
      guard let pair = $0.troubles.pair, pair.mishap == nil else { return false }
      return $0.beginsPair(at: step)
    }
  }
  /// Whether runners may die, and people be away.
  var troubles: Troubles { state.withLock(\.troubles) }
  func choose<Element: Sendable>(_ choices: [Element]) -> Element? {
    state.withLock { state in choices.randomElement(using: &state.random) }
  }

  var breaches: [ProofBreach] { state.withLock(\.breaches) }
  var story: [String] { state.withLock(\.story) }
  var isInOrder: Bool { state.withLock { domain.isInOrder($0.world) } }

  /// Whether a person who looks would say that these facts are so.
  func isSo(_ facts: [Fact]) -> Bool {
    state.withLock { state in
      facts.allSatisfy { state.world.facts[$0.key] == $0.reading.value }
    }
  }
}

extension ScheduledWorld.State {
  fileprivate mutating func chance(_ count: Int, in total: Int) -> Bool {
    Int.random(in: 0..<total, using: &random) < count
  }

  /// Whether it is now that the site of a pair of troubles is lost.
  fileprivate mutating func isCutOff(at step: String?) -> Bool {
    guard weather == .rough, let looks = looksUntilOutage, let step, step == troubles.pair?.cutOff
    else { return false }
    looksUntilOutage = looks > 0 ? looks - 1 : nil
    return looks == 0
  }

  /// Whether it is now that the first of a pair of troubles happens.
  fileprivate mutating func beginsPair(at step: String) -> Bool {
    guard weather == .rough, !isPairBegun, step == troubles.pair?.failing else { return false }
    isPairBegun = true
    return true
  }

  fileprivate mutating func mishap(at step: String) -> Mishap? {
    if let pair = troubles.pair {
      return pair.mishap != nil && beginsPair(at: step) ? pair.mishap : nil
    }
    guard weather == .rough, troubles.mishaps, troubles.step ?? step == step,
      chance(troubles.step == nil ? 1 : 2, in: 3)
    else { return nil }
    return Mishap.allCases.randomElement(using: &random)
  }

  fileprivate func requirePower() throws {
    guard hasPower else { throw ActionError("model.dead", "the runner is dead") }
  }
}
