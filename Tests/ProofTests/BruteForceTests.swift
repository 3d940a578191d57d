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
