import Foundation
import Glibc
import TestSupport
import Testing

@testable import LabScheduler

@Suite("A host is a machine with a service manager", .serialized)
struct HostTests {
  @Test func atRunsAProgramInTheHostsDirectory() async throws {
    try await TestLab.with { lab in
      let host = lab.host(.dr).path
      let result = try await Program.run([
        "at", host, "--", "sh", "-c", "pwd; echo $1; exit 9", "x", "a b",
      ])
      #expect(result.status == 9)
      #expect(result.output == "\(host)\na b\n")
      let missing = try await Program.run(["at", host, "--", "/no/such/program"])
      #expect(missing.status == 127)
      #expect(missing.errors.contains("/no/such/program"))
    }
  }

  @Test func aPowerCutTakesEverythingOnTheHost() async throws {
    try await TestLab.with { lab in
      let host = lab.host(.production)
      let daemon = try #require(try host.recordedProcess())
      let children = try host.recordedServiceProcesses()
      #expect(children.count == 4)
      kill(daemon.pid, SIGKILL)
      try await eventually("no process left") {
        ([daemon] + children).allSatisfy { $0.condition == .gone }
      }
      for arguments in [["at", host.path, "--", "true"], ["service", "show", host.path]] {
        let result = try await Program.run(arguments)
        #expect(result.status == 255)
        #expect(result.errors == "lab-scheduler: host \(host.path): unreachable\n")
      }
      try await lab.run("heal", ["production"])
      #expect(try await lab.services(.production).values.allSatisfy { $0.state == .running })
    }
  }

  @Test func aHungHostIsUnreachable() async throws {
    try await TestLab.with { lab in
      try await lab.run("disaster", ["dr", "--hang"])
      let host = lab.host(.dr).path
      #expect(try await Program.run(["at", host, "--", "true"]).status == 255)
      #expect(try await Program.run(["service", "stop", host, "replicator"]).status == 255)
      #expect(try await lab.status().sites.last?.hosts.first?.state == .hung)
      try await lab.run("heal", ["dr"])
      #expect(try await Program.run(["at", host, "--", "true"]).status == 0)
    }
  }

  @Test func oneDaemonAHost() async throws {
    try await TestLab.with { lab in
      let result = try await Program.run(["host", lab.host(.dr).path])
      #expect(result.status == 5)
      #expect(try await lab.services(.dr)[.replicator]?.state == .running)
    }
  }

  @Test func showChangesNothingAndKnowsItsServices() async throws {
    try await TestLab.with { lab in
      let before = try contents(of: lab.host(.dr).path)
      let shown = try await lab.service("show", .dr, ["scheduler", "server"])
      let list = try #require(
        try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [[String: Any]])
      #expect(list.map { $0["name"] as? String } == ["scheduler", "server"])
      for service in list {
        #expect(Set(service.keys) == ["name", "state", "pid", "start_type", "since"])
        #expect(service["state"] as? String == "stopped")
        #expect(service["pid"] is NSNull)
      }
      try await lab.service("show", .dr, ["nonsense"], expecting: 4)
      try await lab.service("start", .dr, ["nonsense"], expecting: 4)
      #expect(try contents(of: lab.host(.dr).path) == before)
    }
  }

  @Test func aDisabledServiceDoesNotStart() async throws {
    try await TestLab.with { lab in
      try await lab.service("start", .dr, ["server"], expecting: 5)
      #expect(try await lab.services(.dr)[.server]?.state == .stopped)
      try await lab.service("set-start-type", .dr, ["server", "manual"])
      try await lab.service("start", .dr, ["server"])
      #expect(try await lab.services(.dr)[.server]?.state == .running)
    }
  }

  @Test func startTypesOutliveAPowerCut() async throws {
    try await TestLab.with { lab in
      try await lab.service("set-start-type", .production, ["scheduler", "disabled"])
      try await lab.service("set-start-type", .production, ["executor", "manual"])
      try await lab.run("disaster", ["production"])
      try await lab.run("heal")
      let services = try await lab.services(.production)
      #expect(services[.server]?.state == .running)
      #expect(services[.executor]?.state == .stopped)
      #expect(services[.executor]?.startType == .manual)
      #expect(services[.scheduler]?.startType == .disabled)
      #expect(services[.scheduler]?.state == .stopped)
    }
  }

  @Test func theSchedulerStopsWithTheExecutor() async throws {
    try await TestLab.with { lab in
      try await lab.service("stop", .production, ["executor"])
      var services = try await lab.services(.production)
      #expect(services[.executor]?.state == .stopped)
      #expect(services[.scheduler]?.state == .stopped)
      #expect(services[.server]?.state == .running)
      try await lab.service("start", .production, ["scheduler"], expecting: 7)
      try await lab.service("start", .production, ["executor", "scheduler"])
      try await lab.service("kill", .production, ["executor"])
      services = try await lab.services(.production)
      #expect(services[.executor]?.state == .failed)
      #expect(services[.scheduler]?.pid == nil)
    }
  }

  @Test func commandsAreIdempotent() async throws {
    try await TestLab.with { lab in
      let before = try await lab.services(.production)
      try await lab.service("start", .production, ["server", "executor", "scheduler"])
      #expect(try await lab.services(.production) == before)
      for _ in 1...2 {
        try await lab.service("stop", .production, ["scheduler", "executor", "server"])
        try await lab.service("kill", .production, ["server"])
      }
      #expect(try await lab.services(.production)[.server]?.state == .stopped)
    }
  }

  @Test func aStopThatTakesTooLongLeavesTheServiceAlive() async throws {
    try await TestLab.with { lab in
      let pid = try #require(try await lab.services(.production)[.server]?.pid)
      let process = try #require(ProcessIdentity(pid: pid))
      try process.send(SIGSTOP)
      let result = try await lab.service(
        "stop", .production, ["server", "--timeout", "0.3"], expecting: 6)
      #expect(result.errors.contains("server"))
      #expect(process.condition == .suspended)
      try process.send(SIGCONT)
      try await eventually("it stops in the end") {
        try await lab.services(.production)[.server]?.state == .stopped
      }
    }
  }

  /// Every file's path, size and time of change.
  private func contents(of directory: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: directory).sorted().map { path in
      var status = stat()
      lstat("\(directory)/\(path)", &status)
      return "\(path) \(status.st_size) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
    }
  }
}
