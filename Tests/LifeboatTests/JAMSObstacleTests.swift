import Engine
import Foundation
import TestSupport
import Testing

extension JAMSSuites {
  /// What goes wrong on the way, after all that is looked at before: the run stops there and says what it is, nobody is in
  /// control who shouldn't be, and once it is put right the run goes on to its end. Doubles stand for Windows, SQL Server and JAMS.
  @Suite("The JAMS runbooks, stopped on the way (doubles)")
  struct JAMSObstacleTests {
    struct Obstacle: Sendable, CustomTestStringConvertible {
      let what: String
      var runbook = "jams-dr-switchover"
      /// Where the run stops, with which exit code, and what it says.
      let step: String
      var code: Int32 = 1
      let words: String
      /// The step at whose beginning the runner dies first, for what can come about only then.
      var dyingIn: String?
      let strike: @Sendable (JAMSSites) throws -> Void
      let cure: @Sendable (JAMSSites) throws -> Void
      var answers: [String] = []

      var testDescription: String { what }
      var isFailover: Bool { runbook == "jams-dr-failover" }
    }

    private static let operate = ["instance": "dr", "login": "lifeboat_operate"]

    static let obstacles = [
      Obstacle(
        what: "production's scheduler doesn't stop: a kill is for a person to approve",
        step: "stop-schedulers@production.scheduler", code: 4, words: "kill",
        strike: {
          try $0.changeServices(
            "production.scheduler", ["stops": "hangs"], of: ["JAMSScheduler"])
        },
        cure: { _ in },
        answers: ["--consent", "stop-schedulers@production.scheduler=so be it"]),
      Obstacle(
        what: "the operator's account may not fail the group over",
        runbook: "jams-dr-failover", step: "reverse-replication",
        words: "see the spelling, and the account's permissions",
        strike: {
          try $0.setSQLServer(
            operate,
            ["permissions": ["VIEW SERVER STATE", "VIEW ANY DEFINITION", "ALTER ANY DATABASE"]])
        },
        cure: {
          try $0.setSQLServer(
            operate, ["permissions": JAMSReplication.availabilityGroup.operating ?? []])
        }),
      Obstacle(
        what: "the group's secondary isn't ready to take over without loss",
        step: "reverse-replication", code: 2, words: "group-failover-ready",
        strike: {
          try $0.setSQLServer(["group": "jams", "replica": "dr"], ["lagging": ["JAMS"]])
        },
        cure: { try $0.setSQLServer(["group": "jams", "replica": "dr"], ["lagging": [String]()]) }),
      Obstacle(
        what: "the operator's account may not empty the Failover table",
        step: "truncate-failover", words: "permission was denied",
        strike: { try $0.sql("production", "ALTER ROLE db_owner DROP MEMBER lifeboat_operate") },
        cure: { try $0.sql("dr", "ALTER ROLE db_owner ADD MEMBER lifeboat_operate") }),
      Obstacle(
        what: "the DR scheduler doesn't start",
        runbook: "jams-dr-failover", step: "start-dr", words: "JAMSExecutor",
        strike: {
          try $0.changeServices("dr.scheduler", ["starts": "fails"], of: ["JAMSExecutor"])
        },
        cure: { try $0.changeServices("dr.scheduler", ["starts": "at once"]) }),
      Obstacle(
        what: "the DR scheduler starts, and doesn't take control",
        runbook: "jams-dr-failover", step: "in-control", words: "scheduler@dr",
        dyingIn: "start-dr",
        strike: {
          try $0.changeFiles(
            "dr.scheduler", [JAMSHost.commonConfig: JAMSHost.common(server: "nowhere.example")])
        },
        cure: {
          try $0.changeFiles(
            "dr.scheduler", [JAMSHost.commonConfig: JAMSHost.common(server: "sql-2.example")])
        }),
    ]

    @Test("each obstacle", arguments: obstacles)
    func stopped(by obstacle: Obstacle) async throws {
      try await JAMSSites.with(.availabilityGroup) { sites in
        let answers = obstacle.isFailover ? JAMSRunbookTests.attestations() : []
        if obstacle.isFailover { try sites.power(JAMSHost.production, on: false) }
        let execute = ["execute", try sites.impatient(obstacle.runbook)] + answers
        if let step = obstacle.dyingIn {
          let died = try await sites.lifeboat(
            execute, crashAt: "\(step):\(CrashPoint.stepStarted.name)")
          try #require(died.code == 137, "\(step) was not reached: \(died)")
        }
        try obstacle.strike(sites)
        let ran = try await sites.lifeboat(
          obstacle.dyingIn == nil ? execute : ["resume"] + answers)
        #expect(ran.code == obstacle.code, "\(ran)")
        #expect(
          ran.output.contains(obstacle.step) && ran.output.contains(obstacle.words), "\(ran)")
        #expect(try !sites.inControl().contains("dr.scheduler"))
        #expect(try sites.settled()["doubled"] as? Bool == false)

        try obstacle.cure(sites)
        let resumed = try await sites.lifeboat(["resume"] + answers + obstacle.answers)
        #expect(resumed.code == 0, "\(resumed)")
        try sites.expectInControl("dr.scheduler")
        #expect(try sites.running() == ["dr.scheduler"])
        #expect(try await sites.lifeboat(["audit", "verify"]).code == 0)
      }
    }
  }
}
