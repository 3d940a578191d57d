import Runbook

/// One way to go on from a state.
struct ProofMove {
  let event: ProofEvent
  let state: ProofState
  /// What the move itself breaks; what a state breaks is found at the state.
  var breach: ProofBreach?

  init(_ event: ProofEvent, _ state: ProofState, breach: ProofBreach? = nil) {
    self.event = event
    self.state = state
    self.breach = breach
  }
}

extension ProofModel {
  /// Every way to go on.
  mutating func moves(from state: ProofState) -> [ProofMove] {
    var moves = happenings(in: state)
    switch state.runner {
    case .runs, .halts, .waits: moves += runnerMoves(from: state)
    case .isGone: moves += returns(from: state)
    // Where nothing broke on the way, its end has to be good by itself.
    case .isDone: if state.outagesLeft < outages { moves += anew(after: state) }
    }
    return moves
  }

  // MARK: - By itself

  private mutating func happenings(in state: ProofState) -> [ProofMove] {
    var moves: [ProofMove] = []
    for happening in happenings(in: state.world, permitted: state.permitted) {
      var next = state
      let kind: ProofEvent.Kind
      switch happening.kind {
      case .outage:
        guard state.outagesLeft > 0, state.runner != .isDone else { continue }
        next.outagesLeft -= 1
        kind = .outage
      case .comesBack(let site): kind = .comesBack(site: site)
      case .goesOn: kind = .world
      case .byHand: kind = .person
      }
      next.world = happening.world
      if next.late >= 0, isOver(next.late, in: next.world) { next.late = -1 }
      moves.append(ProofMove(ProofEvent(kind: kind, step: nil, words: happening.words), next))
    }
    if state.late >= 0 {
      var next = state
      next.late = -1
      let step = act(state.late).step
      if let world = world(after: state.late, in: state.world) { next.world = world }
      moves.append(
        ProofMove(
          event(.world, step, "what \(steps[step].id) began takes effect after all"), next,
          breach: breach(of: state.late, in: state.world, to: next.world, isConsentedTo: true)))
    }
    return moves
  }

  // MARK: - The runner

  private mutating func runnerMoves(from state: ProofState) -> [ProofMove] {
    var moves: [ProofMove] = []
    for step in steps.indices {
      switch state.steps[step].phase {
      case .intends: moves += actMoves(step, state)
      case .acted: moves.append(contentsOf: verifyMoves(step, state))
      case .idle where state.runner == .runs && order.isReady(step, in: state):
        moves += beginMoves(step, state)
      case .idle where isToClose(step, state): moves += beginMoves(step, state)
      case .idle, .done, .stopped: break
      }
    }
    if let forgotten = withoutVouching(state) {
      let words = "what was vouched for is too old to count"
      moves.append(ProofMove(ProofEvent(kind: .world, step: nil, words: words), forgotten))
    }
    if state.steps.allSatisfy({ $0.phase == .done }) {
      moves.append(
        ProofMove(
          ProofEvent(kind: .step, step: nil, words: "the run is done"),
          state.withoutRunner(.isDone)))
    }
    moves.append(
      ProofMove(
        ProofEvent(kind: .crash, step: nil, words: "the runner dies"),
        state.withoutRunner(.isGone)))
    return moves
  }

  private mutating func returns(from state: ProofState) -> [ProofMove] {
    var resumed = state
    resumed.runner = .runs
    var moves = [
      ProofMove(ProofEvent(kind: .resume, step: nil, words: "the run is resumed"), resumed)
    ]
    if let forgotten = withoutVouching(resumed) {
      let words = "the run is resumed, and what was vouched for is too old to count"
      moves.append(ProofMove(ProofEvent(kind: .resume, step: nil, words: words), forgotten))
    }
    return moves + anew(after: state)
  }

  /// Nil where nobody has vouched for anything.
  private mutating func withoutVouching(_ state: ProofState) -> ProofState? {
    guard !vouching(state.vouched).isEmpty else { return nil }
    var forgotten = state
    forgotten.vouched = number(ofVouching: [:])
    return forgotten
  }

  private mutating func anew(after state: ProofState) -> [ProofMove] {
    guard mayBegin(in: state.world) else { return [] }
    var anew = beginning(in: state.world)
    anew.permitted = state.permitted
    anew.lastPermitted = state.lastPermitted
    anew.outagesLeft = state.outagesLeft
    anew.late = state.late
    return [
      ProofMove(ProofEvent(kind: .resume, step: nil, words: "the runbook is executed anew"), anew)
    ]
  }

  /// A run that has just begun.
  mutating func first(of beginning: ProofBeginning) -> ProofState {
    var first = self.beginning(in: number(of: beginning.world))
    first.permitted = permitNumber(of: beginning.permitted)
    first.lastPermitted = permitNumber(of: beginning.lastPermitted)
    return first
  }

  private mutating func beginning(in world: Int32) -> ProofState {
    ProofState(
      world: world, vouched: number(ofVouching: [:]), permitted: -1, lastPermitted: -1,
      outagesLeft: 0, runner: .runs, late: -1,
      steps: [ProofState.Step](repeating: ProofState.Step(), count: steps.count))
  }

  // MARK: - Acting and verifying

  private mutating func actMoves(_ step: Int, _ state: ProofState) -> [ProofMove] {
    let (id, mine) = (steps[step].id, state.steps[step])
    var failed = state
    failed.steps[step].phase = .acted
    failed.steps[step].recorded = .acted
    failed.steps[step].act = -1
    failed.steps[step].isConsentedTo = false
    var moves = [ProofMove(event(.mishap, step, "\(id) fails before it changes anything"), failed)]
    guard let after = world(after: mine.act, in: state.world) else { return moves }
    var done = failed
    done.world = after
    let breach = breach(
      of: mine.act, in: state.world, to: after, isConsentedTo: mine.isConsentedTo)
    moves.append(ProofMove(event(.step, step, "\(id) takes effect"), done, breach: breach))
    var died = done
    died.steps[step].recorded = .intent
    moves.append(
      ProofMove(
        event(.crash, step, "\(id) takes effect, and the runner dies before it can say so"),
        died.withoutRunner(.isGone), breach: breach))
    if state.late < 0 || isVoid(state.late, in: state.world), after != state.world {
      var late = failed
      late.late = mine.act
      moves.append(ProofMove(event(.mishap, step, "the time of \(id) is up"), late))
    }
    return moves
  }

  private mutating func verifyMoves(_ step: Int, _ state: ProofState) -> [ProofMove] {
    let id = steps[step].id
    var state = state
    let number = look(step, in: state)
    let sight = self.sight(number)
    endVouching(contradictedBy: sight, &state)
    switch sight.verdict {
    case .satisfied:
      var next = state
      regainPermit(step, &next)
      next.steps[step].isChanged = asksOutcomes
      return [ProofMove(event(.step, step, "\(id) is verified"), finished(step, next))]
    case .unknown:
      return [
        ProofMove(
          event(.mishap, step, "\(id) can't be verified: \(sight.verdict.explanation)"),
          stopped(step, state, .inDoubt))
      ]
    case .needed, .blocked:
      var moves = [
        ProofMove(
          event(.mishap, step, "\(id) had no effect: \(sight.verdict.explanation)"),
          stopped(step, state, .failed))
      ]
      let mayRetry = steps[step].isRepeatable && steps[step].planned.retry != nil
      if mayRetry, state.runner == .runs {
        var again = state
        again.steps[step].phase = .idle
        moves.append(ProofMove(event(.step, step, "\(id) is tried again"), again))
      }
      return moves
    }
  }

  // MARK: - Endings of a step

  func finished(_ step: Int, _ state: ProofState) -> ProofState {
    var next = state
    next.steps[step].phase = .done
    next.steps[step].recorded = .verified
    next.steps[step].act = -1
    return settledRunner(next)
  }

  /// Why a step does not get through, as far as it makes a difference to what is done next.
  enum Stop {
    case failed
    case inDoubt
    case refused
    /// For an answer: the run is not over.
    case waiting
  }

  func stopped(_ step: Int, _ state: ProofState, _ stop: Stop) -> ProofState {
    var next = state
    next.steps[step].act = -1
    if isTolerated(step, stop, in: state) {
      next.steps[step].phase = .done
      next.steps[step].isTolerated = true
      return settledRunner(next)
    }
    next.steps[step].phase = .stopped
    next.runner = stop == .waiting || state.runner == .waits ? .waits : .halts
    return settledRunner(next)
  }

  private func isTolerated(_ step: Int, _ stop: Stop, in state: ProofState) -> Bool {
    guard stop != .waiting else { return false }
    let planned = steps[step].planned
    if planned.onError == .continue, stop == .failed { return true }
    guard let fanOut = planned.fanOut else { return false }
    let failed = steps.indices.filter {
      steps[$0].planned.fanOut?.step == fanOut.step && state.steps[$0].isTolerated
    }
    return failed.count < fanOut.maxFailed
  }

  /// A runner that halts ends once nothing is being worked on, and what is always done is done.
  private func settledRunner(_ state: ProofState) -> ProofState {
    let isOver =
      state.runner.beginsNothing && !state.isWorking
      && !steps.indices.contains { isToClose($0, state) }
    return isOver ? state.withoutRunner(.isGone) : state
  }

  /// Whether a run that halts goes on with this step: one after the other, in their order, whatever they wait for.
  private func isToClose(_ step: Int, _ state: ProofState) -> Bool {
    guard state.runner == .halts, !state.isWorking else { return false }
    return step
      == steps.indices.first { steps[$0].planned.isAlways && state.steps[$0].phase == .idle }
  }

  /// Nobody answers; or a person says no, which is told apart where it leads elsewhere.
  func unanswered(_ step: Int, _ state: ProofState) -> [ProofMove] {
    let id = steps[step].id
    var moves = [
      ProofMove(
        event(.mishap, step, "nobody answers at \(id)"), stopped(step, state, .waiting))
    ]
    let refused = stopped(step, state, .refused)
    if refused.withoutRunner(.isGone) != moves[0].state.withoutRunner(.isGone)
      || refused.runner != moves[0].state.runner
    {
      moves.append(ProofMove(event(.mishap, step, "a person says no at \(id)"), refused))
    }
    return moves
  }

  func event(_ kind: ProofEvent.Kind, _ step: Int, _ words: String) -> ProofEvent {
    ProofEvent(kind: kind, step: steps[step].id, words: words)
  }
}
