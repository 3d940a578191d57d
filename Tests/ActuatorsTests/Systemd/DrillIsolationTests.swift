import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators
@testable import LabScheduler

/// Where a drill's units run, as a real systemd says it, in a network that really has nothing but a loopback.
@Suite(.serialized, .needsHosts(unless: HostPackages.obstacle()))
struct DrillIsolationTests {
  private static let account = "nobody"

  private static func unit(_ settings: String...) -> String {
    "[Service]\nExecStart=/usr/bin/sleep infinity\n" + settings.joined(separator: "\n") + "\n"
  }

  private static let units = [
    "drill-server.service": unit("User=nobody", "NetworkNamespacePath=/run/netns/drill"),
    "inside.service": unit("User=nobody", "NetworkNamespacePath=/run/netns/drill"),
    "rootly.service": unit("NetworkNamespacePath=/run/netns/drill"),
    "networked.service": unit("User=nobody"),
    "elsewhere.service": unit("User=nobody", "NetworkNamespacePath=/run/netns/other"),
    "late.service": unit("User=nobody"),
  ]

  /// How a drill is isolated whose scheduler is `service`.
  private func isolation(_ service: String, on machine: SystemdMachine) throws -> DrillIsolation {
    let outside = machine.host(services: [])
    let host = Host(
      site: "dr", name: "drill", connection: outside.connection,
      inside: ["nsenter", "--net=/run/netns/drill", "--"], serviceManager: .systemd,
      services: [service],
      drill: DrillPlace(
        database: "scheduler", directory: "/srv/drill",
        server: DrillServer(
          address: "10.0.0.2", port: 5433, service: "drill-server", account: Self.account)))
    let data = SharedPath(name: "data", at: ["dr.database": "/var/lib/real"])
    return DrillIsolation(
      of: host, in: Inventory(sites: [Site(name: "dr", hosts: [outside, host])], paths: [data]))
  }

  private func leak(_ service: String, on machine: SystemdMachine) async throws -> String? {
    let isolation = try isolation(service, on: machine)
    let seen = Observation(try await isolation.observe(world.makeObserver()))
    return isolation.leak(seen).map { "\($0)" }
  }

  @Test("a unit that runs, or would run, in another network or as another account is found")
  func units() async throws {
    try await SystemdMachine.with(units: Self.units) { machine in
      for network in ["drill", "other"] {
        try await succeed(["ip", "netns", "add", network], on: machine)
      }
      try await succeed(["install", "-d", "-m", "700", "/var/lib/real"], on: machine)
      #expect(try await leak("inside", on: machine) == nil)
      let ways = [
        ("rootly", "rootly runs as root, and not as nobody"),
        ("networked", "networked has the machine's network"),
        ("elsewhere", "elsewhere has the network /run/netns/other"),
        ("missing", "missing is no unit there (not-found)"),
      ]
      for (service, words) in ways {
        let found = try await leak(service, on: machine)
        #expect(found?.contains(words) == true, "\(service): \(found ?? "isolated")")
      }

      try await succeed(["systemctl", "start", "inside", "late"], on: machine)
      #expect(try await leak("inside", on: machine) == nil)
      // What is written of a unit counts from its next start on.
      let setting = "/run/systemd/system/late.service.d/network.conf"
      try await succeed(
        [
          "sh", "-c",
          "install -D /dev/stdin \(setting) && systemctl daemon-reload",
        ], on: machine, input: "[Service]\nNetworkNamespacePath=/run/netns/drill\n")
      let late = try await leak("late", on: machine)
      #expect(
        late?.contains("late was started in another network") == true, "\(late ?? "isolated")")

      try await succeed(["chmod", "777", "/var/lib/real"], on: machine)
      let writable = try await leak("inside", on: machine)
      #expect(writable?.contains("can write to /var/lib/real") == true, "\(writable ?? "isolated")")

      try await succeed(["ip", "netns", "delete", "drill"], on: machine)
      let gone = try await leak("inside", on: machine)
      #expect(gone?.contains("nsenter: ") == true, "\(gone ?? "isolated")")
    }
  }

  private func succeed(
    _ arguments: [String], on machine: SystemdMachine, input: String? = nil
  ) async throws {
    let command = Command(arguments, standardInput: input.map { CommandInput($0) })
    let result = try await world.makeOperator(token: "t").run(
      command, on: machine.host(services: []))
    try #require(result.exitCode == 0, "\(arguments): \(result.standardError)")
  }
}
