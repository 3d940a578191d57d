import Actuators
import Runbook
import TestSupport
import Testing

@testable import Engine

/// A step that must not be done twice, and says that it is to be retried.
@Suite("Retrying what must not be repeated")
struct UnrepeatableTests {
  @Test("it is begun again only when a person says so, and the runbook holds")
  func isNotRepeated() async throws {
    let announcement = """
        - id: announce
          action: command.run
          target: "${to}.scheduler"
          with: { command: [mail, everybody], unless: [test, -e, /sent] }
          retry: { limit: 3, interval: 5s }

      """
    let variant = Variant("an unrepeatable step is retried", of: "scheduler-switchover")
      .appending(announcement).moving("announce", before: "reverse-replication")
    let result = try await variant.proof()
    #expect(result.findings.map(\.words) == [] && result.isComplete)
    #expect(try await !repeats("announce", in: variant.plan()))
    // One that may be repeated is: so this would be seen.
    #expect(try await repeats("start-scheduler", in: variant.plan()))
  }

  /// Whether a run, also one that is resumed, begins the step a second time, and no person has it done.
  private func repeats(_ id: String, in plan: Plan) async throws -> Bool {
    let domain = SchedulerDomain(plan)
    var model = try await ProofModel(
      plan, catalogue: .standard, domain: domain, time: SystemTime())
    let step = try #require(model.steps.firstIndex { $0.id == id })
    let beginning = try #require(domain.beginnings.first)
    var ways = Ways(model.first(of: beginning))
    var next = 0
    while next < ways.states.count {
      let state = ways.states[next]
      for move in model.moves(from: state) {
        ways.add(move, from: next)
        let (before, after) = (state.steps[step], move.state.steps[step])
        guard move.event.kind == .step, after.phase == .intends, before.phase != .intends,
          before.recorded == .intent || before.recorded == .acted
        else { continue }
        return true
      }
      next += 1
    }
    return false
  }
}
