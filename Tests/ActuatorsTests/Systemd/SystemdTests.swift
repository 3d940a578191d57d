import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators
@testable import LabScheduler

/// The service actions upon a real systemd.
@Suite(.serialized, .needsHosts(unless: HostPackages.obstacle()))
struct SystemdTests {
  private static func unit(_ service: String, more: String = "", install: Bool = true) -> String {
    """
    [Unit]
    \(more)
    [Service]
    \(service)
    \(install ? "[Install]\nWantedBy=multi-user.target" : "")
    """
  }

  private static let sleeping = "ExecStart=/usr/bin/sleep infinity"

  private static let units = [
    "server.service": unit(sleeping),
    "executor.service": unit(sleeping, more: "After=server.service"),
    "follower.service": unit(sleeping, more: "Requires=server.service"),
    "static.service": unit(sleeping, install: false),
    // Before it counts as running: what fails later may be seen running.
    "failing.service": unit(
      "ExecStartPre=/bin/sh -c 'echo no room in the boat; exit 3'\n\(sleeping)"),
    "flapping.service": unit("ExecStart=/bin/false\nRestart=always\nRestartSec=1000"),
    "refused.service": unit(
      "ExecCondition=/bin/sh -c 'echo dr is not permitted; exit 1'\n\(sleeping)"),
    "unmet.service": unit(sleeping, more: "ConditionPathExists=/nonexistent"),
    "stubborn.service": unit(
      "ExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 1000 & wait; done'\nTimeoutStopSec=infinity"
    ),
    "slow.service": unit("Type=notify\n\(sleeping)\nTimeoutStartSec=infinity"),
  ]

  private func make<A: Action>(
    _ type: A.Type, _ services: [String], on machine: SystemdMachine,
    _ values: [String: Value] = [:]
  ) throws -> A {
    let host = machine.host(services: services)
    return try A(
      Arguments(
        values, on: .host(host), in: Inventory(sites: [Site(name: "dr", hosts: [host])])))
  }

  private func look(_ action: some Action) async throws -> (Observation, Verdict) {
    let observation = try await action.probe(world.makeObserver())
    return (observation, action.judge(observation))
  }

  private func act(_ action: some ActingAction) async throws -> Evidence {
    let (observation, _) = try await look(action)
    return try await action.act(world.makeOperator(token: "t"), given: observation)
  }

  private func standing(
    _ services: [String], on machine: SystemdMachine
  ) async throws -> [String] {
    var lines: [String] = []
    for service in services {
      for name in ["ActiveState", "UnitFileState", "MainPID"] {
        lines.append("\(service) \(name) \(try await machine.property(name, of: service))")
      }
    }
    return lines
  }

  @Test("starting, stopping and their checks conform, and the enablement follows")
  func conformance() async throws {
    try await SystemdMachine.with(units: Self.units) { machine async throws in
      let services = ["server", "executor"]
      let start = try make(ServiceStart.self, services, on: machine)
      try await expectConforms(start) { try await standing(services, on: machine) }
      #expect(try await machine.property("UnitFileState", of: "server") == "enabled")
      let status = try make(ServiceStatus.self, services, on: machine, ["expect": "running"])
      try await expectConforms(status) { try await standing(services, on: machine) }
      #expect(try await look(status).1.isSatisfied)

      for startType in ["disabled", "manual"] {
        let stop = try make(
          ServiceStop.self, services, on: machine, ["start_type": .string(startType)])
        try await expectConforms(stop) { try await standing(services, on: machine) }
        #expect(try await machine.property("UnitFileState", of: "server") == "disabled")
        #expect(try await machine.property("ActiveState", of: "executor") == "inactive")
        _ = try await act(start)
      }
    }
  }

  @Test(
    "states, start types and dependants are what systemd says; a unit that isn't there is a gap")
  func facts() async throws {
    try await SystemdMachine.with(units: Self.units) { machine async throws in
      for unit in ["server", "follower"] { try await machine.run(["systemctl", "start", unit]) }
      try await machine.run(["systemctl", "start", "--no-block", "flapping", "slow"])
      try await machine.run(["systemctl", "start", "failing"])
      try await machine.run(["systemctl", "mask", "executor"])
      try await eventually("the flapping one waits") {
        try await machine.property("SubState", of: "flapping") == "auto-restart"
      }
      let services = [
        "server", "executor", "flapping", "failing", "static", "slow", "no-such", "server.service",
      ]
      let host = machine.host(services: services)
      let observation = Observation(
        try await ServiceFacts(host: host, services: services).observe(world.makeObserver()))
      let states = services.map { observation.serviceState($0, on: host)?.rawValue ?? "?" }
      #expect(
        states == [
          "running", "stopped", "starting", "failed", "stopped", "starting", "?", "running",
        ])
      let startTypes = services.map { observation.startType($0, on: host) ?? "?" }
      #expect(
        startTypes == [
          "disabled", "masked", "disabled", "disabled", "manual", "disabled", "?", "disabled",
        ])
      #expect(observation.dependants(of: "server", on: host) == ["follower.service"])
      let gap = observation.gap(host.subject(ofService: "no-such"), FactName.serviceState)
      #expect(gap?.contains("no unit no-such") == true)

      let stop = try make(ServiceStop.self, ["server"], on: machine)
      #expect(try await look(stop).1.explanation.contains("also stops follower.service"))
      #expect(try await act(stop).details["also_stopped"] == ["follower.service"])
      #expect(try await machine.property("ActiveState", of: "follower") == "inactive")
    }
  }

  @Test("a masked unit is never unmasked, and one without installation keeps its start type")
  func obstacles() async throws {
    try await SystemdMachine.with(units: Self.units) { machine async throws in
      try await machine.run(["systemctl", "start", "executor"])
      try await machine.run(["systemctl", "mask", "server", "executor"])
      for startType in ["automatic", "keep"] {
        let start = try make(
          ServiceStart.self, ["server"], on: machine, ["start_type": .string(startType)])
        let (_, verdict) = try await look(start)
        #expect(verdict.name == "blocked", "\(verdict)")
        #expect(verdict.explanation.contains("masked"))
      }
      // Running and masked: it is stopped, and stays masked.
      let stop = try make(ServiceStop.self, ["executor"], on: machine)
      _ = try await act(stop)
      #expect(try await look(stop).1.isSatisfied)
      #expect(try await machine.property("UnitFileState", of: "executor") == "masked")

      let disable = try make(ServiceStop.self, ["static"], on: machine)
      #expect(try await look(disable).1.name == "blocked")
      let keep = try make(ServiceStart.self, ["static"], on: machine, ["start_type": "keep"])
      _ = try await act(keep)
      #expect(try await look(keep).1.isSatisfied)
    }
  }

  @Test("one that fails is told with the end of its log; one that its unit refuses is told apart")
  func failures() async throws {
    try await SystemdMachine.with(units: Self.units) { machine async throws in
      let cases = [
        ("failing", "service.failed", "no room in the boat"),
        ("refused", "service.refused", "dr is not permitted"),
        ("unmet", "service.refused", "Condition"),
        ("slow", "service.timed_out", "activating"),
      ]
      for (service, code, words) in cases {
        let start = try make(
          ServiceStart.self, [service], on: machine, ["start_timeout": "1s"])
        let error = await #expect(throws: ActionError.self) { _ = try await act(start) }
        #expect(error?.code == code, "\(service): \(error?.description ?? "")")
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.advice != nil)
      }
    }
  }

  @Test("one that doesn't stop is not killed unasked, and with consent it is")
  func stuck() async throws {
    try await SystemdMachine.with(units: Self.units) { machine async throws in
      try await machine.run(["systemctl", "start", "stubborn"])
      let pid = try await machine.property("MainPID", of: "stubborn")
      let stop = try make(
        ServiceStop.self, ["stubborn"], on: machine, ["stop_timeout": "500ms", "if_stuck": "kill"])
      #expect(stop.consent(for: try await look(stop).0) == nil)
      let error = await #expect(throws: ActionError.self) { _ = try await act(stop) }
      #expect(error?.code == "service.timed_out")
      #expect(try await machine.property("MainPID", of: "stubborn") == pid)

      let patient = try make(ServiceStop.self, ["stubborn"], on: machine, ["stop_timeout": "500ms"])
      let again = await #expect(throws: ActionError.self) { _ = try await act(patient) }
      #expect(again?.code == "service.timed_out")
      #expect(patient.consent(for: try await look(patient).0) == nil)
      #expect(try await machine.property("MainPID", of: "stubborn") == pid)

      let question = stop.consent(for: try await look(stop).0)
      #expect(question?.kind == .consent)
      #expect(question?.prompt.contains("stubborn") == true)
      #expect(try await act(stop).details["killed"] == ["stubborn"])
      #expect(try await look(stop).1.isSatisfied)
      #expect(try await machine.property("MainPID", of: "stubborn") == "0")
    }
  }
}
