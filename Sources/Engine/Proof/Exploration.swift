import Runbook

/// All states that can be reached from one beginning, breadth first: the first way to a state is a shortest one.
struct Exploration {
  private(set) var model: ProofModel
  private let beginning: ProofBeginning
  private let limits: Proof.Limits
  private let depth: Int
  private let part: ProofParts.Part
  private var reduction: ProofReduction

  private var states: [ProofState] = []
  private var numbers: [ProofState: Int32] = [:]
  private var parents: [Int32] = []
  private var events: [ProofEvent] = []
  private var depths: [Int32] = []
  private var edges = Edges()
  private var moves = 0
  private var isComplete = true
  private var breaches: [(breach: ProofBreach, from: Int32, event: ProofEvent)] = []
  private var twoInControl: Int32?
  /// The first state from which no way leads to the run's end.
  private var endlessAt: Int32?

  /// The moves between states that don't depend on something breaking, backwards.
  private struct Edges {
    var from: [Int32] = []
    var to: [Int32] = []
    /// It takes a site to come back that was lost at the beginning.
    var needsLost: [Bool] = []
  }

  /// - Parameters:
  ///   - part: whose steps the model has.
  ///   - depth: how many moves from the beginning are explored; no bound by default.
  init(
    _ model: ProofModel, of part: ProofParts.Part, from beginning: ProofBeginning,
    limits: Proof.Limits, depth: Int = .max
  ) {
    self.depth = depth
    self.part = part
    self.model = model
    reduction = ProofReduction(
      model.steps, asksOutcomes: model.asksOutcomes,
      nothingVouched: self.model.number(ofVouching: [:]), unclear: model.unclear)
    self.beginning = beginning
    self.limits = limits
  }

  var summary: ProofResult.Explored {
    ProofResult.Explored(
      beginning: beginning.name, states: states.count, moves: moves,
      depth: Int(depths.last ?? 0), isComplete: isComplete)
  }

  mutating func run() throws {
    let world = model.number(of: beginning.world)
    guard model.mayBegin(in: world) else { return }
    var first = model.first(of: beginning)
    model.outages = UInt8(limits.outages)
    first.outagesLeft = model.outages
    repeat {
      forget()
      try explore(from: first)
    } while limits.isReduced && reduction.refute(model)
  }

  private mutating func explore(from first: ProofState) throws {
    let start = ProofEvent(kind: .world, step: nil, words: beginning.name)
    _ = add(first, from: -1, by: start, depth: 0)
    var next = 0
    while next < states.count {
      guard states.count <= limits.states else {
        isComplete = false
        return
      }
      if next % 4096 == 0 { try Task.checkCancellation() }
      if Int(depths[next]) < depth { expand(Int32(next)) }
      next += 1
    }
  }

  private mutating func forget() {
    (states, numbers, parents, events, depths) = ([], [:], [], [], [])
    (edges, moves, isComplete) = (Edges(), 0, true)
    (breaches, twoInControl) = ([], nil)
  }

  private mutating func expand(_ number: Int32) {
    let state = states[Int(number)]
    for move in model.moves(from: state) {
      moves += 1
      if limits.isReduced { reduction.note(state.world, move.state.world) }
      if let breach = move.breach,
        !breaches.contains(where: { $0.breach.code == breach.code })
      {
        breaches.append((breach, number, move.event))
      }
      let to = add(move.state, from: number, by: move.event, depth: depths[Int(number)] + 1)
      guard move.event.kind != .outage else { continue }
      edges.from.append(number)
      edges.to.append(to)
      if case .comesBack(let site) = move.event.kind {
        edges.needsLost.append(beginning.world.outages[site] != nil)
      } else {
        edges.needsLost.append(false)
      }
    }
  }

  private mutating func add(
    _ state: ProofState, from parent: Int32, by event: ProofEvent, depth: Int32
  ) -> Int32 {
    let state = limits.isReduced ? reduction.representative(of: state, model) : state
    if let number = numbers[state] { return number }
    let number = Int32(states.count)
    if twoInControl == nil, model.inControl(state.world).count > 1 { twoInControl = number }
    states.append(state)
    numbers[state] = number
    parents.append(parent)
    events.append(event)
    depths.append(depth)
    return number
  }

  // MARK: - What was found

  /// Every rule that is broken, each by a shortest way.
  mutating func findings() -> [ProofFinding] {
    var findings = safetyFindings()
    // What wasn't explored might be the way.
    guard isComplete else { return findings }
    if let stuck = firstWithoutControl() {
      findings.append(
        finding(
          "no-way-to-control",
          "no way leads to exactly one scheduler in control: neither resuming nor executing anew",
          trace(to: stuck) + blockade(at: stuck)))
    }
    endlessAt = firstStuck(countingReturns: true) { _, state in state.runner == .isDone }
    // Where no way leads to the end from the beginning, the runbook is for another situation.
    if let stuck = endlessAt, reachesEnd { findings.append(endless(stuck)) }
    return findings
  }

  /// The first state from which no way leads to a scheduler in control, or past the steps that it waits for.
  private mutating func firstWithoutControl() -> Int32? {
    guard part.isGoverned || part.comesFirst else { return nil }
    let isGoverned = part.isGoverned
    return firstStuck(countingReturns: false) { model, state in
      isGoverned ? model.isInOrder(state.world) : state.runner == .isDone
    }
  }

  /// The rules that a state or a move breaks, whatever comes after it.
  mutating func safetyFindings() -> [ProofFinding] {
    var findings = breaches.map { found in
      finding(
        found.breach.code, found.breach.words, trace(to: found.from) + [found.event])
    }
    if let number = twoInControl {
      let names = model.inControl(states[Int(number)].world)
      findings.append(
        finding(
          "two-in-control", "\(names.joined(separator: " and ")) are in control at once",
          trace(to: number)))
    }
    return findings
  }

  /// Whether the prechecks let the run begin.
  var isBegun: Bool { !states.isEmpty }

  /// Whether some way from the beginning leads to the run's end.
  var reachesEnd: Bool { isBegun && endlessAt != 0 }

  /// That no way leads to the run's end.
  mutating func endless() -> ProofFinding { endless(0) }

  private mutating func endless(_ number: Int32) -> ProofFinding {
    finding(
      "no-end", "the run can't be brought to its end", trace(to: number) + blockade(at: number))
  }

  private func finding(_ code: String, _ words: String, _ trace: [ProofEvent]) -> ProofFinding {
    ProofFinding(
      code: code, words: words, beginning: beginning.name, trace: trace,
      step: trace.last { $0.step != nil }?.step)
  }

  func trace(to number: Int32) -> [ProofEvent] {
    var trace: [ProofEvent] = []
    var at = number
    while at > 0 {
      trace.append(events[Int(at)])
      at = parents[Int(at)]
    }
    return trace.reversed()
  }

  /// Why it doesn't go on: what happens when nothing more breaks and everybody answers, up to where the run stops.
  mutating func blockade(at number: Int32) -> [ProofEvent] {
    var ways = Ways(states[Int(number)])
    var next = 0
    while next < ways.states.count {
      for move in model.moves(from: ways.states[next]) {
        switch move.event.kind {
        case .step, .person, .resume, .world: break
        case .mishap, .crash, .outage, .comesBack: continue
        }
        guard ways.add(move, from: next), move.event.kind == .step,
          move.state.runner == .isGone
        else { continue }
        return ways.trace(to: ways.states.count - 1)
      }
      next += 1
    }
    return []
  }

  /// The first state from which no goal can be reached.
  mutating func firstStuck(
    countingReturns: Bool, isGoal: (inout ProofModel, ProofState) -> Bool
  ) -> Int32? {
    var reaches = [Bool](repeating: false, count: states.count)
    var work: [Int32] = []
    for (index, state) in states.enumerated() where isGoal(&model, state) {
      reaches[index] = true
      work.append(Int32(index))
    }
    let backwards = predecessors(countingReturns: countingReturns)
    while let at = work.popLast() {
      for from in backwards.of(at) where !reaches[Int(from)] {
        reaches[Int(from)] = true
        work.append(from)
      }
    }
    return reaches.firstIndex(of: false).map(Int32.init)
  }

  private struct Predecessors {
    let starts: [Int32]
    let list: [Int32]

    func of(_ number: Int32) -> ArraySlice<Int32> {
      list[Int(starts[Int(number)])..<Int(starts[Int(number) + 1])]
    }
  }

  private func predecessors(countingReturns: Bool) -> Predecessors {
    let used = edges.from.indices.filter { countingReturns || !edges.needsLost[$0] }
    var starts = [Int32](repeating: 0, count: states.count + 1)
    for edge in used { starts[Int(edges.to[edge]) + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var places = starts
    var list = [Int32](repeating: 0, count: used.count)
    for edge in used {
      let to = Int(edges.to[edge])
      list[Int(places[to])] = edges.from[edge]
      places[to] += 1
    }
    return Predecessors(starts: starts, list: list)
  }
}
