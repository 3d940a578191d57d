import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// `queue.permission` upon the double of Windows hosts.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct QueuePermissionTests {
  private static let machine = #"EXAMPLE\JAMS-2$"#
  private static let queues = ["jamsrequests", "jamsrequestssubmitcancel"]
  private static let everyone: Value = ["account": "Everyone", "access": "Allow", "rights": 4]

  private func make(
    on host: Host, _ accounts: [String] = [machine], _ values: [String: Value] = [:]
  ) throws -> QueuePermission {
    try QueuePermission(
      Arguments(
        ["accounts": .list(accounts.map(Value.string))].merging(values) { $1 }, on: .host(host),
        in: Inventory(sites: [Site(name: host.site, hosts: [host])])))
  }

  private func setUp(_ double: WindowsDouble, _ entries: [Value] = []) throws {
    let list = Value.list([Self.everyone] + entries)
    try double.set([
      "queues": .mapping(Dictionary(uniqueKeysWithValues: Self.queues.map { ($0, list) })),
      "accounts": [.string(Self.machine), #"EXAMPLE\it's ünusual $(x) `y` & more"#],
    ])
  }

  private func entry(_ access: String, _ rights: Int, _ account: String = machine) -> Value {
    ["account": .string(account), "access": .string(access), "rights": .integer(rights)]
  }

  private func expectConforms(
    _ action: QueuePermission, _ double: WindowsDouble, in world: ActuatorWorld
  ) async throws {
    let findings = try await Conformance(action, in: world) { try double.dump()["queues"] }
      .findings()
    #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
  }

  @Test(
    "it grants what is missing and takes it back, by each way",
    arguments: [WindowsDouble.Way.ssh, .ntlm])
  func conforms(way: WindowsDouble.Way) async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(way)
        let accounts = [Self.machine, #"EXAMPLE\it's ünusual $(x) `y` & more"#]
        let action = try make(on: host, accounts)
        try setUp(double)
        let before = try await action.probe(world.makeObserver())
        let list = try double.dump()["queues"]
        try await expectConforms(action, double, in: world)
        let now = try await action.probe(world.makeObserver())
        let undo = try #require(action.undo(restoring: before, from: now))
        #expect(undo.count == 2)
        #expect(action.undo(restoring: now, from: now) == [])
        for (queue, step) in zip(Self.queues, undo) {
          #expect(step.arguments["queues"] == [.string(queue)])
          let taking = try make(on: host, accounts, step.arguments)
          try await expectConforms(taking, double, in: world)
        }
        #expect(try double.dump()["queues"] == list)
      }
    }
  }

  @Test("an entry's other rights stay, names count whatever their case, and then nothing is undone")
  func keepsOthers() async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let action = try make(on: try double.host(.basic))
        try setUp(double, [entry("Allow", 2, Self.machine.lowercased())])
        let before = try await action.probe(world.makeObserver())
        try await expectConforms(action, double, in: world)
        let list = try double.dump()["queues"]?.mapping?["jamsrequests"]
        #expect(list == [Self.everyone, entry("Allow", 6, Self.machine.lowercased())])
        let now = try await action.probe(world.makeObserver())
        #expect(action.undo(restoring: before, from: now) == nil)
      }
    }
  }

  @Test("a denial is not overruled; a queue, MSMQ or a host that isn't there is told")
  func notGranted() async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(.basic)
        let action = try make(on: host)
        func verdict(_ action: QueuePermission) async throws -> Verdict {
          action.judge(try await action.probe(world.makeObserver()))
        }
        let noMSMQ = try await verdict(action)
        #expect(noMSMQ.name == "unknown" && "\(noMSMQ)".contains("is not recognized"), "\(noMSMQ)")
        try setUp(double, [entry("Allow", 4), entry("Deny", 4)])
        #expect(try await verdict(action).name == "blocked")
        try double.set(["queues": ["jamsrequests": [entry("Allow", 983_103)]]])
        #expect(try await verdict(action).name == "unknown")
        let one = try make(on: host, [Self.machine], ["queues": ["jamsrequests"]])
        #expect(try await verdict(one).isSatisfied)
        let stranger = try make(on: host, [#"EXAMPLE\nobody"#], ["queues": ["jamsrequests"]])
        let error = await #expect(throws: ActionError.self) {
          let seen = try await stranger.probe(world.makeObserver())
          _ = try await stranger.act(world.makeOperator(token: "t"), given: seen)
        }
        #expect(error?.code == "queue.failed")
        #expect(try await verdict(make(on: .here("dr"))).name == "blocked")
        try double.set(["down": true])
        #expect(try await UnreachableConformance(action, in: world).findings() == [])
      }
    }
  }

  @Test("what can't be an account or a queue is refused")
  func refused() throws {
    let host = Host(site: "dr", name: "scheduler", connection: .local, os: .windows)
    for account in [
      "", "JAMS-2$", #"\JAMS-2$"#, #"A\"#, #"A\B\C"#, #"A\b*"#, "A\\b\n", "A\\b\0", #"A B\c"#,
      #"A\"# + String(repeating: "x", count: 105),
    ] {
      #expect(throws: ActionError.self, "\(account)") { try make(on: host, [account]) }
    }
    for queue in ["", "a*", "a b", #"private$\a"#, "a'b", "-a", "a[b]", "a?"] {
      #expect(throws: ActionError.self, "\(queue)") {
        try make(on: host, [Self.machine], ["queues": [.string(queue)]])
      }
    }
    #expect(throws: ActionError.self) { try make(on: host, []) }
  }
}
