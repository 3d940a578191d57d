import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Actions upon real files, processes, databases and servers of this machine. Those that need services are in
/// `LabConformanceTests`.
@Suite struct ConformanceTests {
  /// Two sites on this machine, and a directory that both name.
  private func inventory(_ directory: String, elsewhere: String? = nil) -> Inventory {
    let hosts = [Host.here("production"), Host.here("dr")]
    return Inventory(
      sites: hosts.map { Site(name: $0.site, hosts: [$0]) },
      paths: [
        SharedPath(
          name: "logs",
          at: ["production.scheduler": directory, "dr.scheduler": elsewhere ?? directory])
      ])
  }

  private func make<A: Action>(
    _ type: A.Type, _ values: [String: Value], on host: String? = nil, in inventory: Inventory
  ) throws -> A {
    let target = try host.map { Target.host(try #require(inventory.host($0))) }
    return try A(Arguments(values, on: target, in: inventory))
  }

  // MARK: - Commands and statements

  @Test("command.run")
  func commandRun() async throws {
    try await withDirectory { directory in
      let file = "\(directory)/it's $(done)\n"
      let action = try make(
        CommandRun.self,
        [
          "command": ["tee", "--", .string(file)], "stdin": "content",
          // Not `-e`: a command that is cut off may leave the file empty.
          "unless": ["test", "-s", .string(file)], "repeatable": true,
        ], on: "dr.scheduler", in: inventory(directory))
      try await expectConforms(action) {
        try DirectorySnapshot(of: directory).entries.mapValues(\.content)
      }
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "content")
    }
  }

  @Test("command.run: what is neither yes nor no is unknown, what may write is no probe")
  func commandRunEdges() async throws {
    let inventory = inventory("/tmp")
    let odd = try make(
      CommandRun.self, ["command": ["true"], "unless": ["grep", "x", "/nonexistent"]],
      on: "dr.scheduler", in: inventory)
    #expect(!odd.isRepeatable)
    let verdict = odd.judge(try await odd.probe(world.makeObserver()))
    #expect(verdict.name == "unknown", "\(verdict)")
    for program in ["sh", "rm", "/bin/test", "env", "find", "sed", "awk", "sort", "tee", ""] {
      let error = #expect(throws: ActionError.self) {
        try make(
          CommandRun.self, ["command": ["true"], "unless": [.string(program)]], on: "dr.scheduler",
          in: inventory)
      }
      #expect(error?.code == "command.not_read_only")
    }
    let failing = try make(
      CommandRun.self,
      ["command": ["ls", "/nonexistent"], "unless": ["test", "-e", "/nonexistent"]],
      on: "dr.scheduler", in: inventory)
    let error = await #expect(throws: ActionError.self) {
      try await failing.act(world.makeOperator(token: "t"), given: Observation())
    }
    #expect(error?.code == "command.failed")
    #expect(error?.message.contains("No such file") == true)
  }

  @Test("sql.run")
  func sqlRun() async throws {
    try await withDirectory { directory in
      let database = try TestDatabase(in: directory)
      let action = try database.make(
        SQLRun.self,
        [
          "statement": "INSERT INTO jobs (name) VALUES ('it''s; done')",
          "unless": "SELECT count(*) FROM jobs WHERE name = 'it''s; done'",
        ], at: "production")
      try await expectConforms(action) {
        try DirectorySnapshot(of: directory).entries.mapValues(\.content)
      }
    }
  }

  @Test("sql.run: refused on a replica, in the guard and again in the transaction")
  func sqlRunOnReplica() async throws {
    try await withDirectory { directory in
      let database = try TestDatabase(in: directory)
      let action = try database.make(
        SQLRun.self, ["statement": "DELETE FROM jobs", "unless": "SELECT 0"], at: "dr")
      let observation = try await action.probe(world.makeObserver())
      let finding = try #require(action.guards.first).check(observation)
      #expect(finding == .violated("scheduler@dr is replica"))
      let error = await #expect(throws: ActionError.self) {
        try await action.act(world.makeOperator(token: "t"), given: observation)
      }
      #expect(error?.code == "sql.not_primary")
      #expect(try database.strings("dr", "SELECT name FROM jobs") == ["nightly"])
    }
  }

  @Test("a query holds by its first column")
  func sqlCondition() async throws {
    try await withDirectory { directory in
      let copy = try TestDatabase(in: directory).copy("production")
      let answers: [(String, Bool)] = [
        ("SELECT 1", true), ("SELECT 0", false), ("SELECT NULL", false), ("SELECT ''", false),
        ("SELECT 'no'", true), ("SELECT 0.0", false), ("SELECT 0.5", true), ("SELECT -1", true),
        ("SELECT 1 WHERE 0", false), ("VALUES (0), (1)", true), ("SELECT 0, 1", false),
      ]
      for (query, holds) in answers {
        let condition = try SQLCondition(query, of: copy)
        let observation = Observation(try await condition.observe(world.makeObserver()))
        #expect(observation.facts.first?.reading == .value(.boolean(holds)), "\(query)")
      }
    }
  }

  // MARK: - HTTP

  @Test("http.request and http.check")
  func http() async throws {
    try await TestServer.with { server in
      let url = Value.string("\(server.url)/store/active-site")
      let empty = Inventory(sites: [])
      let check = try make(HTTPCheck.self, ["url": url, "contains": "dr"], in: empty)
      let request = try make(
        HTTPRequestAction.self,
        [
          "method": "PUT", "url": url, "body": "dr", "headers": ["Content-Type": "text/plain"],
          "unless": ["url": url, "contains": "dr"],
        ], in: empty)
      #expect(request.isRepeatable)
      let snapshot: @Sendable () async throws -> HTTPResponse = {
        try await world.makeObserver().fetch(HTTPLookup(url: "\(server.url)/store/active-site"))
      }
      try await expectConforms(check, snapshot)
      try await expectConforms(request, snapshot)
      #expect(check.judge(try await check.probe(world.makeObserver())).isSatisfied)
      let post = try make(
        HTTPRequestAction.self,
        ["method": "POST", "url": .string("\(server.url)/status/500"), "unless": ["url": url]],
        in: empty)
      #expect(!post.isRepeatable)
      let error = await #expect(throws: ActionError.self) {
        try await post.act(world.makeOperator(token: "t"), given: Observation())
      }
      #expect(error?.code == "http.status")
    }
    let down = try make(
      HTTPCheck.self, ["url": "http://127.0.0.1:1/"], in: Inventory(sites: []))
    #expect(try await UnreachableConformance(down, in: world).findings() == [])
  }

  // MARK: - Paths

  @Test("path.directory")
  func pathDirectory() async throws {
    try await withDirectory { directory in
      let path = "\(directory)/a/b $(c)"
      let action = try make(
        PathDirectory.self,
        ["path": .string(path), "mode": "0750", "minimum_free": "1B", "create": true],
        on: "dr.scheduler", in: inventory(directory))
      try await expectConforms(action) {
        try DirectorySnapshot(of: directory).entries.mapValues(\.mode)
      }
    }
  }

  @Test("path.directory: without leave to create, what isn't right is blocked")
  func pathDirectoryBlocked() async throws {
    try await withDirectory { directory in
      try "".write(toFile: "\(directory)/file", atomically: true, encoding: .utf8)
      let wishes: [[String: Value]] = [
        ["path": .string("\(directory)/missing")],
        ["path": .string("\(directory)/file"), "create": true],
        ["path": .string(directory), "mode": "0123"],
        ["path": .string(directory), "owner": "nobody"],
        ["path": .string(directory), "minimum_free": "1000000TB", "create": true],
        ["path": .string("\(directory)/new"), "minimum_free": "1000000TB", "create": true],
      ]
      for wish in wishes {
        let action = try make(
          PathDirectory.self, wish, on: "dr.scheduler", in: inventory(directory))
        let verdict = action.judge(try await action.probe(world.makeObserver()))
        #expect(verdict.name == "blocked", "\(verdict)")
      }
      #expect(throws: ActionError.self) {
        try make(
          PathDirectory.self, ["path": "relative"], on: "dr.scheduler", in: inventory(directory))
      }
    }
  }

  @Test("path.shared")
  func pathShared() async throws {
    try await withDirectory { directory in
      let action = try make(
        PathShared.self,
        ["path": "logs", "between": ["production.scheduler", "dr.scheduler"]],
        in: inventory(directory))
      // The marker is written anew by each proof: that it is there counts.
      try await expectConforms(action) {
        try DirectorySnapshot(of: directory).entries.keys.sorted()
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [".lifeboat-share"])
    }
  }

  @Test("path.shared: a rehearsal's proof leaves nothing behind, and satisfies")
  func pathSharedProof() async throws {
    try await withDirectory { directory in
      let action = try make(
        PathShared.self,
        ["path": "logs", "between": ["production.scheduler", "dr.scheduler"]],
        in: inventory(directory))
      let observation = try await action.prove(
        world.makeProbeFileWriter(token: "run/1 step"), observer: world.makeObserver())
      #expect(action.judge(observation).isSatisfied)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
      let verdict = action.judge(try await action.probe(world.makeObserver()))
      #expect(verdict.name == "needed", "\(verdict)")
    }
  }

  @Test("path.shared: two directories are no shared one, and nothing is left in them")
  func pathNotShared() async throws {
    try await withDirectory { directory in
      let places = ["\(directory)/a", "\(directory)/b"]
      for place in places {
        try FileManager.default.createDirectory(
          atPath: place, withIntermediateDirectories: false)
      }
      let time = HastyTime()
      let hasty = ActuatorWorld(time: time)
      let action = try make(
        PathShared.self,
        ["path": "logs", "between": ["production.scheduler", "dr.scheduler"]],
        in: inventory(places[0], elsewhere: places[1]))
      let error = await #expect(throws: ActionError.self) {
        try await action.act(hasty.makeOperator(token: "t"), given: Observation())
      }
      #expect(error?.code == "path.not_shared")
      for place in places {
        #expect(try FileManager.default.contentsOfDirectory(atPath: place) == [])
      }
      // Equal markers of another time: a copy of the directory, say.
      for place in places {
        try #"{"id":"\#(place)","proven_at":"2026-01-01T00:00:00.000Z"}"#
          .write(toFile: "\(place)/.lifeboat-share", atomically: true, encoding: .utf8)
      }
      let verdict = action.judge(try await action.probe(world.makeObserver()))
      #expect(verdict.name == "needed", "\(verdict)")
    }
  }

  @Test("path.shared: an old proof, and half a marker, prove nothing")
  func pathSharedMarkers() async throws {
    try await withDirectory { directory in
      let action = try make(
        PathShared.self,
        [
          "path": "logs", "between": ["production.scheduler", "dr.scheduler"], "maximum_age": "1h",
        ], in: inventory(directory))
      let time = SystemTime()
      let texts = [
        (
          #"{"id":"a","proven_at":"\#(Timestamp.text(time.now().addingTimeInterval(-3000)))"}"#,
          true
        ),
        (
          #"{"id":"a","proven_at":"\#(Timestamp.text(time.now().addingTimeInterval(-3601)))"}"#,
          false
        ),
        (#"{"id":"a","proven_at":"yesterday"}"#, false), (#"{"id":"a","#, false), ("", false),
      ]
      for (text, isProof) in texts {
        try text.write(
          toFile: "\(directory)/.lifeboat-share", atomically: true, encoding: .utf8)
        let observation = try await action.probe(world.makeObserver())
        #expect(action.judge(observation).isSatisfied == isProof, "\(text)")
      }
    }
  }

  // MARK: - Waiting and asking

  @Test("wait.until waits for each kind of thing, and for exactly one")
  func waitUntil() async throws {
    try await withDirectory { directory in
      let file = "\(directory)/there"
      let wait = try make(
        WaitUntil.self,
        ["command": ["host": "dr.scheduler", "command": ["test", "-e", .string(file)]]],
        in: inventory(directory))
      try await expectConforms(wait) { try DirectorySnapshot(of: directory) }
      let before = wait.judge(try await wait.probe(world.makeObserver()))
      #expect(before.name == "needed", "\(before)")
      try "".write(toFile: file, atomically: true, encoding: .utf8)
      #expect(wait.judge(try await wait.probe(world.makeObserver())).isSatisfied)

      let database = try TestDatabase(in: directory)
      let query = try database.make(
        WaitUntil.self,
        ["sql": ["database": "scheduler", "site": "dr", "query": "SELECT count(*) FROM jobs"]])
      #expect(query.judge(try await query.probe(world.makeObserver())).isSatisfied)
      let http = try make(
        WaitUntil.self, ["http": ["url": "http://127.0.0.1:1/"]], in: inventory(directory))
      let verdict = http.judge(try await http.probe(world.makeObserver()))
      #expect(verdict.name == "needed", "\(verdict)")
      for wishes in [[:], ["http": ["url": "http://a/"], "sql": [:]]] as [[String: Value]] {
        #expect(throws: ActionError.self) {
          try make(WaitUntil.self, wishes, in: inventory(directory))
        }
      }
    }
  }

  @Test("gates ask what they are told to, and change nothing")
  func gates() async throws {
    let empty = Inventory(sites: [])
    let approval = try make(GateApproval.self, ["prompt": "Go?", "required": 2], in: empty)
    #expect(approval.question == Question(.approval, prompt: "Go?", required: 2))
    try await expectConforms(approval) { 0 }
    let attest = try make(
      GateAttest.self,
      [
        "statement": "It is dead.",
        "facts": [["subject": "a.b/c", "property": "state", "value": "stopped"]],
      ], in: empty)
    try await expectConforms(attest) { 0 }
    #expect(attest.question.facts.map(\.key) == [FactKey("a.b/c", "state")])
    #expect(attest.question.facts.first?.reading.value == "stopped")
    #expect(throws: ActionError.self) {
      try make(GateApproval.self, ["prompt": "Go?", "required": 0], in: empty)
    }
  }
}

/// Real time with short pauses: patience that would take 15 s is over at once.
struct HastyTime: TimeSource {
  private let real = SystemTime()
  private let skipped = Counter()

  func now() -> Date { real.now() }
  func uptime() -> Duration { real.uptime() + .seconds(10) * skipped.count }
  func sleep(for duration: Duration) async throws {
    // A command's time-out is not cut short; the pause between two looks is, and counts as ten seconds.
    guard duration < .seconds(1) else { return try await real.sleep(for: duration) }
    skipped.add()
    try Task.checkCancellation()
  }
}
