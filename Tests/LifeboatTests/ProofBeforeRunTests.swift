import Foundation
import TestSupport
import Testing

@Suite("Before an execution begins, its plan is proved")
struct ProofBeforeRunTests {
  private static let proving = ["LIFEBOAT_PROOF_STATES": "200000"]

  /// Nobody is in control at the end, and nothing brings anybody there.
  private static func faulty() throws -> String {
    try String(contentsOfFile: Programs.runbook("scheduler-switchover"), encoding: .utf8) + """

        - id: tidy-up
          action: service.stop
          target: "${to}.scheduler"
      """
  }

  @Test(
    "what the proof finds is refused, and nothing is done; it takes a reason, which the journal keeps"
  )
  func refused() async throws {
    try await TestLab.with { lab in
      let runbook = try lab.runbook(try Self.faulty())
      let rehearsed = try await lab.lifeboat(["rehearse", runbook], environment: Self.proving)
      #expect(rehearsed.code == 6, "\(rehearsed)")
      #expect(rehearsed.output.contains("(no-way-to-control)"))
      let refused = try await lab.lifeboat(["execute", runbook], environment: Self.proving)
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.output.contains("(no-way-to-control)"))
      #expect(refused.output.contains("--override-proof"))
      #expect(try await kinds(lab) == ["run.started", "run.ended"])
      let record = try await proof(lab)
      #expect(record["verdict"] as? String == "broken")
      #expect((record["broken"] as? [[String: Any]])?.first?["step"] as? String == "tidy-up")
      try await lab.expectInControl("production")
      let resumed = try await lab.lifeboat(["resume"])
      #expect(resumed.code != 0)
      try await lab.expectInControl("production")

      let why = "the site is closed down for good"
      let executed = try await lab.lifeboat(
        ["execute", runbook, "--override-proof", why], environment: Self.proving)
      #expect(executed.code == 0, "\(executed)")
      #expect(executed.output.contains("executed all the same: \(why)"))
      #expect(try await proof(lab)["override_reason"] as? String == why)
      let report = try await lab.lifeboat(["audit", "report", "--output", "json"])
      #expect(report.output.contains(why))
    }
  }

  @Test("what was proved is remembered, of this plan alone; what is damaged is proved anew")
  func remembered() async throws {
    try await TestLab.with { lab in
      let runbook = Programs.runbook("scheduler-switchover")
      let executed = try await lab.lifeboat(["execute", runbook], environment: Self.proving)
      #expect(executed.code == 0, "\(executed)")
      let first = try await proof(lab)
      #expect(first["verdict"] as? String == "holds")
      let states = try #require(first["states"] as? Int)
      #expect(executed.output.contains("proof: holds, \(states) states explored"))

      let directory = lab.home + "/proofs"
      let files = try FileManager.default.contentsOfDirectory(atPath: directory)
      let file = try #require(files.count == 1 ? directory + "/" + files[0] : nil)
      let known = try String(contentsOfFile: file, encoding: .utf8)
      try known.replacing("\(states)", with: "12345").write(
        toFile: file, atomically: true, encoding: .utf8)
      _ = try await lab.lifeboat(["execute", runbook], environment: Self.proving)
      #expect(try await proof(lab)["states"] as? Int == 12345)

      // The other way round is another plan.
      let back = try await lab.lifeboat(
        ["execute", runbook, "--set", "from=dr", "--set", "to=production"],
        environment: Self.proving)
      #expect(back.code == 0, "\(back)")
      #expect(try await proof(lab)["states"] as? Int != 12345)

      try "{".write(toFile: file, atomically: true, encoding: .utf8)
      _ = try await lab.lifeboat(["execute", runbook], environment: Self.proving)
      #expect(try await proof(lab)["states"] as? Int == states)
    }
  }

  @Test("a proof that ends early, and one that is left out, are no reason to wait; both are said")
  func cutShort() async throws {
    try await TestLab.with { lab in
      let runbook = Programs.runbook("ha-check")
      let short = try await lab.lifeboat(
        ["execute", runbook], environment: ["LIFEBOAT_PROOF_STATES": "5"])
      #expect(short.output.contains("not everything was explored"), "\(short)")
      #expect(try await proof(lab)["verdict"] as? String == "incomplete")
      let without = try await lab.lifeboat(
        ["execute", runbook], environment: ["LIFEBOAT_PROOF_STATES": "0"])
      #expect(without.output.contains("proof: left out"))
      #expect(try await proof(lab)["verdict"] as? String == "left_out")
      let wrong = try await lab.lifeboat(
        ["execute", runbook], environment: ["LIFEBOAT_PROOF_STATES": "many"])
      #expect(wrong.code == 8, "\(wrong)")
    }
  }

  private func kinds(_ lab: TestLab) async throws -> [String] {
    try await lab.entries().compactMap { $0["kind"] as? String }
  }

  /// What the last run's first entry says of it.
  private func proof(_ lab: TestLab) async throws -> [String: Any] {
    let first = try #require(try await lab.entries().first)
    return try #require(
      (first["body"] as? [String: Any])?["proof"] as? [String: Any], "\(first)")
  }
}
