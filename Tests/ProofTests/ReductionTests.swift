import Actuators
import Engine
import Foundation
import Runbook
import Testing

/// What is explored at once, because it goes on in the same way or has nothing to do with the rest, compared with exploring
/// all of it.
@Suite("Exploring less finds the same")
struct ReductionTests {
  @Test(
    "in faulty runbooks",
    arguments: VariantTests.cases.filter { $0.variant.text.contains("run_type: switchover") }
      + VariantTests.cases.filter { $0.code == "unaccepted-loss" }.prefix(1))
  func faulty(_ faulty: VariantTests.Case) async throws {
    try await compare(try faulty.variant.plan(in: faulty.inventory))
  }

  @Test(
    "in the shipped ones, also when a site breaks down",
    arguments: ["scheduler-switchover", "scheduler-failback", "reprotect"])
  func shipped(_ runbook: String) async throws {
    try await compare(try Variant(runbook, of: runbook).plan(), outages: 1)
  }

  private func compare(_ plan: Plan, outages: Int = 0) async throws {
    let (less, all) = (
      try await explore(plan, outages: outages),
      try await explore(plan, outages: outages, isReduced: false)
    )
    #expect(less.isComplete && all.isComplete)
    #expect(less.findings.map(Found.init) == all.findings.map(Found.init))
    let (few, many) = (states(of: less), states(of: all))
    #expect(few < many, "\(few) of \(many) states")
  }

  private struct Found: Equatable {
    let code: String
    let length: Int

    init(_ finding: ProofFinding) { (code, length) = (finding.code, finding.trace.count) }
  }

  // MARK: - Parts

  @Test("a dozen agents at once are a dozen small explorations")
  func parts() async throws {
    let result = try await explore(
      try Self.plan(
        Self.runbook + """
            - { id: agents, action: service.start, target: agents }

          """), outages: 1)
    #expect(result.parts == Self.agents + 1)
    #expect(result.findings.map(\.words) == [] && result.isComplete)
    #expect(states(of: result) < 20_000)
  }

  @Test("where there is no scheduler, none has to be in control")
  func withoutSchedulers() async throws {
    let plan = try Planner(catalogue: .standard).plan(
      runbook: SourceText(
        file: "parts.yaml",
        text: Self.runbook + "  - { id: web, action: service.stop, target: dr.web }\n"),
      inventory: SourceText(
        file: "sites.yaml",
        text: """
          sites:
            dr:
              hosts:
                web: { connection: { kind: local }, service_manager: { kind: systemd }, services: [web] }

          """), parameters: [:]
    ).plan
    let result = try await explore(plan)
    #expect(result.findings.map(\.words) == [] && result.isComplete)
  }

  @Test("hosts of which some may fail stay together")
  func tolerated() async throws {
    let result = try await explore(
      try Self.plan(
        Self.runbook + """
            - { id: agents, action: service.start, target: two-agents, max_failed: 1 }

          """))
    #expect(result.parts == 2 && result.isComplete)
  }

  @Test("what looks at the same and changes nothing is looked at one by one")
  func looking() async throws {
    let result = try await Variant("ha-check", of: "ha-check").proof()
    #expect(result.parts > 4 && result.isComplete)
    #expect(result.findings.map(\.words) == [])
  }

  @Test(
    "a step that needs the lost site keeps what waits for it from control, though it has nothing else to do with it"
  )
  func blocking() async throws {
    let failover = Variant("waits for the lost site", of: "scheduler-failover").appending(
      "  - id: far-agent\n    action: service.stop\n    target: production.far\n"
    ).moving("far-agent", before: "stop-production")
    let result = try await explore(try Self.plan(failover.text))
    #expect(result.isComplete)
    let found = result.findings.first { $0.code == "no-way-to-control" }
    #expect(found?.trace.contains { $0.words.contains("far-agent") } == true)
  }

  private static let agents = 12

  private static let runbook = """
    runbook: parts
    description: Agents at once.
    run_type: switchover
    steps:

    """

  /// On the lab's inventory, with agents at the one site and a host at the other.
  private static func plan(_ runbook: String) throws -> Plan {
    let lab = try String(contentsOfFile: "\(Variant.root)/Fixtures/lab/sites.yaml", encoding: .utf8)
    let host =
      "{ connection: { kind: local }, service_manager: { kind: systemd }, services: [agent] }"
    let names = (1...agents).map { "agent-\($0)" }
    let near = names.map { "      \($0): \(host)\n" }.joined()
    let sites = lab.replacing(
      "  dr:\n    hosts:\n", with: "      far: \(host)\n  dr:\n    hosts:\n\(near)")
    let groups = """
        agents: [\(names.map { "dr.\($0)" }.joined(separator: ", "))]
        two-agents: [dr.agent-1, dr.agent-2]

      """
    return try Planner(catalogue: .standard).plan(
      runbook: SourceText(file: "parts.yaml", text: runbook),
      inventory: SourceText(file: "sites.yaml", text: sites + groups), parameters: [:]
    ).plan
  }

  private func explore(
    _ plan: Plan, outages: Int = 0, isReduced: Bool = true
  ) async throws -> ProofResult {
    try await Proof(
      of: plan, catalogue: .standard, domain: SchedulerDomain(plan),
      limits: Proof.Limits(outages: outages, isReduced: isReduced)
    ).explore()
  }

  private func states(of result: ProofResult) -> Int {
    result.explored.map(\.states).reduce(0, +)
  }
}
