import Foundation
import Runbook
import Testing

@Suite struct PlannerTests {
  private func plan(_ text: String, _ parameters: [String: String] = [:]) throws -> Plan {
    try Planner(catalogue: .sample).plan(
      runbook: SourceText(file: "r.yaml", text: text), inventory: Fixtures.lab(),
      parameters: parameters
    ).plan
  }

  private let failover = """
    runbook: scheduler-failover
    description: From ${from} to ${to}.
    run_type: failover
    objectives: { rto: 15m, rpo: 5m }
    parameters:
      from: { type: site, default: production }
      to: { type: site, default: dr }
      mode: { type: choice, choices: [graceful, ungraceful], default: graceful }
      patience: { type: duration, default: 90s }
    prechecks:
      - { id: lag, action: replication.lag, target: scheduler, with: { maximum: "${objectives.rpo}" } }
    steps:
      - id: stop
        name: Stop ${from}
        action: service.stop
        target: "${from}.scheduler"
        with: { services: "${from.hosts.scheduler.services}", stop_timeout: "${patience}" }
        on_unreachable: attest
      - id: reverse
        action: replication.reverse
        target: scheduler
        with: { to: "${to}", mode: "${mode}" }
        when: "${mode} != ungraceful and ${steps.stop.outcome} == ok"
        timeout: "${patience}"
      - id: start
        action: service.start
        target: "${sites.dr.hosts.scheduler}"
        retry: { limit: 3, interval: 10s, backoff: 2 }
        on_error: continue
        approval: { prompt: "Start ${to}?", required: 2 }
        override_guards: [{ guard: no-foreign-guid, reason: restored by hand }]
      - id: tell
        action: gate.approval
        with: { prompt: "role ${steps.reverse.role}, lag ${steps.lag.as_of}, cost $${x} $5", required: 2 }
    """

  @Test func everyValueIsResolved() throws {
    let plan = try plan(failover, ["mode": "ungraceful", "patience": "2m"])
    #expect(plan.runbook == "scheduler-failover")
    #expect(plan.description == "From production to dr.")
    #expect(plan.runType == .failover)
    #expect(plan.objectives == Objectives(rto: "15m", rpo: "5m"))
    #expect(
      plan.parameters == [
        "from": "production", "to": "dr", "mode": "ungraceful", "patience": "2m",
      ])
    #expect(plan.prechecks[0].arguments == ["maximum": .value("5m")])
    let stop = plan.steps[0]
    #expect(stop.name == "Stop production")
    #expect(stop.target?.description == "production.scheduler")
    #expect(stop.timeout == "2m")
    #expect(
      stop.arguments == [
        "services": .value(["server", "executor", "scheduler"]), "stop_timeout": .value("2m"),
      ])
    #expect(stop.onUnreachable == .attest)
    #expect(stop.onError == .stop)
    #expect(plan.steps[1].timeout == "2m")
    #expect(plan.steps[1].name == "reverse")
    #expect(plan.steps[1].arguments == ["to": .value("dr"), "mode": .value("ungraceful")])
    let start = plan.steps[2]
    #expect(start.target?.description == "dr.scheduler")
    #expect(start.retry == PlannedStep.Retry(limit: 3, interval: "10s", backoff: 2))
    #expect(start.approval == PlannedStep.Approval(prompt: "Start dr?", required: 2))
    #expect(start.overriddenGuards == ["no-foreign-guid": "restored by hand"])
    #expect(start.onError == .continue)
  }

  @Test("what a site sets is had by the site's name, and by a parameter that is a site")
  func settings() throws {
    let sites = String(decoding: try Fixtures.lab().bytes, as: UTF8.self)
      .replacing("  dr:\n", with: "  dr:\n    settings: { address: 192.0.2.7 }\n")
    let plan = try Planner(catalogue: .sample).plan(
      runbook: SourceText(
        file: "r.yaml",
        text: """
          runbook: r
          description: d
          run_type: upgrade
          parameters:
            to: { type: site, default: dr }
          steps:
            - id: tell
              action: gate.approval
              with: { prompt: "${to.settings.address} ${sites.dr.settings.address}" }
          """), inventory: SourceText(file: "sites.yaml", text: sites), parameters: [:]
    ).plan
    #expect(plan.steps[0].arguments["prompt"] == .value("192.0.2.7 192.0.2.7"))
  }

  @Test func observationsWaitForTheRun() throws {
    let prompt = try #require(try plan(failover).steps[3].arguments["prompt"])
    let seen = prompt.resolved { reference in
      switch (reference.step, reference.property) {
      case ("reverse", "role"): "primary"
      case ("lag", "as_of"): "now"
      default: "?"
      }
    }
    #expect(seen == "role primary, lag now, cost ${x} $5")
  }

  @Test func conditionsHoldAsWritten() throws {
    let condition = try #require(try plan(failover).steps[1].when)
    #expect(condition.holds { _ in "ok" })
    #expect(!condition.holds { _ in "failed" })
    let ungraceful = try #require(try plan(failover, ["mode": "ungraceful"]).steps[1].when)
    #expect(!ungraceful.holds { _ in "ok" })
  }

  @Test func aTruthValueIsAConditionByItself() throws {
    let text = """
      runbook: r
      run_type: upgrade
      parameters: { flag: { type: boolean, default: false }, word: { type: string, default: a b } }
      steps:
        - { id: a, action: service.stop, target: dr.scheduler, when: "${flag}" }
        - { id: b, action: service.stop, target: dr.scheduler, when: "'a b'==${word} and ${flag}!=true" }
      """
    let off = try plan(text).steps.compactMap { $0.when?.holds { _ in .null } }
    let on = try plan(text, ["flag": "true"]).steps.compactMap { $0.when?.holds { _ in .null } }
    #expect(off == [false, true])
    #expect(on == [true, false])
  }

  @Test func orderIsWrittenOut() throws {
    let steps = [
      ("a", ""), ("b", ", depends: []"), ("c", ", depends: [a]"), ("d", ""),
      ("e", ", depends: [b, a]"), ("f", ""),
    ].map { "  - { id: \($0.0), action: service.stop, target: dr.scheduler\($0.1) }\n" }
    let plan = try plan("runbook: r\nrun_type: upgrade\nsteps:\n" + steps.joined())
    #expect(
      plan.steps.map(\.depends) == [[], [], ["a"], ["b", "c"], ["b", "a"], ["d", "e"]])
  }

  @Test func aStepSeesWhatItDependsOnAtAnyDistance() throws {
    let text = """
      runbook: r
      run_type: upgrade
      steps:
        - { id: a, action: service.stop, target: dr.scheduler }
        - { id: b, action: service.stop, target: dr.scheduler, depends: [a] }
        - { id: c, action: gate.approval, depends: [b], with: { prompt: "${steps.a.state}" } }
      """
    #expect(try plan(text).steps[2].depends == ["b"])
  }

  @Test func aPlanOutlivesItsEncoding() throws {
    let plan = try plan(failover)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let bytes = try encoder.encode(plan)
    #expect(try JSONDecoder().decode(Plan.self, from: bytes) == plan)
    #expect(try encoder.encode(self.plan(failover)) == bytes)
  }

  @Test func anyTakesOnlyWhatCantBeMistakenAsAnythingButText() throws {
    let text = """
      runbook: r
      run_type: upgrade
      steps:
        - id: a
          action: http.request
          with:
            url: http://localhost/
            token: env:TOKEN
            unless: { url: "http://localhost/", status: 204 }
            body: { a: 1, b: "1", c: true, d: on, e: 017, f: [x, ~], g: 1.5 }
      """
    let arguments = try plan(text).steps[0].arguments
    #expect(
      arguments["body"]
        == .value(
          [
            "a": 1, "b": "1", "c": true, "d": "on", "e": "017", "f": ["x", .null], "g": "1.5",
          ]))
    #expect(arguments["token"] == .value("env:TOKEN"))
    #expect(arguments["unless"] == .value(["url": "http://localhost/", "status": 204]))
  }

  @Test func checkingNeedsNoValues() throws {
    let text = """
      runbook: r
      run_type: upgrade
      parameters: { to: { type: site } }
      steps:
        - { id: a, action: service.stop, target: "${to}.scheduler", timeout: fast }
      """
    let source = SourceText(file: "r.yaml", text: text)
    let said = try Planner(catalogue: .sample).check(runbook: source, inventory: Fixtures.lab())
    #expect(said.all.map(\.code.description) == ["runbook.wrong_type"])
    #expect(throws: Diagnostics.self) { try plan(text.replacing("fast", with: "5m")) }
    #expect(try plan(text.replacing("fast", with: "5m"), ["to": "dr"]).steps.count == 1)
  }

  @Test func prechecksMayUseChecksThatCanAlsoMend() throws {
    let text = """
      runbook: r
      run_type: upgrade
      prechecks:
        - { id: a, action: path.directory, target: dr.scheduler, with: { path: default-logs } }
        - id: b
          action: path.shared
          with: { path: scheduler-logs, between: [production.scheduler, dr.scheduler] }
          critical: false
      steps:
        - { id: c, action: service.stop, target: dr.scheduler }
      """
    #expect(try plan(text).prechecks.map(\.isCritical) == [true, false])
  }

  @Test func faultsOfBothFilesAreSaidAtOnce() throws {
    let said = Planner(catalogue: .sample).check(
      runbook: SourceText(file: "r.yaml", text: "runbook: r\nrun_type: x\nsteps: []\n"),
      inventory: SourceText(file: "s.yaml", text: "sites: {}\n"))
    #expect(said.all.map(\.file) == ["r.yaml", "r.yaml", "s.yaml"])
  }

  @Test func actionsExamplesValidateAgainstTheLab() throws {
    for schema in ActionCatalogue.sample.schemas {
      let step = schema.example.split(separator: "\n").map { "    \($0)\n" }.joined()
      let source = SourceText(
        file: schema.name,
        text: "runbook: r\nrun_type: upgrade\nsteps:\n  -\n" + step)
      let said = try Planner(catalogue: .sample).check(runbook: source, inventory: Fixtures.lab())
      #expect(!said.hasErrors, "\(said)")
    }
  }

  @Test func thousandsOfStepsAndFaultsStayBounded() throws {
    let steps = (0..<8000).map {
      "- {id: s\($0), action: service.stop, target: dr.scheduler, depends: [x\($0)]}\n"
    }
    let source = SourceText(
      file: "r.yaml", text: "runbook: r\nrun_type: upgrade\nsteps:\n" + steps.joined())
    let said = try Planner(catalogue: .sample).check(runbook: source, inventory: Fixtures.lab())
    #expect(said.all.count == 100)
    #expect(said.errorCount == 8000)
  }

  @Test func shortReferencesToLongTextsAreRefused() throws {
    let long = String(repeating: "x", count: 60_000)
    let text = """
      runbook: r
      run_type: upgrade
      parameters: { a: { type: string, default: \(long) } }
      steps:
        - { id: s, action: gate.approval, with: { prompt: "\(String(repeating: "${a}", count: 10_000))" } }
      """
    let said = try Planner(catalogue: .sample).check(
      runbook: SourceText(file: "r.yaml", text: text), inventory: Fixtures.lab())
    #expect(said.all.map(\.code.description) == ["runbook.scalar_too_long"])
  }
}
