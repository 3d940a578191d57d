import Foundation
import Testing

/// A lab of its own for one test, with a state directory of its own.
struct TestLab: Sendable {
  let directory: String
  let home: String
  private let base: String

  var lab: String { directory }
  var inventory: String { directory + "/sites.yaml" }

  /// Makes a lab, hands it to `body`, and takes it down again, whatever happens.
  static func with(
    _ options: [String] = [], _ body: (TestLab) async throws -> Void
  ) async throws {
    await Turns.labs.take()
    defer { Turns.labs.give() }
    let base = FileManager.default.temporaryDirectory.path + "/lb-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
    let lab = TestLab(directory: base + "/lab", home: base + "/state", base: base)
    do {
      let up = try await lab.lab("up", options)
      try #require(up.code == 0, "\(up)")
      try await body(lab)
      try await lab.remove()
    } catch {
      Issue.record("\(error)\n\(lab.logs)")
      try await lab.remove()
    }
  }

  /// The last lines of every service, for whoever reads why a test failed.
  private var logs: String {
    let files = FileManager.default.enumerator(atPath: lab)?.allObjects as? [String] ?? []
    return files.filter { $0.hasSuffix(".log") && !$0.contains("shared/") }.sorted().map { file in
      let data = FileManager.default.contents(atPath: "\(lab)/\(file)") ?? Data()
      let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
      return "\(file):\n  " + lines.suffix(6).joined(separator: "\n  ")
    }.joined(separator: "\n")
  }

  private func remove() async throws {
    // Also when the test's time is up, and it is cancelled.
    let down = try await Task { try await lab("down") }.value
    try FileManager.default.removeItem(atPath: base)
    #expect(down.code == 0, "\(down)")
  }

  // MARK: - What a person types

  @discardableResult
  func lab(_ verb: String, _ options: [String] = []) async throws -> Ran {
    try await run(Programs.lifeboat, ["lab", verb, directory] + options)
  }

  func lifeboat(
    _ arguments: [String], crashAt: String? = nil, environment more: [String: String] = [:]
  ) async throws -> Ran {
    var environment = more
    environment["LIFEBOAT_HOME"] = home
    environment["LIFEBOAT_SITES"] = inventory
    if let crashAt { environment["LIFEBOAT_CRASH_AT"] = crashAt }
    return try await run(Programs.lifeboat, arguments, environment: environment)
  }

  static let attestation = ["--attest", "stop-production=seen by the test: power is off"]

  func failover(crashAt: String? = nil, _ more: [String] = []) async throws -> Ran {
    try await lifeboat(
      ["execute", Programs.runbook("scheduler-failover")] + Self.attestation + more,
      crashAt: crashAt)
  }

  func strikeProduction() async throws {
    let ran = try await lab("disaster", ["production"])
    try #require(ran.code == 0, "\(ran)")
  }

  // MARK: - What is so

  func entries(of run: String? = nil) async throws -> [[String: Any]] {
    let ran = try await lifeboat(["audit", "show", "--output", "json"] + (run.map { [$0] } ?? []))
    try #require(ran.code == 0, "\(ran)")
    return try ran.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// The last outcome of each step of the last run.
  func outcomes() async throws -> [String: String] {
    var outcomes: [String: String] = [:]
    for entry in try await entries() where entry["kind"] as? String == "step.ended" {
      let step = try #require(entry["step"] as? String)
      outcomes[step] = (entry["body"] as? [String: Any])?["outcome"] as? String
    }
    return outcomes
  }

  func databasePath(_ site: String) -> String { "\(directory)/\(site)/database/scheduler.sqlite" }
}
