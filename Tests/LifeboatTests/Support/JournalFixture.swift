import Foundation
import Testing

/// A journal of Fixtures/journals with its checkpoints: of a real run on the embedded lab, made once by
/// Scripts/make-journal-fixtures.
enum JournalFixture: String, CaseIterable, CustomTestStringConvertible {
  case done, failed, waiting, refused
  case inDoubtResumed = "in-doubt-resumed"

  var testDescription: String { rawValue }

  private var folder: URL { Programs.root.appendingPathComponent("Fixtures/journals/\(rawValue)") }
  var goldenJSON: URL { folder.appendingPathComponent("report.json") }
  var goldenHTML: URL { folder.appendingPathComponent("report.html") }
  /// What an auditor has from elsewhere.
  var verifierKey: String { folder.path + "/verifier-key" }

  /// Runs `body` with a state directory that holds a copy of the journal and its checkpoints.
  func withHome(_ body: (String) async throws -> Void) async throws {
    let manager = FileManager.default
    let home = manager.temporaryDirectory.path + "/lf-\(UUID().uuidString.prefix(8))"
    try manager.createDirectory(
      atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { do { try manager.removeItem(atPath: home) } catch { Issue.record(error) } }
    let journal = home + "/journal.sqlite"
    try manager.copyItem(atPath: folder.path + "/journal.sqlite", toPath: journal)
    try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: journal)
    try manager.copyItem(
      atPath: folder.path + "/checkpoints", toPath: home + "/checkpoints")
    try await body(home)
  }

  /// Writes the report's HTML and JSON into a directory of its own, and hands their paths on.
  func withReport(_ body: (_ html: String, _ json: String) async throws -> Void) async throws {
    try await withHome { home in
      let (html, json) = (home + "/report.html", home + "/report.json")
      let ran = try await run(
        Programs.lifeboat, ["audit", "report", "--html", html, "--json", json],
        environment: ["LIFEBOAT_HOME": home])
      try #require(ran.code == 0, "\(ran)")
      try await body(html, json)
    }
  }
}
