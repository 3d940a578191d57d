import Foundation
import Runbook
import Testing

/// How a step that targets a group is planned.
@Suite struct FanOutPlanTests {
  private func plan(_ step: String, after: String = "") throws -> Plan {
    let text = """
      runbook: r
      run_type: upgrade
      parameters:
        which: { type: string, default: schedulers }
      steps:
        - id: stop
          action: service.stop
          target: "${which}"
      \(step)
        - { id: later, action: gate.approval, with: { prompt: Go on? } }
      \(after)
      """
    return try Planner(catalogue: .sample).plan(
      runbook: SourceText(file: "r.yaml", text: text), inventory: Fixtures.lab()
    ).plan
  }

  @Test func itBecomesAStepForEachHost() throws {
    let plan = try plan(
      """
          name: Stop ${host.name} of ${host.site}, ${host.id}
          max_parallel: 3
          max_failed: 50%
      """)
    #expect(
      plan.steps.map(\.id) == ["stop@production.scheduler", "stop@dr.scheduler", "later"])
    #expect(plan.steps.map(\.runbookID) == ["stop", "stop", "later"])
    #expect(plan.steps[1].target?.description == "dr.scheduler")
    #expect(plan.steps[1].name == "Stop scheduler of dr, dr.scheduler")
    let fanOut = FanOut(step: "stop", group: "schedulers", maxParallel: 3, maxFailed: 1)
    #expect(plan.steps[0].fanOut == fanOut)
    #expect(plan.steps[1].fanOut == fanOut)
    #expect(plan.steps[2].fanOut == nil)
    #expect(plan.steps[2].depends == ["stop"], "the whole is waited for")
  }

  @Test(arguments: [("0", 0), ("1", 1), ("49%", 0), ("50%", 1), ("100%", 2)])
  func aPartOfAHostIsNone(_ text: String, _ count: Int) throws {
    let fanOut = try #require(try plan("    max_failed: \(text)").steps[0].fanOut)
    #expect(fanOut.maxFailed == count)
    #expect(fanOut.maxParallel == FanOut.defaultMaxParallel)
  }

  @Test func thePlanReadsBackAsItWasWritten() throws {
    let plan = try plan("    max_failed: 1")
    #expect(try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan)) == plan)
  }

  @Test func aPlanWithoutFanOutsSaysNothingOfThem() throws {
    let plain = try Planner(catalogue: .sample).plan(
      runbook: SourceText(
        file: "r.yaml",
        text: """
          runbook: r
          run_type: upgrade
          steps: [{ id: a, action: service.stop, target: dr.scheduler }]
          """), inventory: Fixtures.lab()
    ).plan
    let text = String(decoding: try JSONEncoder().encode(plain), as: UTF8.self)
    #expect(!text.contains("fan_out"), "digests of earlier plans stay what they are")
  }

  @Test func dependingOnItIsDependingOnAllHosts() throws {
    let plan = try plan(
      "", after: "  - { id: last, action: gate.approval, with: { prompt: x }, depends: [stop] }")
    #expect(plan.steps.last?.depends == ["stop"])
  }

  @Test func prechecksTooLookAtEachHost() throws {
    let text = """
      runbook: r
      run_type: upgrade
      prechecks:
        - { id: logs, action: path.directory, target: schedulers, with: { path: default-logs } }
      steps:
        - { id: stop, action: service.stop, target: dr.scheduler }
      """
    let plan = try Planner(catalogue: .sample).plan(
      runbook: SourceText(file: "r.yaml", text: text), inventory: Fixtures.lab()
    ).plan
    #expect(plan.prechecks.map(\.id) == ["logs@production.scheduler", "logs@dr.scheduler"])
  }
}
