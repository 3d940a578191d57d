import Engine
import Foundation
import Runbook
import TestSupport
import Testing

/// Runbooks that ask a scheduler by REST, from the command line to a double of JAMS's server.
@Suite("A scheduler that is asked by REST (a double)")
struct SchedulerRESTTests {
  private static let open = [
    "resource": "/api/resource/{resource}", "resource_update": "/api/resource", "jobs": "/api/job",
    "version": "/api/version",
  ]
  private static let put = "PUT /jams/api/resource"
  private static let usual = 4242

  private static func contents() -> [String: Any] {
    [
      "open": open,
      "resources": [["resourceName": "MaintenanceWindow", "quantityAvailable": usual]],
      "agents": [["agentName": "JAMS01", "online": true, "agentState": "Active"]],
      "jobs": [["jobName": "nightly", "agentName": "far"]],
    ]
  }

  private static let runbook = """
    runbook: quiesce
    description: Let the scheduler start no more jobs.
    run_type: upgrade
    prechecks:
      - { id: healthy, action: scheduler.health, target: here.one, with: { version: "7.6.1" } }
      - { id: agents, action: agents.check, target: here.one, with: { agents: [JAMS01] } }
    steps:
      - { id: no-new-jobs, action: scheduler.quiesce, target: here.one }

    """

  private static func sites(_ double: JAMSDouble) -> String {
    """
    sites:
      here:
        hosts:
          one:
            connection: { kind: local }
            rest:
              url: \(double.url)
              user: \(JAMSDouble.user)
              password: file:\(double.directory)/password
              ca: \(double.certificates.authority)
              maintenance_window: { path: "/api/resource/{resource}", update: /api/resource, quantity: quantityAvailable }
              jobs: { path: /api/job, name: jobName, agent: agentName, local_agent: JAMS01 }
              version: { path: /api/version }

    """
  }

  private func withDesk(_ double: JAMSDouble, _ body: (Desk) async throws -> Void) async throws {
    try await Desk.with(steps: "") { desk in
      try desk.write(Self.runbook, to: desk.runbook)
      try desk.write(Self.sites(double), to: desk.sites)
      try await body(desk)
    }
  }

  private func quantity(_ double: JAMSDouble) throws -> Int? {
    let resources = try double.ask(["do": "state"])["resources"] as? [[String: Any]]
    return resources?.first?["quantityAvailable"] as? Int
  }

  /// All that stands in the state directory.
  private func journal(_ desk: Desk) throws -> [UInt8] {
    try FileManager.default.contentsOfDirectory(atPath: desk.home).flatMap {
      Array(FileManager.default.contents(atPath: "\(desk.home)/\($0)") ?? Data())
    }
  }

  @Test(
    "rehearsed it changes nothing and shows the request; executed it is so; again it is so already")
  func executed() async throws {
    try await JAMSDouble.with(Self.contents()) { double in
      try await withDesk(double) { desk in
        let rehearsed = try await desk.lifeboat([
          "rehearse", desk.runbook, "--sites", desk.sites, "--output", "json",
        ])
        #expect(rehearsed.code == 0, "\(rehearsed)")
        #expect(rehearsed.output.contains("\(double.url)/api/resource"))
        #expect(rehearsed.output.contains("Bearer •••"))
        #expect(try double.requests()[Self.put] == nil && quantity(double) == Self.usual)

        let executed = try await desk.lifeboat(desk.execute)
        #expect(executed.code == 0, "\(executed)")
        #expect(try double.requests()[Self.put] == 1 && quantity(double) == 0)

        let again = try await desk.lifeboat(desk.execute)
        #expect(again.code == 0, "\(again)")
        #expect(try double.requests()[Self.put] == nil && quantity(double) == 0)

        let forms = SecretForms(
          Secret(JAMSDouble.password), of: try #require(SecretReference("env:X")))
        let shown = try await desk.lifeboat(["audit", "show", "--output", "json"])
        for text in [rehearsed, executed, again, shown].map({ $0.output + $0.error }) {
          #expect(forms?.places(in: Array(text.utf8)).isEmpty == true)
        }
        #expect(forms?.places(in: try journal(desk)).isEmpty == true)
        #expect(try await desk.lifeboat(["audit", "verify"]).code == 0)
      }
    }
  }

  @Test("killed at every crash point it is resumed to the same end, and the request is sent once")
  func killed() async throws {
    let points =
      CrashPoint.ofRun.map { "run:\($0.name)" }
      + (CrashPoint.ofStep + [.duringAct(call: 1)]).map { "no-new-jobs:\($0.name)" }
    try await JAMSDouble.with(Self.contents()) { double in
      for point in points {
        try double.set(["resources": Self.contents()["resources"] as Any])
        try await withDesk(double) { desk in
          let killed = try await desk.lifeboat(
            desk.execute, environment: ["LIFEBOAT_CRASH_AT": point])
          try #require(killed.code == 137, "\(point) was not reached: \(killed)")
          if point != "run:run.after-end" {
            let resumed = try await desk.lifeboat(["resume"])
            #expect(resumed.code == 0, "\(point): \(resumed)")
          }
          #expect(try quantity(double) == 0, "\(point)")
          #expect(try double.requests()[Self.put] == 1, "\(point)")
          #expect(try await desk.lifeboat(["audit", "verify"]).code == 0)
        }
      }
    }
  }

  @Test("an abort brings the quantity back that there was")
  func aborted() async throws {
    try await JAMSDouble.with(Self.contents()) { double in
      try await withDesk(double) { desk in
        let killed = try await desk.lifeboat(
          desk.execute, environment: ["LIFEBOAT_CRASH_AT": "run:run.before-end"])
        try #require(killed.code == 137, "\(killed)")
        #expect(try quantity(double) == 0)
        let aborted = try await desk.lifeboat(["abort"] + AbortTests.agreed)
        #expect(aborted.code == 0, "\(aborted)")
        #expect(try quantity(double) == Self.usual)
      }
    }
  }

  @Test("with a precondition broken nothing is sent, and it is said which")
  func refused() async throws {
    try await JAMSDouble.with(Self.contents()) { double in
      let cases: [([String: Any], String)] = [
        (["active": false], "its scheduler is not active"),
        (["active": true, "version": "7.5.0"], "it is version 7.5.0, not 7.6.1"),
        (
          ["version": "7.6.1", "agents": [["agentName": "JAMS01", "online": false]]],
          "the agent JAMS01 is not online"
        ),
        (["agents": []], "it knows no agent JAMS01"),
        (
          [
            "agents": Self.contents()["agents"] as Any,
            "jobs": [["jobName": "backup", "agentName": "jams01"]],
          ], "these jobs would end with it: backup"
        ),
      ]
      for (changes, words) in cases {
        try double.set(changes)
        try await withDesk(double) { desk in
          let ran = try await desk.lifeboat(desk.execute)
          #expect(ran.code != 0 && (ran.output + ran.error).contains(words), "\(ran)")
          #expect(try double.requests()[Self.put] == nil)
        }
      }
    }
  }
}
