import Engine
import Foundation
import TestSupport
import Testing

extension JAMSSuites {
  /// The runner is killed in the steps of each JAMS runbook, and resumed to the same end. By default at some points that differ in
  /// what was done and what is written; with LIFEBOAT_FAULTS=1 at every point of every step, on every kind of replication.
  @Suite("The JAMS runbooks, killed and resumed (doubles)")
  struct JAMSCrashTests {
    /// A runbook, how the sites stand before it, and what is so after it.
    struct Case: Sendable, CustomTestStringConvertible {
      let runbook: String
      var values: [String] = []
      /// What people answer on the command line, and what they answer only when they execute.
      var answers: [String] = []
      var accepting: [String] = []
      /// The step at which they are asked for consent, on some kinds of replication.
      var consent: String?
      let chosen: [String]
      let acting: [String]
      let looking: [String]
      /// Whether it begins where control was moved without Lifeboat.
      var isMoved = false
      var begin: @Sendable (JAMSSites, JAMSReplication) throws -> Void = { _, _ in }
      /// Who is in control at the end, and whose scheduler runs.
      let inControl: String
      var running: [String]?

      var testDescription: String { runbook }

      var points: [String] {
        guard JAMSReplication.isComplete else { return chosen }
        let ofActing = acting.flatMap { step in
          (CrashPoint.ofStep + [.duringAct(call: 1)]).map { "\(step):\($0.name)" }
        }
        let ofLooking = looking.flatMap { step in
          CrashMatrixTests.always.map { "\(step):\($0.name)" }
        }
        return CrashPoint.ofRun.map { "run:\($0.name)" } + ofActing + ofLooking
      }
    }

    static let production = [JAMSHost.partner, "production.scheduler"]

    static let cases = [
      Case(
        runbook: "jams-dr-switchover",
        chosen: [
          "reverse-replication:act.after", "truncate-failover:act.after",
        ],
        acting: production.map { "stop-schedulers@\($0)" } + [
          "reverse-replication", "truncate-failover", "start-scheduler",
        ],
        looking: ["no-foreign-guid", "in-control", "start-partner@dr.scheduler", "healthy"],
        inControl: "dr.scheduler"),
      Case(
        runbook: "jams-dr-failover",
        answers: JAMSRunbookTests.attestations(),
        accepting: ["--accept", "replica-current=the test says so"], consent: "reverse-replication",
        chosen: ["reverse-replication:act.call-1"],
        acting: ["reverse-replication", "truncate-failover", "start-dr"],
        looking: production.map { "stop-production@\($0)" } + [
          "no-foreign-guid", "in-control", "healthy",
        ],
        begin: { sites, replication in
          if replication.kind == "log_shipping" { try sites.shipLog() }
          try sites.power(JAMSHost.production, on: false)
        },
        inControl: "dr.scheduler"),
      Case(
        runbook: "jams-dr-failback",
        chosen: [
          "start-partner@production.partner:act.after"
        ],
        acting: [
          "stop-schedulers@dr.scheduler", "reverse-replication", "truncate-failover",
          "start-scheduler", "start-partner@production.partner",
        ],
        looking: [
          "no-foreign-guid", "in-control", "start-partner@production.scheduler", "healthy",
        ],
        isMoved: true, begin: { try $0.moveByHand($1) }, inControl: "production.scheduler",
        running: production),
      Case(
        runbook: "jams-dr-reprotect", consent: "rejoin", chosen: ["rejoin:act.after"],
        acting: production.map { "schedulers-down@\($0)" } + ["rejoin"],
        looking: ["fence-database", "protected"], isMoved: true,
        begin: { sites, replication in
          try sites.moveByHand(replication, isForced: true)
          for host in production { try sites.changeServices(host, ["start_type": "manual"]) }
        }, inControl: "dr.scheduler"),
      Case(
        runbook: "jams-repoint-agents", chosen: ["repoint@dr.agent-1:act.after"],
        acting: ["repoint@dr.agent-1", "repoint@dr.agent-2"], looking: ["online"],
        isMoved: true,
        begin: { sites, replication in
          try sites.moveByHand(replication)
          try sites.doubles.askJAMS(["do": "agents", "agents": JAMSHost.remoteAgents])
        }, inControl: "dr.scheduler"),
      Case(
        runbook: "jams-ha-install", answers: JAMSPairTests.installing,
        chosen: ["shared-logs:act.call-1"],
        acting: [
          "same-database", "login", "login-at-standby", "shared-logs", "default-logs-primary",
          "default-logs-secondary", "config-primary", "config-secondary", "queues-primary",
          "start-secondary", "queues-secondary",
        ],
        looking: ["own-guid", "primary-in-control-again", "agents", "pair-agrees", "healthy"],
        begin: { sites, _ in try JAMSPairTests.withoutPartner(sites) },
        inControl: "production.scheduler", running: production),
      Case(
        runbook: "jams-ha-upgrade", values: JAMSPairTests.version,
        answers: JAMSPairTests.approving([
          "go-ahead", "quiet", "upgrade-primary", "upgrade-secondary",
        ]),
        chosen: ["stop-primary:act.call-1"],
        acting: [
          "quiesce", "stop-secondary", "stop-primary", "start-primary", "start-secondary", "resume",
        ],
        looking: ["config-primary", "config-secondary", "in-control", "upgraded", "pair-agrees"],
        begin: { sites, _ in
          for host in production { try sites.setREST(host, ["version": ["version": "7.7.0"]]) }
        },
        inControl: "production.scheduler", running: production),
    ]

    /// `LIFEBOAT_RUNBOOK` names one of them.
    static let wanted = cases.filter {
      ProcessInfo.processInfo.environment["LIFEBOAT_RUNBOOK"] ?? $0.runbook == $0.runbook
    }

    @Test("each runbook", arguments: wanted)
    func killed(_ each: Case) async throws {
      let index = Self.cases.firstIndex { $0.runbook == each.runbook } ?? 0
      let all = each.isMoved ? JAMSReplication.byHand : JAMSReplication.all
      let kinds = JAMSReplication.isComplete ? all : [all[index % all.count]]
      for replication in kinds {
        for point in each.points {
          try await JAMSSites.with(replication) { sites in
            try each.begin(sites, replication)
            try await expectResumed(each, replication, point, at: sites)
          }
        }
      }
    }

    private func expectResumed(
      _ each: Case, _ replication: JAMSReplication, _ point: String, at sites: JAMSSites
    ) async throws {
      let consenting = ["--consent", "\(each.consent ?? "")=so be it"]
      var killed = try await sites.carryOut(
        "execute", each.runbook, each.values, each.answers + each.accepting, crashAt: point)
      if killed.code == 4, each.consent != nil {
        killed = try await sites.lifeboat(["resume"] + consenting, crashAt: point)
      }
      try #require(killed.code == 137, "\(point) was not reached: \(killed)")
      var resumed = try await sites.lifeboat(["resume"] + each.answers)
      // Of a run that waits the end is written, too.
      let isWaiting = resumed.code == 4 && each.consent != nil
      if isWaiting { resumed = try await sites.lifeboat(["resume"] + consenting) }
      let isOver = point == "run:\(CrashPoint.runAfterEnd.name)" && !isWaiting
      #expect(resumed.code == (isOver ? 2 : 0), "\(replication.kind), \(point): \(resumed)")
      try sites.expectInControl(each.inControl)
      #expect(try sites.running() == each.running ?? [each.inControl], "\(point)")
      #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
    }
  }
}
