import Actuators
import Engine
import Foundation
import Runbook
import Testing

/// Two schedulers at production, on one database: when the one in control is silent, its partner takes over.
@Suite("A pair of schedulers")
struct PairTests {
  @Test("only one of the two is stopped: its partner takes control, and the run can't go on")
  func oneLeft() async throws {
    let result = try await prove(Variant("one is left", of: "scheduler-switchover"))
    let found = try #require(result.findings.first)
    #expect(["no-end", "no-way-to-control"].contains(found.code))
  }

  @Test("the guards overridden, both sites are in control, by way of the partner")
  func overridden() async throws {
    let variant = Variant("one is left", of: "scheduler-failover")
      .overriding("old-primarys-scheduler-stopped", in: "reverse-replication")
      .overriding("other-schedulers-stopped", in: "truncate-failover")
      .overriding("other-schedulers-stopped", in: "start-dr")
    // Production is cut off before its database can be demoted.
    let result = try await prove(variant, outages: 1)
    let found = try #require(result.findings.first { $0.code == "two-in-control" })
    #expect(found.trace.contains { $0.words.contains("from its partner production.scheduler") })
  }

  @Test(
    "both are stopped, in either order: it holds",
    arguments: ["stop-scheduler", "reverse-replication"])
  func both(before next: String) async throws {
    let partner = """
        - id: stop-partner
          action: service.stop
          target: "${from}.partner"

      """
    let variant = Variant("both are stopped", of: "scheduler-switchover").appending(partner)
      .moving("stop-partner", before: next)
    let result = try await prove(variant)
    #expect(result.findings.map(\.words) == [] && result.isComplete)
  }

  private func prove(_ variant: Variant, outages: Int = 0) async throws -> ProofResult {
    let lab = try String(
      contentsOfFile: "\(Variant.root)/Fixtures/lab/sites.yaml", encoding: .utf8)
    let partner =
      "      partner: { connection: { kind: local }, service_manager: { kind: systemd }, "
      + "services: [server], guid: { file: /etc/partner.xml, element: InstalledGUID } }\n"
    let plan = try Planner(catalogue: .standard).plan(
      runbook: SourceText(file: "pair.yaml", text: variant.text),
      inventory: SourceText(
        file: "sites.yaml",
        text: lab.replacing("  dr:\n    hosts:\n", with: "\(partner)  dr:\n    hosts:\n")),
      parameters: [:]
    ).plan
    return try await Proof(
      of: plan, catalogue: .standard, domain: SchedulerDomain(plan),
      limits: Proof.Limits(outages: outages)
    ).explore()
  }
}
