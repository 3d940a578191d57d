import Foundation
import TestSupport
import Testing

@Suite("What is asked and answered is collected, to report a difference with")
struct DoctorTests {
  private struct Report: Decodable {
    struct Finding: Decodable {
      struct Exchange: Decodable {
        struct Asked: Decodable {
          let at: String?
          let statement: String?
        }
        struct Answer: Decodable {
          let failure: String?
        }
        let asked: Asked
        let answer: Answer
      }
      let id: String
      let verdict: String?
      let message: String
      let exchanges: [Exchange]
    }
    let findings: [Finding]

    func finding(_ id: String) throws -> Finding {
      try #require(findings.first { $0.id == id }, "\(findings.map(\.id))")
    }
  }

  private func read(_ path: String) throws -> (text: String, report: Report) {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return (
      String(decoding: data, as: UTF8.self), try JSONDecoder().decode(Report.self, from: data)
    )
  }

  @Test("versions, states, and each question with its answer; a host that is down is part of it")
  func collects() async throws {
    try await TestLab.with { lab in
      let file = lab.home + "/report.json"
      let ran = try await lab.lifeboat(
        ["doctor", Programs.runbook("scheduler-failover"), "--out", file])
      #expect(ran.code == 0, "\(ran)")
      #expect(ran.output.contains("Nothing was changed"), "\(ran)")
      let (_, report) = try read(file)
      #expect(try report.finding("version/scheduler@dr").message.hasPrefix("3."))
      #expect(try report.finding("services/dr.scheduler").verdict == "satisfied")
      let reversal = try report.finding("reverse-replication")
      #expect(reversal.verdict == "needed")
      #expect(
        reversal.exchanges.contains {
          $0.asked.statement?.contains("FROM replication_state") == true
        })
      let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
      #expect(mode as? Int == 0o600)

      let again = try await lab.lifeboat(
        ["doctor", Programs.runbook("scheduler-failover"), "--out", file])
      #expect(again.code == 8 && again.error.contains("doctor.exists"), "\(again)")

      try await lab.strikeProduction()
      let other = lab.home + "/lost.json"
      let lost = try await lab.lifeboat(
        ["doctor", Programs.runbook("scheduler-failover"), "--out", other, "--output", "json"])
      #expect(lost.code == 0, "\(lost)")
      let stop = try read(other).report.finding("stop-production")
      #expect(stop.exchanges.contains { $0.answer.failure != nil }, "\(stop)")
    }
  }

  @Test("a secret that a server sends back is blotted out")
  func secrets() async throws {
    try await TestLab.with { lab in
      let secret = "s3cret-of-the-doctor"
      try secret.write(toFile: lab.lab + "/secret", atomically: true, encoding: .utf8)
      try "it says \(secret)".write(
        toFile: lab.lab + "/told", atomically: true, encoding: .utf8)
      chmod(lab.lab + "/secret", 0o600)
      let runbook = try lab.runbook(
        """
        runbook: tells-a-secret
        description: Looks at what holds a secret.
        run_type: upgrade
        prechecks:
          - id: resolves-it
            action: http.check
            with:
              url: http://127.0.0.1:9/
              headers: { Authorization: { secret: "file:\(lab.lab)/secret" } }
        steps:
          - id: tells-it
            action: command.run
            target: dr.scheduler
            with: { command: [touch, /nonexistent/x], unless: [grep, nowhere, "\(lab.lab)/told"] }
          - id: says-it
            action: command.run
            target: dr.scheduler
            with: { command: [touch, /nonexistent/x], unless: [cat, "\(lab.lab)/told"] }
        """)
      let file = lab.home + "/report.json"
      let ran = try await lab.lifeboat(["doctor", runbook, "--out", file])
      #expect(ran.code == 0, "\(ran)")
      let (text, report) = try read(file)
      #expect(try report.finding("says-it").exchanges.count == 1)
      #expect(text.contains("it says •••"), "\(text.suffix(3000))")
      #expect(!text.contains(secret) && !ran.output.contains(secret))
    }
  }
}
