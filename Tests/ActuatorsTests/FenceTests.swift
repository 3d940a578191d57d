import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

@Suite struct FenceTests {
  private let services = ["server", "scheduler"]

  /// Two sites; production can't be reached.
  private func inventory(_ directory: String) throws -> Inventory {
    let down = try Host.down("production", in: directory)
    let production = Host(
      site: "production", name: "scheduler", connection: down.connection,
      serviceManager: .process(control: ["true"], directory: "/"), services: services,
      guid: .value("P"))
    return Inventory(sites: [
      Site(name: "production", hosts: [production]),
      Site(name: "dr", hosts: [.here("dr"), .here("dr", "hypervisor")]),
    ])
  }

  private func make<A: Action>(
    _ type: A.Type, _ values: [String: Value], on target: String? = nil, in inventory: Inventory
  ) throws -> A {
    try type.init(
      Arguments(values, on: target.flatMap(inventory.host).map { .host($0) }, in: inventory))
  }

  private func fence(
    _ directory: String, _ more: [String: Value] = [:]
  ) throws -> FenceCommand {
    let mark = Value.string("\(directory)/fenced")
    let values: [String: Value] = [
      "command": ["touch", mark], "verify": ["command": ["test", "-e", mark]],
    ]
    return try make(
      FenceCommand.self, values.merging(more) { $1 }, on: "production.scheduler",
      in: inventory(directory))
  }

  private func othersStopped(_ observation: Observation, _ inventory: Inventory) -> Guard.Finding {
    SchedulerServices.others(than: "dr", in: inventory).othersStoppedGuard().check(observation)
  }

  private func look(_ inventory: Inventory) async throws -> Observation {
    Observation(
      try await SchedulerServices.others(than: "dr", in: inventory).observe(world.makeObserver()))
  }

  @Test("fence.command")
  func conforms() async throws {
    try await withDirectory { directory in
      try await expectConforms(try fence(directory, ["repeatable": true])) {
        FileManager.default.fileExists(atPath: "\(directory)/fenced")
      }
    }
  }

  @Test("a fence that was not seen is none: the command's word counts for nothing")
  func seenAndNotBelieved() async throws {
    try await withDirectory { directory in
      let lying = try fence(directory, ["command": ["true"]])
      _ = try await lying.act(world.makeOperator(token: "t"), given: Observation())
      let seen = try await lying.probe(world.makeObserver())
      #expect(lying.judge(seen).name == "needed")
      #expect(seen["production.scheduler", "fenced"] == false)
    }
  }

  @Test("whether it is fenced can't be told when what fences it gives no clear answer")
  func unclear() async throws {
    try await withDirectory { directory in
      let odd = try fence(
        directory, ["verify": ["command": ["grep", "x", .string("\(directory)/no-such-file")]]])
      let seen = try await odd.probe(world.makeObserver())
      #expect(odd.judge(seen).name == "unknown")
      #expect(seen["production.scheduler", "fenced"] == nil)
    }
  }

  @Test("lifting it is the same action with another command")
  func lifting() async throws {
    try await withDirectory { directory in
      let mark = "\(directory)/fenced"
      #expect(FileManager.default.createFile(atPath: mark, contents: nil))
      try await expectConforms(
        try fence(
          directory,
          ["state": "unfenced", "command": ["rm", "-f", .string(mark)], "repeatable": true])
      ) { FileManager.default.fileExists(atPath: mark) }
    }
  }

  @Test(
    "a dark host's guard: unknown, held by a fence or a person, and not by a fence that is open")
  func guardOfADarkHost() async throws {
    try await withDirectory { directory in
      let inventory = try inventory(directory)
      let dark = try await look(inventory)
      #expect(dark["production.scheduler", "fenced"] == nil)
      guard case .unknown = othersStopped(dark, inventory) else {
        Issue.record("a dark host must not count as stopped")
        return
      }
      let fence = try fence(directory)
      let open = try await fence.probe(world.makeObserver()).facts
      if case .holds = othersStopped(dark.filled(with: open), inventory) {
        Issue.record("an open fence must not count")
      }
      _ = try await fence.act(world.makeOperator(token: "t"), given: Observation())
      let closed = try await fence.probe(world.makeObserver()).facts
      #expect(othersStopped(dark.filled(with: closed), inventory) == .holds)
      for values in [["site": "production"], ["host": "production.scheduler"]] as [[String: Value]]
      {
        let vouched = try make(FenceAttest.self, values, in: inventory).question.facts
        #expect(othersStopped(dark.filled(with: vouched), inventory) == .holds)
      }
    }
  }

  @Test("a host that answers is asked itself, whatever was vouched for")
  func guardOfAHostThatAnswers() async throws {
    try await withDirectory { directory in
      let dark = try inventory(directory)
      let report = #"[{"name":"server","state":"running","start_type":"automatic"}]"#
      let program = "\(directory)/control"
      try "#!/bin/sh\necho '\(report)'\n".write(toFile: program, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
      let alive = Host(
        site: "production", name: "scheduler", connection: .local,
        serviceManager: .process(control: [program], directory: "/"), services: ["server"],
        guid: .value("P"))
      let inventory = Inventory(sites: [
        Site(name: "production", hosts: [alive]), dark.sites[1],
      ])
      let seen = try await look(inventory)
      #expect(seen["production.scheduler", "fenced"] == false)
      let vouched = try make(FenceAttest.self, ["site": "production"], in: inventory).question.facts
      guard case .violated = othersStopped(seen.filled(with: vouched), inventory) else {
        Issue.record("a running scheduler must violate the guard")
        return
      }
    }
  }

  @Test("what can't be a fence is refused")
  func refused() throws {
    let inventory = try inventory(NSTemporaryDirectory())
    let ok: [String: Value] = ["command": ["true"], "verify": ["command": ["true"]]]
    let cases: [(String, [String: Value])] = [
      ("command.empty", ["command": []]),
      ("fence.by_itself", ["on": "production.scheduler"]),
      ("fence.verify", ["verify": [:]]),
      ("fence.verify", ["verify": ["command": ["true"], "http": ["url": "http://localhost/"]]]),
      (
        "fence.verify",
        [
          "verify": [
            "service": ["host": "production.scheduler", "service": "server", "state": "stopped"]
          ]
        ]
      ),
      ("command.not_read_only", ["verify": ["command": ["rm", "x"]]]),
    ]
    for (code, values) in cases {
      let error = #expect(throws: ActionError.self) {
        try make(
          FenceCommand.self, ok.merging(values) { $1 }, on: "production.scheduler", in: inventory)
      }
      #expect(error?.code == code)
    }
    for values in [[:], ["site": "dr", "host": "dr.scheduler"]] as [[String: Value]] {
      let error = #expect(throws: ActionError.self) {
        try make(FenceAttest.self, values, in: inventory)
      }
      #expect(error?.code == "fence.what")
    }
  }
}
