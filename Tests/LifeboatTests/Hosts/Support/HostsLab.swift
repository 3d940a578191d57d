import Foundation
import TestSupport
import Testing

/// A lab of real hosts, and a person at its operator's terminal.
struct HostsLab: Sendable {
  /// The lab of the suite that runs.
  @TaskLocal static var current: HostsLab?

  static func get() throws -> HostsLab {
    try #require(current, "the suite has no lab: give it the trait .hostsLab(…)")
  }

  let directory: String
  let database: String

  // MARK: - What a person types

  @discardableResult
  func lab(_ verb: String, _ arguments: [String] = []) async throws -> Ran {
    try await run(Programs.lifeboat, ["lab", verb, directory] + arguments)
  }

  /// A program on one of the machines, as root.
  @discardableResult
  func at(_ machine: String, _ command: [String]) async throws -> Ran {
    try await run(Programs.labScheduler, ["lab", "enter", directory, machine, "--"] + command)
  }

  /// Lifeboat at the operator's terminal.
  func lifeboat(_ arguments: [String], crashAt: String? = nil) async throws -> Ran {
    try await at("operator", Self.terminal(crashAt) + ["/usr/local/bin/lifeboat"] + arguments)
  }

  /// The same, running on while the test does.
  func start(_ arguments: [String]) throws -> Child {
    try Child(
      Programs.labScheduler,
      ["lab", "enter", directory, "operator", "--"] + Self.terminal(nil)
        + ["/usr/local/bin/lifeboat"] + arguments,
      environment: [:], log: "\(directory).\(UUID().uuidString).log")
  }

  static func terminal(_ crashAt: String?) -> [String] {
    ["env", "LIFEBOAT_HOME=/var/lib/lifeboat", "LIFEBOAT_SITES=/etc/lifeboat/sites.yaml"]
      + (crashAt.map { ["LIFEBOAT_CRASH_AT=\($0)"] } ?? [])
  }

  static func runbook(_ name: String) -> String { "/opt/lifeboat-runbooks/\(name).yaml" }

  /// Executes a shipped runbook from one site to the other.
  func execute(
    _ name: String, _ direction: Direction = .toDR, _ more: [String] = [], crashAt: String? = nil
  ) async throws -> Ran {
    try await lifeboat(
      ["execute", Self.runbook(name)] + direction.parameters(of: name) + more, crashAt: crashAt)
  }

  /// Which way control moves.
  enum Direction: Sendable, CaseIterable {
    case toDR, toProduction

    var from: String { self == .toDR ? "production" : "dr" }
    var to: String { self == .toDR ? "dr" : "production" }
    var back: Direction { self == .toDR ? .toProduction : .toDR }

    func parameters(of runbook: String) -> [String] {
      let names = runbook == "reprotect" ? ("lost", "active") : ("from", "to")
      return ["--set", "\(names.0)=\(from)", "--set", "\(names.1)=\(to)"]
    }
  }

  // MARK: - What is so

  func entries(of run: String? = nil) async throws -> [[String: Any]] {
    let ran = try await lifeboat(["audit", "show", "--output", "json"] + (run.map { [$0] } ?? []))
    try #require(ran.code == 0, "\(ran)")
    return try ran.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// One value of a query in a site's database, read on its own machine by its own client; nil when it doesn't answer.
  func query(_ site: String, _ sql: String) async throws -> String? {
    let client =
      database == "postgresql"
      ? ["runuser", "-u", "postgres", "--", "psql", "-d", "scheduler", "-Atqc", sql]
      : ["mariadb", "-N", "-B", "scheduler", "-e", sql]
    let ran = try await at("\(site)-database", client)
    guard ran.code == 0 else { return nil }
    return ran.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Whether a site's database takes changes now.
  func isWritable(_ site: String) async throws -> Bool {
    database == "postgresql"
      ? try await query(site, "SELECT NOT pg_is_in_recovery()") == "t"
      : try await query(site, "SELECT @@read_only") == "0"
  }

  /// The state of a scheduler's unit, as systemd says it.
  func unit(_ unit: String, at site: String) async throws -> String {
    try await at(
      "\(site)-scheduler", ["systemctl", "show", "--property=ActiveState", "--value", unit]
    )
    .output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The state that every move is for: this site's scheduler works on its own, writable database; the other's doesn't.
  func expectInControl(_ site: String) async throws {
    let other = site == "dr" ? "production" : "dr"
    #expect(try await isWritable(site), "\(site)'s database takes no changes")
    #expect(try await !isWritable(other), "\(other)'s database takes changes")
    for service in ["lab-server", "lab-executor", "lab-scheduler"] {
      #expect(try await unit(service, at: site) == "active", "\(service) at \(site)")
      #expect(try await unit(service, at: other) != "active", "\(service) at \(other)")
    }
    #expect(
      try await query(site, "SELECT count(*) FROM job_history") != nil, "no job history at \(site)")
    try await waitForJobs(at: site)
  }

  /// Waits until a site's scheduler has run a job that it hadn't.
  func waitForJobs(at site: String) async throws {
    let jobs = "SELECT count(*) FROM job_history WHERE site = '\(site)'"
    let before = try await query(site, jobs)
    try await eventually("jobs run at \(site)") { try await query(site, jobs) != before }
  }
}
