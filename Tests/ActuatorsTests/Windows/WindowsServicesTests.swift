import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The service actions upon the double of a Windows host, by each way there.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct WindowsServicesTests {
  private static let services = ["JAMSServer", "JAMSExecutor", "JAMSScheduler"]

  private static func standing(_ state: String, _ startType: String) -> Value {
    .list([
      ["name": "JAMSServer", "state": .string(state), "start_type": .string(startType)],
      [
        "name": "JAMSExecutor", "state": .string(state), "start_type": .string(startType),
        "stops": "slowly", "starts": "slowly",
      ],
      [
        "name": "JAMSScheduler", "state": .string(state), "start_type": .string(startType),
        "depends_on": ["JAMSExecutor"],
      ],
    ])
  }

  private func make<A: Action>(
    _ type: A.Type, _ services: [String], on host: Host, _ values: [String: Value] = [:]
  ) throws -> A {
    try A(
      Arguments(
        values, on: .host(host), in: Inventory(sites: [Site(name: "dr", hosts: [host])])))
  }

  private func look(_ action: some Action, in world: ActuatorWorld) async throws
    -> (Observation, Verdict)
  {
    let observation = try await action.probe(world.makeObserver())
    return (observation, action.judge(observation))
  }

  private func act(_ action: some ActingAction, in world: ActuatorWorld) async throws -> Evidence {
    let (observation, _) = try await look(action, in: world)
    return try await action.act(world.makeOperator(token: "t"), given: observation)
  }

  @Test("starting, stopping and their checks conform", arguments: [WindowsDouble.Way.ssh, .ntlm])
  func conformance(way: WindowsDouble.Way) async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(way, services: Self.services)
        func expectConforms(_ action: some Action) async throws {
          let findings = try await Conformance(action, in: world) { try double.standing() }
            .findings()
          #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
        }
        try double.set(["services": Self.standing("Running", "automatic")])
        try await expectConforms(
          try make(ServiceStatus.self, Self.services, on: host, ["expect": "running"]))
        try await expectConforms(try make(ServiceStop.self, Self.services, on: host))
        #expect(try double.property("start_type", of: "JAMSServer") == "disabled")
        #expect(try double.property("state", of: "JAMSExecutor") == "Stopped")
        try await expectConforms(try make(ServiceStart.self, Self.services, on: host))
        #expect(try double.property("start_type", of: "JAMSServer") == "automatic")
        #expect(try double.property("state", of: "JAMSScheduler") == "Running")
        try await expectConforms(
          try make(ServiceStop.self, Self.services, on: host, ["start_type": "manual"]))
        #expect(try double.property("start_type", of: "JAMSExecutor") == "manual")
      }
    }
  }

  @Test(
    "a host that is down is not known to be stopped", arguments: [WindowsDouble.Way.ssh, .basic])
  func unreachable(way: WindowsDouble.Way) async throws {
    try await WindowsDouble.with { double async throws in
      try double.set(["down": true])
      let host = try double.host(way, services: ["a"])
      try await withWorld { world async throws in
        let stop = try make(ServiceStop.self, ["a"], on: host)
        #expect(try await UnreachableConformance(stop, in: world).findings() == [])
      }
    }
  }

  @Test(
    "states, start types, dependants and recovery are what Windows says; a missing service is a gap"
  )
  func facts() async throws {
    try await WindowsDouble.with { double async throws in
      let services = [
        "run", "down", "new", "dead", "starting", "stopping", "paused", "no such'", "RUN",
      ]
      let host = try double.host(.basic, services: services)
      try double.set([
        "services": [
          ["name": "run", "state": "Running", "recovery": ["restart 60000", "none", "reboot 5"]],
          ["name": "needs-run", "state": "Running", "depends_on": ["run"]],
          ["name": "slept", "state": "Stopped", "depends_on": ["run"]],
          ["name": "down", "state": "Stopped", "exit_code": 0, "start_type": "disabled"],
          ["name": "new", "state": "Stopped", "start_type": "manual"],
          ["name": "dead", "state": "Stopped", "exit_code": 1067],
          ["name": "starting", "state": "StartPending"],
          ["name": "stopping", "state": "StopPending"],
          ["name": "paused", "state": "Paused"],
        ]
      ])
      try await withWorld { world async throws in
        let observation = Observation(
          try await ServiceFacts(host: host, services: services).observe(world.makeObserver()))
        #expect(
          services.map { observation.serviceState($0, on: host)?.rawValue ?? "?" } == [
            "running", "stopped", "stopped", "failed", "starting", "stopping", "running", "?",
            "running",
          ])
        #expect(
          services.prefix(3).map { observation.startType($0, on: host) ?? "?" } == [
            "automatic", "disabled", "manual",
          ])
        #expect(observation.dependants(of: "run", on: host) == ["needs-run"])
        #expect(
          observation[host.subject(ofService: "run"), FactName.recovery]?.list == [
            "restart after 60000 ms", "nothing", "reboot after 5 ms",
          ])
        #expect(
          observation.gap(host.subject(ofService: "no such'"), FactName.serviceState)?
            .contains("no service") == true)
      }
    }
  }

  @Test("stopping tells what stops with it, and does so")
  func dependants() async throws {
    try await WindowsDouble.with { double async throws in
      let host = try double.host(.ssh, services: ["JAMSExecutor"])
      try double.set(["services": Self.standing("Running", "automatic")])
      try await withWorld { world async throws in
        let stop = try make(ServiceStop.self, ["JAMSExecutor"], on: host)
        let (observation, verdict) = try await look(stop, in: world)
        #expect("\(verdict)".contains("also stops JAMSScheduler"))
        #expect(stop.undo(restoring: observation, from: observation) == nil)
        #expect(try await act(stop, in: world).details["also_stopped"] == ["JAMSScheduler"])
        #expect(try double.property("state", of: "JAMSScheduler") == "Stopped")
      }
    }
  }

  @Test("what Windows refuses is told with its number's meaning")
  func refusals() async throws {
    try await WindowsDouble.with { double async throws in
      let cases: [(Value, String, String)] = [
        (["name": "a", "starts": "refuses", "error_code": 1069], "service.logon", "1069"),
        (
          ["name": "a", "starts": "refuses", "error_code": 5], "service.denied", "(Windows error 5)"
        ),
        (
          ["name": "a", "starts": "fails", "error_code": 1067], "service.failed",
          "ended unexpectedly"
        ),
        (["name": "a", "starts": "hangs"], "service.timed_out", "Start Pending"),
        (["name": "a", "state": "StopPending"], "service.busy", "1061"),
        (["name": "a", "start_type": "disabled"], "service.disabled", "1058"),
      ]
      let host = try double.host(.basic, services: ["a"])
      try await withWorld { world async throws in
        for (service, code, words) in cases {
          try double.set(["services": [service]])
          let start = try make(
            ServiceStart.self, ["a"], on: host, ["start_timeout": "1s", "start_type": "keep"])
          let error = await #expect(throws: ActionError.self) { try await act(start, in: world) }
          #expect(error?.code == code, "\(error?.description ?? "")")
          #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
          #expect(error?.advice != nil)
        }
      }
    }
  }

  @Test("one that doesn't stop is not killed unasked; with consent it is, and nothing beside it")
  func stuck() async throws {
    try await WindowsDouble.with { double async throws in
      let host = try double.host(.ntlm, services: ["a"])
      try double.set([
        "services": [
          ["name": "a", "state": "Running", "stops": "hangs", "recovery": ["restart 0"]],
          ["name": "b", "state": "Stopped"],
        ]
      ])
      try await withWorld { world async throws in
        let stop = try make(
          ServiceStop.self, ["a"], on: host, ["stop_timeout": "500ms", "if_stuck": "kill"])
        #expect(stop.consent(for: try await look(stop, in: world).0) == nil)
        let error = await #expect(throws: ActionError.self) { try await act(stop, in: world) }
        #expect(error?.code == "service.timed_out")
        let patient = try make(ServiceStop.self, ["a"], on: host, ["stop_timeout": "500ms"])
        await #expect(throws: ActionError.self) { try await act(patient, in: world) }
        #expect(
          try double.dump()["effects"]?.list?.contains { "\($0)".hasPrefix("process.kill") }
            == false)
        #expect(patient.consent(for: try await look(patient, in: world).0) == nil)

        #expect(stop.consent(for: try await look(stop, in: world).0)?.kind == .consent)
        #expect(try await act(stop, in: world).details["killed"] == ["a"])
        // Its recovery would restart it, were it not disabled by then.
        #expect(try await look(stop, in: world).1.isSatisfied)

        try double.set([
          "services": [
            ["name": "a", "state": "StopPending", "pid": 700, "stops": "hangs"],
            ["name": "b", "state": "Running", "pid": 700],
          ]
        ])
        let shared = await #expect(throws: ActionError.self) { try await act(stop, in: world) }
        #expect(shared?.message.contains("also that of b") == true)
        #expect(try double.property("state", of: "b") == "Running")
      }
    }
  }

  @Test("the clock, and the GUID in a file, are had from a Windows host")
  func clockAndGUID() async throws {
    try await WindowsDouble.with { double async throws in
      let path = "C:\\Program Files\\MVPSI\\JAMS\\Scheduler\\Server.config"
      let host = try double.host(
        .ntlm, services: [], guid: .file(path: path, element: "InstalledGUID"))
      try double.set([
        "files": [path: "<Server><InstalledGUID>5f0c22ab-1</InstalledGUID></Server>"]
      ])
      try await withWorld { world async throws in
        let clock = try make(HostClock.self, [], on: host, ["maximum": "1m"])
        #expect(try await look(clock, in: world).1.isSatisfied)
        let guid = try make(HostGUID.self, [], on: host)
        let (observation, verdict) = try await look(guid, in: world)
        #expect(verdict.isSatisfied)
        #expect(
          observation[host.id, FactName.ownGUID]?.string?.lowercased().contains("5f0c22ab") == true)
      }
    }
  }
}
