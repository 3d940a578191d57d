import Actuators
import Runbook
import TestSupport
import Testing

@testable import Engine

/// What is found by hashing states, breadth first, compared with walking every path there is.
@Suite("Exploring finds what walking every path finds")
struct BruteForceTests {
  private static let depth = 6

  @Test(
    "in runbooks made at random", arguments: (0..<12).map { _ in UInt64.random(in: 0 ... .max) })
  func atRandom(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let variant = Self.variant(&random)
    _ = try await compare(variant, asksPermit: Bool.random(using: &random))
  }

  @Test("also where there is something to find")
  func knownFault() async throws {
    let faulty = Variant("a replica's table is emptied", of: "scheduler-failover")
      .moving("truncate-failover", before: "stop-production")
      .overriding(
        "database-is-primary", "other-schedulers-stopped", in: "truncate-failover")
    let found = try await compare(faulty, asksPermit: true)
    #expect(found["truncated-replica"] == 2)
  }

  /// From which states no way leads on can't be told by paths of some length: all states are gone over again and again.
  @Test(
    "also what can't come to its end, in runbooks made at random",
    arguments: (0..<8).map { _ in UInt64.random(in: 0 ... .max) })
  func stuckAtRandom(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let ids = ["stop-scheduler", "reverse-replication", "truncate-failover", "start-scheduler"]
    var variant = Variant("random", of: "scheduler-switchover")
    variant = variant.moving(
      ids.randomElement(using: &random) ?? "", before: ids.randomElement(using: &random) ?? "")
    if Bool.random(using: &random) {
      variant = variant.without(ids.randomElement(using: &random) ?? "")
    }
    try await compareStuck(variant)
  }

  @Test("also where something can't come to its end")
  func knownStuck() async throws {
    let faulty = Variant("the table isn't emptied", of: "scheduler-switchover")
      .without("truncate-failover")
    #expect(try await compareStuck(faulty))
  }

  /// Whether anything was stuck.
  @discardableResult
  private func compareStuck(_ variant: Variant) async throws -> Bool {
    let plan = try variant.plan()
    let domain = SchedulerDomain(plan)
    var isStuck = false
    for beginning in domain.beginnings {
      var model = try await ProofModel(
        plan, catalogue: .standard, domain: domain, time: SystemTime())
      let world = model.number(of: beginning.world)
      guard model.mayBegin(in: world) else { continue }
      var exploration = Exploration(
        model, of: ProofParts(whole: model).all[0], from: beginning,
        limits: Proof.Limits(outages: 0))
      try exploration.run()
      let sweep = Sweep(&model, from: beginning)
      for isEnd in [false, true] {
        let found = exploration.firstStuck(countingReturns: isEnd) { model, state in
          isEnd ? state.runner == .isDone : model.isInOrder(state.world)
        }.map { exploration.trace(to: $0).count }
        let swept = sweep.firstStuck(countingReturns: isEnd) { state in
          isEnd ? state.runner == .isDone : model.isInOrder(state.world)
        }
        #expect(found == swept, "\(beginning.name)\n\(variant.text)")
        isStuck = isStuck || found != nil
      }
    }
    return isStuck
  }

  /// What both found, with the lengths of the shortest ways.
  private func compare(_ variant: Variant, asksPermit: Bool) async throws -> [String: Int] {
    let plan = try variant.plan()
    let domain = SchedulerDomain(plan, asksPermit: asksPermit)
    let limits = Proof.Limits(outages: 1)
    var all: [String: Int] = [:]
    for beginning in domain.beginnings {
      var model = try await ProofModel(
        plan, catalogue: .standard, domain: domain, time: SystemTime())
      var exploration = Exploration(
        model, of: ProofParts(whole: model).all[0], from: beginning, limits: limits,
        depth: Self.depth)
      try exploration.run()
      let found = Dictionary(
        exploration.safetyFindings().map { ($0.code, $0.trace.count) }, uniquingKeysWith: min)
      let walked = Walk(&model, from: beginning, outages: 1, depth: Self.depth).found
      #expect(found == walked, "\(beginning.name)\n\(variant.text)")
      all.merge(found, uniquingKeysWith: min)
    }
    return all
  }

  /// The failover's steps in any order, some left out, some guards overridden, some failures tolerated.
  private static func variant(_ random: inout SeededGenerator) -> Variant {
    var variant = Variant("random", of: "scheduler-failover")
    let ids = ["stop-production", "reverse-replication", "truncate-failover", "start-dr"]
    for id in ids.shuffled(using: &random) {
      variant = variant.moving(id, before: ids.randomElement(using: &random) ?? id)
    }
    variant = variant.without("no-foreign-guid")
    if Bool.random(using: &random) {
      variant = variant.without("stop-production")
    } else if Bool.random(using: &random) {
      variant = variant.adding("on_error: continue", to: "stop-production")
    }
    if Int.random(in: 0..<4, using: &random) > 0 {
      variant = variant.overriding("old-primarys-scheduler-stopped", in: "reverse-replication")
        .overriding("other-schedulers-stopped", "no-foreign-guid", in: "start-dr")
        .overriding(
          "other-schedulers-stopped", "own-scheduler-stopped", "database-is-primary",
          in: "truncate-failover")
    }
    return variant
  }
}

/// Every path up to a length, one by one.
private struct Walk {
  /// By rule, the length of the shortest path that breaks it.
  private(set) var found: [String: Int] = [:]

  init(_ model: inout ProofModel, from beginning: ProofBeginning, outages: UInt8, depth: Int) {
    let world = model.number(of: beginning.world)
    guard model.mayBegin(in: world) else { return }
    var first = model.first(of: beginning)
    model.outages = outages
    first.outagesLeft = outages
    walk(first, 0, depth, &model)
  }

  private mutating func walk(
    _ state: ProofState, _ length: Int, _ depth: Int, _ model: inout ProofModel
  ) {
    if model.inControl(state.world).count > 1 { note("two-in-control", length) }
    guard length < depth else { return }
    for move in model.moves(from: state) {
      if let breach = move.breach { note(breach.code, length + 1) }
      walk(move.state, length + 1, depth, &model)
    }
  }

  private mutating func note(_ code: String, _ length: Int) {
    found[code] = min(found[code] ?? .max, length)
  }
}

/// All states, and from which of them a goal is reached, without any of the exploration's bookkeeping.
private struct Sweep {
  private struct Edge {
    let from: Int
    let to: Int
    let needsLost: Bool
  }

  private var depths: [ProofState: Int] = [:]
  private var states: [ProofState] = []
  private var edges: [Edge] = []

  init(_ model: inout ProofModel, from beginning: ProofBeginning) {
    var numbers: [ProofState: Int] = [:]
    var layer: Set = [model.first(of: beginning)]
    var depth = 0
    while !layer.isEmpty {
      for state in layer {
        numbers[state] = states.count
        depths[state] = depth
        states.append(state)
      }
      depth += 1
      let next = layer.flatMap { state in model.moves(from: state).map(\.state) }
      layer = Set(next).filter { numbers[$0] == nil }
    }
    for state in states {
      for move in model.moves(from: state) {
        guard let from = numbers[state], let to = numbers[move.state],
          move.event.kind != .outage
        else { continue }
        var needsLost = false
        if case .comesBack(let site) = move.event.kind {
          needsLost = beginning.world.outages[site] != nil
        }
        edges.append(Edge(from: from, to: to, needsLost: needsLost))
      }
    }
  }

  /// The length of the shortest way to a state from which no goal is reached.
  func firstStuck(countingReturns: Bool, isGoal: (ProofState) -> Bool) -> Int? {
    var reaches = states.map(isGoal)
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for edge in edges
      where reaches[edge.to] && !reaches[edge.from] && (countingReturns || !edge.needsLost) {
        reaches[edge.from] = true
        hasChanged = true
      }
    }
    return states.indices.filter { !reaches[$0] }.compactMap { depths[states[$0]] }.min()
  }
}
