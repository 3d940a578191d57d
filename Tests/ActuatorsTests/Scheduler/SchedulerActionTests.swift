import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// `scheduler.health`, `scheduler.quiesce`, `scheduler.resume` and `agents.check`, against the double of JAMS's REST server.
@Suite struct SchedulerActionTests {
  private static let hostile = "Wartung \"q\" 'a'; $(x) `y` %2F/../é?&#\n{resource}\\"
  private static let window = SchedulerREST.MaintenanceWindow(
    path: "/api/resource/{resource}", updatePath: "/api/resource",
    quantityField: "quantityAvailable")
  private static let jobs = SchedulerREST.Jobs(
    path: "/api/job", nameField: "jobName", agentField: "agentName", localAgent: "JAMS01")

  private static func resource(_ name: String = "MaintenanceWindow", _ quantity: Int = 999_999)
    -> [String: Any]
  {
    [
      "resourceName": name, "quantityAvailable": quantity, "lastChangeUTC": "",
      "description": hostile, "weight": 1.25, "inUse": false, "owner": NSNull(),
      "acl": ["flags": [1, 2]],
    ]
  }

  private static let open = [
    "resource": "/api/resource/{resource}", "resource_update": "/api/resource", "jobs": "/api/job",
    "version": "/api/version",
  ]

  private func contents(_ more: [String: Any] = [:]) -> [String: Any] {
    [
      "resources": [Self.resource(), Self.resource(Self.hostile, 5)], "open": Self.open,
      "agents": [
        ["agentID": 1, "agentName": "JAMS01", "online": true, "agentState": "Active"],
        ["agentID": 2, "agentName": Self.hostile, "online": true, "agentState": "Active"],
      ],
      "jobs": [["jobName": "far", "agentName": Self.hostile]],
    ].merging(more) { $1 }
  }

  /// Each test has secrets of its own.
  private let world = ActuatorWorld(time: SystemTime())

  private func expectConforms<Snapshot: Equatable & Sendable>(
    _ action: some Action, _ snapshot: @escaping @Sendable () throws -> Snapshot
  ) async throws {
    let findings = try await Conformance(action, in: world) { try snapshot() }.findings()
    #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
  }

  private func make<A: Action>(
    _ type: A.Type, _ rest: SchedulerREST?, _ values: [String: Value] = [:]
  ) throws -> A {
    let host = Host(site: "dr", name: "scheduler", connection: .local, rest: rest)
    return try A(
      Arguments(
        values, on: .host(host), in: Inventory(sites: [Site(name: "dr", hosts: [host])])))
  }

  private func verdict(_ action: some Action) async throws -> Verdict {
    action.judge(try await action.probe(world.makeObserver()))
  }

  /// What the double holds, without what each update moves.
  private func standing(_ double: JAMSDouble) throws -> [String] {
    let state = try double.ask(["do": "state"])
    return try (state["resources"] as? [[String: Any]] ?? []).map { resource in
      let kept = resource.filter { $0.key != "lastChangeUTC" }
      return String(
        decoding: try JSONSerialization.data(withJSONObject: kept, options: .sortedKeys),
        as: UTF8.self)
    }
  }

  // MARK: - The maintenance window

  @Test("scheduler.quiesce and scheduler.resume conform, whatever the resource's name")
  func conform() async throws {
    try await JAMSDouble.with(contents()) { double in
      let before = try standing(double)
      for name in ["MaintenanceWindow", Self.hostile] {
        let rest = double.rest(
          window: .init(
            resource: name, path: Self.window.path, updatePath: Self.window.updatePath,
            quantityField: Self.window.quantityField))
        try await expectConforms(try make(SchedulerQuiesce.self, rest)) { try standing(double) }
        let quantity = name == Self.hostile ? 5 : 999_999
        let resume = try make(
          SchedulerResume.self, rest,
          name == Self.hostile ? ["quantity": .integer(quantity)] : [:])
        try await expectConforms(resume) { try standing(double) }
      }
      // Each field came back as it was, also those that Lifeboat knows nothing of.
      #expect(try standing(double) == before)
      #expect(before.allSatisfy { $0.contains("1.25") && $0.contains("null") })
    }
  }

  @Test("what is sent is shown beforehand, to the letter, and the token isn't")
  func shown() async throws {
    try await JAMSDouble.with(contents()) { double in
      let quiesce = try make(SchedulerQuiesce.self, double.rest(window: Self.window))
      let seen = try await quiesce.probe(world.makeObserver())
      let told = quiesce.operations(given: seen)
      guard case .request(let request) = try #require(told.first).work else {
        Issue.record("\(told.map(\.spoken))")
        return
      }
      #expect(request.method == "PUT" && request.url == double.url + "/api/resource")
      let body = try #require(RESTValue(json: request.body ?? "")?.record)
      #expect(
        body["quantityAvailable"] == .integer(0) && body["description"] == .text(Self.hostile))
      #expect(quiesce.judge(seen) == .needed("set \(quiesceWords) from 999999 to 0"))
    }
  }

  private let quiesceWords = "the resource MaintenanceWindow of dr.scheduler"

  @Test("killed before or after the request it is seen how it stands, and done again is the same")
  func crashes() async throws {
    try await JAMSDouble.with(contents()) { double in
      let quiesce = try make(SchedulerQuiesce.self, double.rest(window: Self.window))
      let seen = try await quiesce.probe(world.makeObserver())
      let dying = MortalOperator(world.makeOperator(token: "t"), after: 0)
      await #expect(throws: MortalOperator.Died.self) { try await quiesce.act(dying, given: seen) }
      #expect(quiesce.judge(try await quiesce.probe(world.makeObserver())).name == "needed")
      for (action, verdictAfter) in [("cut_before", "needed"), ("cut_after", "satisfied")] {
        try double.ask(["do": "fault", "match": "PUT", "action": action])
        let error = await #expect(throws: ActionError.self) {
          try await quiesce.act(world.makeOperator(token: "t"), given: seen)
        }
        #expect(error?.kind == .inDoubt, "\(action)")
        #expect(try await verdict(quiesce).name == verdictAfter)
      }
      let now = try await quiesce.probe(world.makeObserver())
      #expect(quiesce.operations(given: now).isEmpty)
      let again = try await quiesce.act(world.makeOperator(token: "t"), given: now)
      #expect(again.details["sent"] == false)
    }
  }

  @Test("an update that the server refuses has failed, one that broke it is in doubt")
  func refusedUpdates() async throws {
    try await JAMSDouble.with(contents()) { double in
      let quiesce = try make(SchedulerQuiesce.self, double.rest(window: Self.window))
      let seen = try await quiesce.probe(world.makeObserver())
      for (status, kind) in [(403, ActionError.Kind.failed), (500, .inDoubt), (408, .inDoubt)] {
        try double.ask([
          "do": "fault", "match": "PUT", "action": "status", "status": status, "text": "{}",
        ])
        let error = await #expect(throws: ActionError.self) {
          try await quiesce.act(world.makeOperator(token: "t"), given: seen)
        }
        #expect(error?.code == "rest.status" && error?.kind == kind, "\(status)")
      }
    }
  }

  @Test("what somebody else changed meanwhile isn't written over")
  func changedMeanwhile() async throws {
    try await JAMSDouble.with(contents()) { double in
      let quiesce = try make(SchedulerQuiesce.self, double.rest(window: Self.window))
      let seen = try await quiesce.probe(world.makeObserver())
      try double.set(["resources": [Self.resource("MaintenanceWindow", 7)]])
      let error = await #expect(throws: ActionError.self) {
        try await quiesce.act(world.makeOperator(token: "t"), given: seen)
      }
      #expect(error?.code == "rest.changed_meanwhile")
      #expect(try double.requests()["PUT /jams/api/resource"] == nil)
    }
  }

  @Test("what was before is brought back exactly")
  func undone() async throws {
    try await JAMSDouble.with(contents(["resources": [Self.resource("MaintenanceWindow", 42)]])) {
      double in
      let rest = double.rest(window: Self.window)
      let quiesce = try make(SchedulerQuiesce.self, rest)
      let before = try await quiesce.probe(world.makeObserver())
      _ = try await quiesce.act(world.makeOperator(token: "t"), given: before)
      let after = try await quiesce.probe(world.makeObserver())
      let undo = try #require(quiesce.undo(restoring: before, from: after)?.first)
      #expect(undo.action == "scheduler.resume" && undo.arguments == ["quantity": 42])
      let resume = try make(SchedulerResume.self, rest, undo.arguments)
      _ = try await resume.act(world.makeOperator(token: "t"), given: after)
      #expect(
        quiesce.undo(restoring: before, from: try await quiesce.probe(world.makeObserver())) == [])
      #expect(quiesce.undo(restoring: Observation(), from: after) == nil)
      #expect(resume.undo(restoring: after, from: before) == nil)
      guard case .inexact = resume.undoability else {
        Issue.record("jobs that have run can't be taken back")
        return
      }
    }
  }

  @Test("a resource that isn't there, or isn't as the inventory says, is \"cannot tell\"")
  func unknownResources() async throws {
    try await JAMSDouble.with(contents()) { double in
      let windows = [
        SchedulerREST.MaintenanceWindow(
          resource: "none", path: Self.window.path, quantityField: "x"),
        .init(path: Self.window.path, quantityField: "quantity"),
        .init(path: Self.window.path, quantityField: "weight"),
        .init(path: Self.window.path, quantityField: "description"),
        .init(path: "/api/agent", quantityField: "x"),
      ]
      for window in windows {
        let quiesce = try make(SchedulerQuiesce.self, double.rest(window: window))
        #expect(try await verdict(quiesce).name == "unknown", "\(window)")
      }
    }
  }

  @Test("a resource that holds a secret is never put back blotted out")
  func secretInResource() async throws {
    var held = Self.resource()
    held["description"] = "ask for \(JAMSDouble.password)"
    try await JAMSDouble.with(contents(["resources": [held]])) { double in
      let quiesce = try make(SchedulerQuiesce.self, double.rest(window: Self.window))
      let found = try await verdict(quiesce)
      #expect(found.name == "unknown" && found.explanation.contains("also a secret"), "\(found)")
    }
  }

  // MARK: - Health

  @Test("scheduler.health: active or not, severity and version, as the step wants it")
  func health() async throws {
    try await JAMSDouble.with(contents()) { double in
      let rest = double.rest(version: .init(path: "/api/version"))
      let plain = try make(SchedulerHealth.self, rest, ["active": true, "version": "7.6.1"])
      try await expectConforms(plain) { try standing(double) }
      let cases: [([String: Any], [String: Value], String)] = [
        ([:], [:], "satisfied"), ([:], ["version": "7.6.1"], "satisfied"),
        ([:], ["version": "7.6.0"], "needed"), ([:], ["active": false], "needed"),
        (["active": false], ["active": false], "satisfied"), (["active": false], [:], "needed"),
        ([:], ["severities": ["Error"]], "needed"),
        (["active": true], ["severities": ["Error", "Success"]], "satisfied"),
        (["active": "yes"], [:], "unknown"), (["active": 1], [:], "unknown"),
        (["active": true, "status": ["message": "x"]], [:], "unknown"),
      ]
      for (changes, values, expected) in cases {
        try double.set(changes)
        let health = try make(SchedulerHealth.self, rest, values)
        #expect(try await verdict(health).name == expected, "\(changes) \(values)")
      }
    }
  }

  @Test("a server that gives no answer, or a broken one, is never healthy")
  func brokenServers() async throws {
    try await JAMSDouble.with(contents()) { double in
      let rest = double.rest(window: Self.window, jobs: Self.jobs)
      let faults: [[String: Any]] = [
        ["action": "status", "status": 500, "text": "broken"],
        ["action": "status", "status": 404], ["action": "cut_before"], ["action": "cut_after"],
        ["action": "answer", "text": "{\"message\": \"x\", "], ["action": "answer", "text": "[]"],
        ["action": "answer", "text": ""],
      ]
      for fault in faults {
        for action in [
          try make(SchedulerHealth.self, rest), try make(AgentsCheck.self, rest),
          try make(SchedulerQuiesce.self, rest), try make(SchedulerResume.self, rest),
        ] as [any Action] {
          try double.ask(fault.merging(["do": "fault", "match": "GET"]) { $1 })
          let found = action.judge(try await action.probe(world.makeObserver()))
          let isNone = action is AgentsCheck && fault["text"] as? String == "[]"
          #expect(found.name == (isNone ? "needed" : "unknown"), "\(fault) \(found)")
          try double.ask(["do": "clear_faults"])
        }
      }
    }
  }

  @Test("a server that can't be reached is a gap")
  func unreachable() async throws {
    let secret = try #require(SecretReference("env:PATH"))
    let rest = SchedulerREST(
      url: "https://127.0.0.1:1/jams", user: "x", password: secret, maintenanceWindow: Self.window,
      jobs: Self.jobs)
    for action in [
      try make(SchedulerHealth.self, rest), try make(AgentsCheck.self, rest),
      try make(SchedulerQuiesce.self, rest), try make(SchedulerResume.self, rest),
    ] as [any Action] {
      #expect(try await UnreachableConformance(action, in: world).findings() == [])
    }
  }

  // MARK: - Agents

  @Test("agents.check: who is online, and which jobs would end with the scheduler")
  func agents() async throws {
    try await JAMSDouble.with(contents()) { double in
      let rest = double.rest(jobs: Self.jobs)
      let check = try make(AgentsCheck.self, rest)
      try await expectConforms(check) { try standing(double) }
      #expect(try await verdict(check).name == "satisfied")
      for agent in ["jams01", "LOCALHOST", "", nil] as [String?] {
        let local: [String: Any] = ["jobName": "near", "agentName": agent as Any? ?? NSNull()]
        try double.set(["jobs": [local, ["jobName": "far", "agentName": "JAMS011"]]])
        let found = try await verdict(check)
        #expect(found == .needed("dr.scheduler: these jobs would end with it: near"), "\(found)")
        let allowing = try await verdict(
          try make(AgentsCheck.self, rest, ["allow_local_jobs": true]))
        #expect(allowing.name == "satisfied" && allowing.explanation.contains("near"))
      }
      // Without a setting nobody can say how jobs are listed, and nothing is said of them.
      #expect(try await verdict(try make(AgentsCheck.self, double.rest())).name == "satisfied")
      try double.set(["jobs": [["jobName": "near"]]])
      #expect(try await verdict(check).name == "unknown")
    }
  }

  @Test("an agent that is missing or offline is named")
  func offline() async throws {
    try await JAMSDouble.with(contents()) { double in
      let rest = double.rest()
      let missing = try await verdict(
        try make(AgentsCheck.self, rest, ["agents": ["jams01", "localhost"]]))
      #expect(missing == .needed("dr.scheduler: it knows no agent localhost"))
      try double.set([
        "agents": [["agentName": "localhost", "online": false, "agentState": "Inactive"]]
      ])
      let offline = try await verdict(try make(AgentsCheck.self, rest))
      #expect(offline == .needed("dr.scheduler: the agent localhost is not online (Inactive)"))
      try double.set(["agents": []])
      #expect(try await verdict(try make(AgentsCheck.self, rest)).name == "needed")
      try double.set(["agents": [["agentName": "localhost"]]])
      #expect(try await verdict(try make(AgentsCheck.self, rest)).name == "unknown")
    }
  }

  // MARK: - Arguments

  @Test("what the inventory doesn't say is refused before anything is asked")
  func refusedArguments() throws {
    let reference = try #require(SecretReference("env:X"))
    let bare = SchedulerREST(url: "https://x/jams", user: "x", password: reference)
    for type in [
      SchedulerHealth.self, AgentsCheck.self, SchedulerQuiesce.self, SchedulerResume.self,
    ] as [any Action.Type] {
      let error = #expect(throws: ActionError.self) { try make(type, nil) }
      #expect(error?.code == "inventory.no_rest")
    }
    for type in [SchedulerQuiesce.self, SchedulerResume.self] as [any Action.Type] {
      let error = #expect(throws: ActionError.self) { try make(type, bare) }
      #expect(error?.code == "inventory.no_maintenance_window")
    }
    #expect(throws: ActionError.self) { try make(SchedulerHealth.self, bare, ["version": "1"]) }
    var full = bare
    full = SchedulerREST(
      url: bare.url, user: "x", password: reference, maintenanceWindow: Self.window)
    #expect(throws: ActionError.self) { try make(SchedulerResume.self, full, ["quantity": -1]) }
  }
}
