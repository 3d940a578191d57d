import Runbook

extension ProofModel {
  /// A step begins as the executor begins it: its condition, its gate, what it sees, what it recovers, and its intent.
  mutating func beginMoves(_ step: Int, _ state: ProofState) -> [ProofMove] {
    var state = state
    losePermit(step, &state)
    var moves: [ProofMove] = []
    if state.steps[step].recorded == .nothing, steps[step].planned.when != nil {
      let holds = condition(of: step, in: state)
      if holds != true {
        var next = state
        next.steps[step].isSkipped = true
        moves.append(
          ProofMove(
            event(.step, step, "\(steps[step].id) is skipped: its condition doesn't hold"),
            finished(step, next)))
      }
      if holds == false { return moves }
    }
    if let gate = steps[step].gate { return moves + gateMoves(step, gate.question, state) }
    let number = look(step, in: state)
    let sight = self.sight(number)
    endVouching(contradictedBy: sight, &state)
    if !sight.question.isEmpty { return moves + vouchMoves(step, sight, state) }
    if sight.verdict.isSatisfied { regainPermit(step, &state) }
    return moves + recoverMoves(step, sight, state)
  }

  private mutating func gateMoves(
    _ step: Int, _ question: Question, _ state: ProofState
  ) -> [ProofMove] {
    var moves = unanswered(step, state)
    let facts = question.facts.compactMap { fact in fact.reading.value.map { (fact.key, $0) } }
    guard facts.allSatisfy({ world(state.world).facts[$0.0] == $0.1 }) else { return moves }
    var granted = state
    if !facts.isEmpty { vouch(facts, &granted) }
    let words = question.kind == .attest ? "a person vouches at" : "a person approves"
    moves.append(
      ProofMove(
        event(.person, step, "\(words) \(steps[step].id)"), finished(step, granted)))
    return moves
  }

  /// Whoever vouches says what is so at that moment: that is taken for granted. What isn't so, nobody vouches for.
  private mutating func vouchMoves(
    _ step: Int, _ sight: ProofSight, _ state: ProofState
  ) -> [ProofMove] {
    var moves = unanswered(step, state)
    let facts = sight.question.compactMap { fact in fact.reading.value.map { (fact.key, $0) } }
    guard facts.allSatisfy({ world(state.world).facts[$0.0] == $0.1 }) else { return moves }
    var granted = state
    vouch(facts, &granted)
    moves.append(
      ProofMove(
        event(
          .person, step,
          "a person vouches at \(steps[step].id) for what can't be asked"), granted))
    return moves
  }

  private mutating func vouch(_ facts: [(FactKey, Value)], _ state: inout ProofState) {
    var vouched = vouching(state.vouched)
    for (key, value) in facts { vouched[key] = value }
    state.vouched = number(ofVouching: vouched)
  }

  /// Vouching for what is then seen to be otherwise ends there.
  mutating func endVouching(contradictedBy sight: ProofSight, _ state: inout ProofState) {
    let vouched = vouching(state.vouched)
    let isContradicted = vouched.contains { key, value in
      sight.observation[key]?.reading.value.map { $0 != value } ?? false
    }
    if isContradicted { state.vouched = number(ofVouching: [:]) }
  }

  private mutating func recoverMoves(
    _ step: Int, _ sight: ProofSight, _ state: ProofState
  ) -> [ProofMove] {
    switch RecoveryTable.decide(
      recorded: state.steps[step].recorded, verdict: sight.verdict,
      isRepeatable: steps[step].isRepeatable)
    {
    case .start, .redo: return bringAbout(step, sight, state)
    case .skip:
      return [ProofMove(event(.step, step, "\(steps[step].id) is done"), finished(step, state))]
    case .conclude:
      var next = state
      next.steps[step].isChanged = asksOutcomes
      return [
        ProofMove(event(.step, step, "\(steps[step].id) is seen to be done"), finished(step, next))
      ]
    case .await, .ask:
      var moves = [
        ProofMove(
          event(.step, step, "how far \(steps[step].id) came is in doubt"),
          stopped(step, state, .inDoubt))
      ]
      if case .needed = sight.verdict {
        moves += bringAbout(step, sight, state).map { move in
          ProofMove(
            event(.person, step, "a person has \(steps[step].id) done again; \(move.event.words)"),
            move.state, breach: move.breach)
        }
      }
      return moves
    }
  }

  private mutating func bringAbout(
    _ step: Int, _ sight: ProofSight, _ state: ProofState
  ) -> [ProofMove] {
    let (id, effect) = (steps[step].id, steps[step].schema.effect)
    let failed = ProofMove(
      event(.step, step, "\(id) fails: \(sight.verdict.explanation)"), stopped(step, state, .failed)
    )
    let isSo = ProofMove(event(.step, step, "\(id) is so already"), finished(step, state))
    switch sight.verdict {
    case .satisfied: return [isSo]
    case .blocked, .unknown: return [failed]
    case .needed where effect != .changes:
      return steps[step].isAbstract ? [isSo, failed] : [failed]
    case .needed: return intentMoves(step, sight, state)
    }
  }

  private mutating func intentMoves(
    _ step: Int, _ sight: ProofSight, _ state: ProofState
  ) -> [ProofMove] {
    let id = steps[step].id
    if let refusal = sight.refusal {
      return [
        ProofMove(
          event(.step, step, "\(id) is refused: \(refusal)"),
          stopped(step, state, .refused))
      ]
    }
    var next = state
    next.steps[step].phase = .intends
    next.steps[step].recorded = .intent
    next.steps[step].act = act(of: step, given: sight)
    next.steps[step].isConsentedTo = sight.consent != nil
    if keepsBefore, state.steps[step].before < 0 { next.steps[step].before = look(step, in: state) }
    gainPermit(step, sight, &next)
    guard steps[step].planned.approval != nil || sight.consent != nil else {
      return [ProofMove(event(.step, step, "\(id) begins"), next)]
    }
    return [ProofMove(event(.person, step, "a person agrees, and \(id) begins"), next)]
      + unanswered(step, state)
  }

  // MARK: - The permit

  private func losePermit(_ step: Int, _ state: inout ProofState) {
    if case .takesDown(let host) = steps[step].effectOnPermit,
      permitted(state.permitted) == host.site
    {
      state.permitted = -1
    }
  }

  private func gainPermit(_ step: Int, _ sight: ProofSight, _ state: inout ProofState) {
    guard sight.isGuarded else { return }
    switch steps[step].effectOnPermit {
    case .promotes(let site): givePermit(to: site, &state)
    case .starts(let host): givePermit(to: host.site, &state)
    case .takesDown, nil: break
    }
  }

  private func givePermit(to site: String, _ state: inout ProofState) {
    state.permitted = permitNumber(of: site)
    state.lastPermitted = state.permitted
  }

  /// As `PermitLedger`: a start that finds all running gives it back to the site that had it last.
  func regainPermit(_ step: Int, _ state: inout ProofState) {
    guard case .starts(let host) = steps[step].effectOnPermit, state.permitted < 0,
      permitted(state.lastPermitted) == host.site
    else { return }
    state.permitted = state.lastPermitted
  }
}
