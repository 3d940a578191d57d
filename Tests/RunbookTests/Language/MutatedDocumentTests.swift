import Foundation
import Runbook
import TestSupport
import Testing

/// Whatever a runbook and an inventory hold, planning ends in a plan or in located errors.
@Suite struct MutatedDocumentTests {
  private static let runbook = """
    runbook: r
    description: From ${from} on
    run_type: upgrade
    objectives: { rpo: 5m }
    parameters:
      from: { type: site, default: dr }
      mode: { type: choice, choices: [graceful, ungraceful], default: graceful }
    prechecks:
      - { id: lag, action: replication.lag, target: scheduler, with: { maximum: "${objectives.rpo}" } }
    steps:
      - { id: a, action: service.stop, target: "${from}.scheduler", with: { services: [server] } }
      - { id: b, action: replication.reverse, target: scheduler, with: { to: "${from}", mode: "${mode}" }, when: "${mode} == graceful and ${steps.a.outcome} != ok" }
      - { id: c, action: failover_table.truncate, target: "scheduler@${from}", depends: [a], retry: { limit: 2 } }
      - { id: d, action: gate.approval, with: { prompt: "${steps.a.state}" }, approval: { prompt: x } }

    """

  @Test func mutatedDocumentsEndInAPlanOrInErrors() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let inventory = try Fixtures.lab()
    for _ in 0..<400 {
      let isRunbook = Bool.random(using: &generator)
      let text = isRunbook ? Array(Self.runbook.utf8) : inventory.bytes
      let mutant = SourceText(file: "mutant.yaml", bytes: mutated(text, using: &generator))
      let whole = SourceText(file: "whole.yaml", text: Self.runbook)
      do throws(Diagnostics) {
        let planned = try Planner(catalogue: .sample).plan(
          runbook: isRunbook ? mutant : whole, inventory: isRunbook ? inventory : mutant)
        #expect(!planned.warnings.hasErrors, "seed \(seed)")
        #expect(!planned.plan.steps.isEmpty, "seed \(seed)")
      } catch {
        #expect(error.hasErrors && !error.all.isEmpty, "seed \(seed)")
      }
    }
  }

  /// Words of the document in other places, and bytes that mean something to YAML.
  private func mutated(_ text: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var text = text
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let start = Int.random(in: 0..<text.count, using: &generator)
      let end = min(text.count, start + Int.random(in: 1...12, using: &generator))
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: text.removeSubrange(start..<end)
      case 1:
        text.insert(
          contentsOf: Array(text[start..<end]),
          at: Int.random(in: 0...text.count, using: &generator))
      case 2: text.replaceSubrange(start..<end, with: text[start..<end].reversed())
      default:
        text.insert(
          Array("${}[]:,'\"&*!|-~.@= \n\t".utf8).randomElement(using: &generator) ?? 0, at: start)
      }
    }
    return text
  }
}
