import Engine
import Testing

/// The shipped runbooks made faulty. Each fault is found by exploring: nothing in the proof knows of it.
@Suite("Faulty runbooks")
struct VariantTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let variant: Variant
    let code: String
    var asksPermit = true
    var inventory = "Fixtures/lab/sites.yaml"

    var testDescription: String { variant.name }

    init(
      _ variant: Variant, _ code: String, asksPermit: Bool = true,
      inventory: String = "Fixtures/lab/sites.yaml"
    ) {
      self.variant = variant
      self.code = code
      self.asksPermit = asksPermit
      self.inventory = inventory
    }
  }

  private static func failover(_ name: String) -> Variant {
    Variant(name, of: "scheduler-failover")
  }
  private static func switchover(_ name: String) -> Variant {
    Variant(name, of: "scheduler-switchover")
  }
  private static let nobody = "no-way-to-control"
  private static let others = "other-schedulers-stopped"
  private static let olds = "old-primarys-scheduler-stopped"

  static let cases: [Case] = missing + swapped + overridden + wrongPlace + losing + comingBack

  /// Steps and gates that are left out.
  private static let missing = [
    Case(failover("production is not stopped").without("stop-production"), nobody),
    Case(
      failover("nobody may vouch for a dead site").replacing(
        "on_unreachable: attest", by: "on_unreachable: fail", in: "stop-production"), nobody),
    Case(failover("replication is not reversed").without("reverse-replication"), nobody),
    Case(failover("the table is not emptied").without("truncate-failover"), nobody),
    Case(failover("the scheduler is not started").without("start-dr"), nobody),
    Case(
      switchover("the scheduler is only stopped").without("start-scheduler").without("in-control"),
      nobody),
    Case(
      switchover("the table isn't emptied in a switchover").without("truncate-failover"), nobody),
    Case(
      switchover("the direction isn't reversed in a switchover").without("reverse-replication"),
      nobody),
  ]

  /// Steps in the wrong order.
  private static let swapped = [
    Case(failover("start before stop").moving("start-dr", before: "stop-production"), nobody),
    Case(
      failover("start before reversal").moving("start-dr", before: "reverse-replication"), nobody),
    Case(
      failover("start before truncation").moving("start-dr", before: "truncate-failover"), nobody),
    Case(
      failover("truncation before reversal").moving(
        "truncate-failover", before: "reverse-replication"), nobody),
    Case(
      failover("reversal before stop").moving("reverse-replication", before: "stop-production"),
      nobody),
    Case(
      switchover("verification before start").moving("in-control", before: "start-scheduler"),
      nobody),
    Case(
      switchover("check before truncation").moving("no-foreign-guid", before: "truncate-failover"),
      nobody),
  ]

  /// Guards that are overridden.
  private static let overridden = [
    Case(
      failover("production is neither stopped nor asked about").without("stop-production")
        .overriding(olds, in: "reverse-replication").overriding(others, in: "start-dr")
        .overriding(others, in: "truncate-failover"), "two-in-control"),
    Case(
      failover("what follows a failed stop is always done, and its guards are overridden")
        .adding("always: true", to: "reverse-replication")
        .adding("always: true", to: "truncate-failover").adding("always: true", to: "start-dr")
        .overriding(olds, in: "reverse-replication").overriding(others, in: "truncate-failover")
        .overriding(others, in: "start-dr"), "two-in-control"),
    Case(
      failover("a replica's table is emptied").moving(
        "truncate-failover", before: "reverse-replication"
      ).overriding("database-is-primary", in: "truncate-failover"), "truncated-replica"),
    Case(
      failover("a live table is emptied").moving("start-dr", before: "truncate-failover")
        .overriding("no-foreign-guid", in: "start-dr")
        .overriding("own-scheduler-stopped", in: "truncate-failover"), "truncated-live-table"),
    Case(
      failover("start beside stop, and nothing is asked").adding("depends: []", to: "start-dr")
        .overriding(others, "database-is-primary", "no-foreign-guid", in: "start-dr"), nobody),
  ]

  /// The right action at the wrong place.
  private static let wrongPlace = [
    Case(
      switchover("the wrong site is stopped").replacing(
        "${from}.scheduler", by: "${to}.scheduler", in: "stop-scheduler"), "no-end"),
    Case(
      switchover("the wrong site is started").replacing(
        "${to}.scheduler", by: "${from}.scheduler", in: "start-scheduler"), nobody),
    Case(
      switchover("the old primary's table is emptied").replacing(
        "scheduler@${to}", by: "scheduler@${from}", in: "truncate-failover"), nobody),
    Case(
      switchover("the wrong direction").replacing(
        "to: \"${to}\"", by: "to: \"${from}\"", in: "reverse-replication"), nobody),
    Case(
      switchover("only one service is stopped").adding(
        "with: { services: [server] }", to: "stop-scheduler"), "no-end"),
    Case(
      switchover("control is awaited at the wrong site").replacing(
        "scheduler@${to}", by: "scheduler@${from}", in: "in-control"), "no-end"),
    Case(
      switchover("the new scheduler is stopped at the end").appending(
        "  - id: tidy-up\n    action: service.stop\n    target: \"${to}.scheduler\"\n"), nobody),
    Case(
      switchover("reversed back at the end").appending(
        """
          - id: reverse-back
            action: replication.reverse
            target: scheduler
            with: { to: "${from}", mode: graceful }

        """), "no-end"),
  ]

  /// Data that nobody agreed to lose.
  private static let losing = [
    Case(
      failover("no bound for what is lost").replacing(
        ", maximum_loss: \"${objectives.rpo}\"", by: "", in: "reverse-replication"),
      "unaccepted-loss"),
    Case(
      failover("a bound beyond the objective").replacing(
        "\"${objectives.rpo}\"", by: "30d", in: "reverse-replication"), "unaccepted-loss"),
    Case(
      failover("no objective at all").replacingHead("{ rto: 15m, rpo: 5m }", by: "{ rto: 15m }")
        .replacingHead("${objectives.rpo}", by: "5m")
        .replacing("${objectives.rpo}", by: "30d", in: "reverse-replication"), "unaccepted-loss"),
  ]

  /// A site that comes back, without the permit that keeps its scheduler down.
  private static let comingBack = [
    Case(
      failover("no permit is asked"), "two-in-control", asksPermit: false,
      inventory: "Fixtures/hosts/postgresql.yaml"),
    Case(
      failover("Windows asks for no permit"), "two-in-control",
      inventory: "Fixtures/hosts/windows-automatic.yaml"),
  ]

  @Test("is found, by the shortest way", arguments: cases)
  func isFound(_ faulty: Case) async throws {
    let result = try await faulty.variant.proof(
      in: faulty.inventory, asksPermit: faulty.asksPermit)
    #expect(result.isComplete)
    let found = result.findings.first { $0.code == faulty.code }
    #expect(
      found != nil,
      "found \(result.findings.map(\.code)), states \(result.explored.map(\.states))")
    if let found { #expect(!found.trace.isEmpty) }
  }

  /// What a person doesn't vouch for isn't tolerated, and a primary that answers is demoted first: where the stop failed,
  /// production is down before another scheduler starts.
  @Test("a failed stop may be tolerated, though its guards are overridden")
  func isSafe() async throws {
    let variant = Self.failover("a failed stop is tolerated, and its guards are overridden")
      .adding("on_error: continue", to: "stop-production")
      .overriding(Self.olds, in: "reverse-replication")
      .overriding(Self.others, in: "truncate-failover").overriding(Self.others, in: "start-dr")
    let result = try await variant.proof(in: "Fixtures/lab/sites.yaml")
    #expect(result.findings.map(\.words) == [])
    #expect(result.isComplete)
  }

  @Test func areEnough() { #expect(Self.cases.count >= 25) }

  @Test(
    "the shipped ones are proved, explored completely",
    arguments: ["scheduler-failover", "scheduler-switchover", "scheduler-failback", "reprotect"],
    [
      "Fixtures/lab/sites.yaml", "Fixtures/hosts/postgresql.yaml", "Fixtures/hosts/mariadb.yaml",
      "Fixtures/hosts/windows.yaml",
      "Fixtures/hosts/sqlserver-mirroring.yaml",
      "Fixtures/hosts/sqlserver-availability-group.yaml",
      "Fixtures/hosts/sqlserver-log-shipping.yaml",
    ])
  func shipped(_ runbook: String, inventory: String) async throws {
    let result = try await Variant(runbook, of: runbook).proof(in: inventory)
    #expect(result.findings.map(\.words) == [])
    #expect(result.isComplete)
    #expect(result.explored.contains { $0.states > 0 })
  }

  @Test(
    "an abort before the point of no return restores the start, wherever the run stopped",
    arguments: ["Fixtures/lab/sites.yaml", "Fixtures/hosts/postgresql.yaml"])
  func aborted(inventory: String) async throws {
    let result = try await Variant("aborted", of: "scheduler-switchover").proof(in: inventory)
    #expect(result.findings.map(\.words) == [])
    // The stop alone, and the stop and the reversal, each with and without its effect.
    #expect(result.aborts.places >= 4 && result.aborts.isComplete)
  }
}
