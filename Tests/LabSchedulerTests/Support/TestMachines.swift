import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import LabScheduler

extension Trait where Self == ConditionTrait {
  /// For tests that need a lab of machines.
  static var needsHosts: ConditionTrait { .needsHosts(unless: HostPackages.obstacle()) }
}

/// A lab of machines for one test, taken down at the end.
struct TestMachines {
  let directory: String

  /// `--no-permit`: what a permit forbids is for the tests of permits.
  static func with(
    _ options: [String] = [], _ body: (TestMachines) async throws -> Void
  ) async throws {
    try await TemporaryDirectory.with { parent in
      let lab = TestMachines(directory: "\(parent)/lab")
      let result: Result<Void, any Error>
      do {
        try await lab.run("up", ["--hosts", "--no-permit", "--agents", "1"] + options)
        result = .success(try await body(lab))
      } catch {
        result = .failure(error)
      }
      // Also when the test's time is up, and it is cancelled.
      _ = try await Task { try await lab.run("down") }.value
      try result.get()
    }
  }

  /// Runs `lab VERB DIR …` and expects it to succeed.
  @discardableResult
  func run(_ verb: String, _ options: [String] = []) async throws -> String {
    let result = try await Program.run(["lab", verb, directory] + options)
    try #require(result.status == 0, "lab \(verb) \(options): \(result.errors)")
    return result.output
  }

  func disaster(_ options: String...) async throws { try await run("disaster", options) }
  func heal(_ targets: String...) async throws { try await run("heal", targets) }

  func status() async throws -> MachineLabStatus {
    try JSON.decode(MachineLabStatus.self, from: Data(try await run("status", ["--json"]).utf8))
  }

  func state(_ machine: String) async throws -> MachineLabStatus.Host {
    try #require(try await status().machines.first { $0.name == machine })
  }

  func copy(_ site: SiteName) async throws -> LabDatabaseCopy {
    try #require(try await status().databases.first { $0.site == site }).copy
  }

  /// Runs a program inside a machine.
  func at(_ machine: String, _ program: String...) async throws -> Program.Result {
    try await at(machine, program)
  }

  func at(_ machine: String, _ program: [String]) async throws -> Program.Result {
    try await Program.run(["lab", "enter", directory, machine, "--"] + program)
  }

  /// What SQL yields at a database, as its administrator.
  func sql(_ machine: String, _ statement: String) async throws -> String {
    let isMariaDB = try lab().settings.database == .mariadb
    let result =
      isMariaDB
      ? try await at(
        machine, "mariadb", "--batch", "--skip-column-names", "--execute=\(statement)", "scheduler")
      : try await at(
        machine, "runuser", "--user", "postgres", "--", "psql", "--no-psqlrc", "--quiet",
        "--no-align", "--tuples-only", "--command=\(statement)", "scheduler")
    try #require(result.status == 0, "\(statement): \(result.errors)")
    return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// How a TCP connection from one machine to another goes, and how many milliseconds it takes.
  func connection(
    from: String, to: String, port: Int = 22, timeout: Double = 3
  ) async throws -> (outcome: String, milliseconds: Double) {
    let program = """
      import socket, sys, time
      begin = time.monotonic()
      try:
        socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()
        outcome = "connected"
      except Exception as error:
        outcome = type(error).__name__
      print(outcome, (time.monotonic() - begin) * 1000)
      """
    let result = try await at(
      from, "python3", "-c", program, to, "\(port)", "\(timeout)")
    let words = result.output.split(whereSeparator: \.isWhitespace)
    try #require(words.count == 2, "\(result.errors)")
    return (String(words[0]), try #require(Double(words[1])))
  }

  func canReach(_ machine: String, from: String) async throws -> Bool {
    try await connection(from: from, to: machine, timeout: 1).outcome == "connected"
  }

  func lab() throws -> MachineLab { try MachineLab(existing: directory) }

  /// Waits until what was committed at production is at the DR site too.
  func replicates(_ mark: Int) async throws {
    try await eventually("row \(mark) at the DR site") {
      try await sql("dr-database", "SELECT count(*) FROM marks WHERE number = \(mark)") == "1"
    }
  }
}

/// What a lab of machines might leave behind on the machine that it ran on.
struct Traces: Equatable, CustomStringConvertible {
  let mounts: [String]
  let controlGroups: [String]
  let loopDevices: [String]
  let processes: [String]
  let files: [String]

  /// - Parameter marks: the lab's id and directory: other labs may come and go meanwhile.
  init(of marks: [String]) throws {
    func ours(_ text: String) -> Bool { marks.contains { text.contains($0) } }
    mounts = try MountTable.own().map(\.point).filter(ours)
    controlGroups = try ["unified", "systemd"].flatMap { hierarchy in
      try File.names(in: "/sys/fs/cgroup/\(hierarchy)").filter(ours)
    }
    loopDevices = try File.names(in: "/sys/block").filter { $0.hasPrefix("loop") }.compactMap {
      let file = try? String(contentsOfFile: "/sys/block/\($0)/loop/backing_file", encoding: .utf8)
      return file.flatMap { ours($0) ? $0 : nil }
    }
    processes = try File.names(in: "/proc").compactMap { Int32($0) }.compactMap { pid in
      // A zombie has no command line and no group of the lab's.
      let words = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
      let groups = try? String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8)
      let isAlive = ProcessIdentity(pid: pid).map { $0.condition != .gone } ?? false
      let isOurs = ours(words ?? "") || ours(groups ?? "")
      return isAlive && isOurs && pid != getpid() ? "\(pid) \(words ?? "")" : nil
    }
    files =
      try ["/run/netns", "/run/systemd/nspawn", "/run/systemd/machines", "/tmp"].flatMap {
        try File.names(in: $0).filter(ours)
      } + marks.filter { $0.hasPrefix("/") && File.exists($0) }
  }

  var isEmpty: Bool {
    [mounts, controlGroups, loopDevices, processes, files].allSatisfy(\.isEmpty)
  }

  var description: String {
    "mounts \(mounts), control groups \(controlGroups), loop devices \(loopDevices), "
      + "processes \(processes), files \(files)"
  }
}
