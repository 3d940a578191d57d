/// States, and how one came to each.
struct Ways {
  private(set) var states: [ProofState]
  private var seen: Set<ProofState>
  private var steps: [(parent: Int, event: ProofEvent)?]

  init(_ first: ProofState) {
    states = [first]
    seen = [first]
    steps = [nil]
  }

  /// Whether the state that the move leads to is a new one.
  @discardableResult
  mutating func add(_ move: ProofMove, from parent: Int) -> Bool {
    guard seen.insert(move.state).inserted else { return false }
    states.append(move.state)
    steps.append((parent, move.event))
    return true
  }

  func trace(to number: Int) -> [ProofEvent] {
    var trace: [ProofEvent] = []
    var at = number
    while let step = steps[at] {
      trace.append(step.event)
      at = step.parent
    }
    return trace.reversed()
  }
}
