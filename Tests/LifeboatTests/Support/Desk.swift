import Foundation
import Testing

/// A state directory, a runbook and an inventory of this machine alone, without a lab: for what concerns people.
struct Desk: Sendable {
  let base: String

  var home: String { base + "/state" }
  var runbook: String { base + "/runbook.yaml" }
  var sites: String { base + "/sites.yaml" }

  /// `group` shares the state directory, when it is given.
  static func with(
    group: gid_t? = nil, steps: String, inventory: String = "",
    _ body: (Desk) async throws -> Void
  ) async throws {
    let base = FileManager.default.temporaryDirectory.path + "/desk-\(UUID().uuidString.prefix(8))"
    let desk = Desk(base: base)
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
    defer { do { try FileManager.default.removeItem(atPath: base) } catch { Issue.record(error) } }
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: base)
    if let group {
      try FileManager.default.createDirectory(atPath: desk.home, withIntermediateDirectories: true)
      try #require(chown(desk.home, 0, group) == 0 && chmod(desk.home, 0o2770) == 0)
    }
    try desk.write(
      "runbook: desk\ndescription: People.\nrun_type: upgrade\nsteps:\n\(steps)\n", to: desk.runbook
    )
    try desk.write(
      "sites:\n  here:\n    hosts:\n      one: { connection: { kind: local } }\n\(inventory)\n",
      to: desk.sites)
    try await body(desk)
  }

  func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  var execute: [String] { ["execute", runbook, "--sites", sites] }

  func lifeboat(_ arguments: [String], environment: [String: String] = [:]) async throws -> Ran {
    try await run(
      Programs.lifeboat, arguments,
      environment: environment.merging(["LIFEBOAT_HOME": home]) { $1 })
  }

  /// As another account that logged in as `login`: nil for a login that the kernel doesn't know. By root alone.
  func lifeboat(
    _ arguments: [String], as uid: uid_t, group: gid_t, login: uid_t?,
    environment: [String: String] = [:]
  ) async throws -> Ran {
    let script = """
      echo "$0" > /proc/self/loginuid && uid=$1 gid=$2 && shift 2 &&
      exec setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@"
      """
    return try await run(
      "sh",
      ["-c", script, String(login ?? .max), String(uid), String(group), Programs.lifeboat]
        + arguments,
      environment: environment.merging(["LIFEBOAT_HOME": home]) { $1 })
  }

  /// The answers to gates, as `audit people` tells them.
  func answers() async throws -> [[String: Any]] {
    let ran = try await lifeboat(["audit", "people", "--output", "json"])
    return try ran.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }
}
