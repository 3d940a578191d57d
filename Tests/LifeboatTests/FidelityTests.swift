import Foundation
import TestSupport
import Testing

@Suite("A rehearsal says on what it stands and what exactly would be done, and is held to it")
struct FidelityTests {
  @Test("a switchover: its operations in order, and afterwards what came true of its predictions")
  func switchover() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let runbook = Programs.runbook("scheduler-switchover")
      let rehearsed = try await lab.lifeboat(["rehearse", runbook])
      #expect(rehearsed.code == 0, "\(rehearsed)")
      #expect(!rehearsed.output.contains("came true"))
      let lines = rehearsed.output.split(separator: "\n").filter { $0.contains("        · ") }
        .map(String.init)
      try expectInOrder(
        [
          "production.scheduler$ ", "set-start-type", "stop", "scheduler@production: UPDATE",
          "'draining'",
          "scheduler@dr: UPDATE", "'primary', epoch = 2", "scheduler@production: UPDATE",
          "'replica'",
          #"scheduler@dr: DELETE FROM "Failover""#, "dr.scheduler$ ", "start",
        ], in: lines.joined(separator: "\n"))
      #expect(!rehearsed.output.contains("can't say what exactly"))
      #expect(rehearsed.output.firstMatch(of: #/facts used: probed \d+, predicted [1-9]/#) != nil)
      for entry in try await lab.entries() where entry["kind"] as? String == "step.rehearsed" {
        let body = try #require(entry["body"] as? [String: Any])
        let isAsked = body["action"] as? String == "failover_table.in_control"
        let operations = body["operations"] as? [Any] ?? []
        #expect(
          operations.isEmpty == (isAsked || body["outcome"] as? String != "would_change"), "\(body)"
        )
      }

      let executed = try await lab.lifeboat(["execute", runbook])
      #expect(executed.code == 0, "\(executed)")
      let came = try #require(
        executed.output.firstMatch(of: #/of (\d+) predicted facts (\d+) came true/#), "\(executed)")
      #expect(came.1 == came.2)
      let ended = try #require(try await lab.entries().last?["body"] as? [String: Any])
      let predictions = try #require(ended["predictions"] as? [String: Any])
      #expect(predictions["came_true"] as? Int == Int(came.2))

      let again = try await lab.lifeboat(["rehearse", runbook])
      #expect(again.output.contains("predictions of the last execution"), "\(again)")
      #expect(again.output.contains(String(came.0)), "\(again)")
    }
  }

  private func expectInOrder(_ parts: [String], in text: String) throws {
    var rest = text[...]
    for part in parts {
      let found = try #require(
        rest.range(of: part), "'\(part)' is missing, or too early, in:\n\(text)")
      rest = rest[found.upperBound...]
    }
  }
}
