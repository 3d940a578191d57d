import Foundation
import TestSupport
import Testing

@Suite("lifeboat prove")
struct ProofTests {
  @Test("a shipped runbook is safe: exit code 0, what was explored, and what is taken for granted")
  func shipped() async throws {
    try await Self.inDirectory { directory in
      let ran = try await Self.prove(Programs.runbook("scheduler-switchover"), in: directory)
      #expect(ran.code == 0, "\(ran)")
      #expect(ran.output.contains("scheduler-switchover is safe"))
      #expect(ran.output.contains("production is in control: "))
      #expect(ran.output.contains("lifeboat permit"))
      // Nothing is asked, and nothing is kept.
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/home"))
    }
  }

  @Test(
    "those of JAMS are safe on the shipped inventory: switchover, failback, reprotection",
    arguments: ["jams-dr-switchover", "jams-dr-failback", "jams-dr-reprotect"])
  func jams(runbook: String) async throws {
    try await Self.inDirectory { directory in
      let ran = try await run(
        Programs.lifeboat,
        [
          "prove", Programs.runbook(runbook), "--sites",
          "\(Programs.root.path)/Runbooks/sites/jams.yaml",
        ], environment: ["LIFEBOAT_HOME": "\(directory)/home"])
      #expect(ran.code == 0 && ran.output.contains("\(runbook) is safe"), "\(ran)")
    }
  }

  @Test("a faulty one isn't: exit code 11, the shortest way, and the step to look at")
  func faulty() async throws {
    try await Self.inDirectory { directory in
      let text = try String(
        contentsOfFile: Programs.runbook("scheduler-failover"), encoding: .utf8)
      let faulty = text.replacing(", maximum_loss: \"${objectives.rpo}\"", with: "")
      #expect(faulty != text)
      let runbook = "\(directory)/faulty.yaml"
      try faulty.write(toFile: runbook, atomically: true, encoding: .utf8)
      let ran = try await Self.prove(runbook, in: directory, ["--outages", "0"])
      #expect(ran.code == 11, "\(ran)")
      #expect(ran.output.contains("The step to look at: reverse-replication"))
      let page = try String(
        contentsOfFile: "\(Programs.root.path)/docs/proof.md", encoding: .utf8)
      let example = try #require(
        page.components(separatedBy: "```\n").first { $0.hasPrefix("scheduler-failover is NOT") })
      #expect(ran.output.hasPrefix(example))
      let json = try await Self.prove(
        runbook, in: directory, ["--outages", "0", "--output", "json"])
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      let finding = try #require((object["findings"] as? [[String: Any]])?.first)
      #expect(finding["code"] as? String == "unaccepted-loss")
      #expect(finding["step"] as? String == "reverse-replication")
      let trace = try #require(finding["trace"] as? [[String: Any]])
      #expect(trace.last?["message"] as? String == "reverse-replication takes effect")
    }
  }

  @Test("what a scheduler is asked by REST isn't seen into, and makes nothing unsafe")
  func byREST() async throws {
    try await Self.inDirectory { directory in
      let text = try String(
        contentsOfFile: Programs.runbook("scheduler-switchover"), encoding: .utf8)
      let asking = text.replacing(
        "\nsteps:\n",
        with:
          "\nsteps:\n  - { id: no-new-jobs, action: scheduler.quiesce, target: \"${from}.scheduler\" }\n"
      )
      let runbook = "\(directory)/asking.yaml"
      try asking.write(toFile: runbook, atomically: true, encoding: .utf8)
      let sites = "\(directory)/sites.yaml"
      let lab = try String(
        contentsOfFile: "\(Programs.root.path)/Fixtures/lab/sites.yaml", encoding: .utf8)
      try RESTOnPaper.added(to: lab).write(toFile: sites, atomically: true, encoding: .utf8)
      let ran = try await run(
        Programs.lifeboat, ["prove", runbook, "--sites", sites],
        environment: ["LIFEBOAT_HOME": "\(directory)/home"])
      #expect(ran.code == 0, "\(ran)")
      #expect(ran.output.contains("no-new-jobs: taken to change nothing but what they say"))
    }
  }

  @Test("what wasn't explored to its end isn't called safe: exit code 7")
  func cutShort() async throws {
    try await Self.inDirectory { directory in
      let ran = try await Self.prove(
        Programs.runbook("scheduler-switchover"), in: directory, ["--states", "100"])
      #expect(ran.code == 7, "\(ran)")
      #expect(ran.output.contains("NOT everything was explored"))
      #expect(!ran.output.contains("is safe"))
    }
  }

  private static func prove(
    _ runbook: String, in directory: String, _ more: [String] = []
  ) async throws -> Ran {
    try await run(
      Programs.lifeboat,
      ["prove", runbook, "--sites", "\(Programs.root.path)/Fixtures/lab/sites.yaml"] + more,
      environment: ["LIFEBOAT_HOME": "\(directory)/home"])
  }

  private static func inDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    try await body(directory.path)
  }
}
