import Foundation
import TestSupport
import Testing

@Suite("A site assumed lost")
struct AssumedLossTests {
  @Test(
    "production runs, and is judged as if it were dead: the same outcomes, and nothing of it is touched"
  )
  func sameAsDeadAndUntouched() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let runbook = Programs.runbook("scheduler-failover")
      let assumed = try await traced(lab, ["rehearse", runbook, "--assume-lost", "production"])
      #expect(assumed.ran.code == 0, "\(assumed.ran)")
      #expect(assumed.ran.output.contains("Assumed and not seen: production is lost"))
      #expect(assumed.calls.isEmpty, "\(assumed.calls.joined(separator: "\n"))")
      let outcomes = try await rehearsed(lab)
      try #require(outcomes.count == 6)

      // The same look finds what it looks for when nothing is assumed.
      let plain = try await traced(lab, ["rehearse", runbook])
      #expect(!plain.calls.isEmpty)

      try await lab.strikeProduction()
      let dead = try await lab.lifeboat(["rehearse", runbook])
      #expect(dead.code == assumed.ran.code, "\(dead)")
      #expect(try await rehearsed(lab) == outcomes)
    }
  }

  /// The system calls that name something of production's.
  private func traced(
    _ lab: TestLab, _ arguments: [String]
  ) async throws -> (ran: Ran, calls: [Substring]) {
    let trace = lab.home + ".strace"
    let ran = try await run(
      "strace",
      [
        "-f", "-qq", "-s", "4096", "-e", "trace=execve,open,openat,connect,stat,newfstatat,statx",
        "-o", trace, Programs.lifeboat,
      ] + arguments, environment: ["LIFEBOAT_HOME": lab.home, "LIFEBOAT_SITES": lab.inventory])
    let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    return (ran, calls.filter { $0.contains("\(lab.lab)/production") })
  }

  private func rehearsed(_ lab: TestLab) async throws -> [String: String] {
    var outcomes: [String: String] = [:]
    for entry in try await lab.entries() where entry["kind"] as? String == "step.rehearsed" {
      let body = try #require(entry["body"] as? [String: Any])
      let step = try #require(entry["step"] as? String)
      outcomes[step] = "\(body["outcome"] ?? "") \(body["basis"] ?? "")"
    }
    return outcomes
  }

  @Test("an unknown site, no site left, an execution: refused")
  func refused() async throws {
    try await TestLab.with { lab in
      let runbook = Programs.runbook("scheduler-failover")
      let unknown = try await lab.lifeboat(["rehearse", runbook, "--assume-lost", "prod"])
      #expect(unknown.code == 8, "\(unknown)")
      #expect(unknown.error.contains("input.unknown_site"))
      let none = try await lab.lifeboat(
        ["rehearse", runbook, "--assume-lost", "production", "--assume-lost", "dr"])
      #expect(none.code == 8, "\(none)")
      #expect(none.error.contains("input.no_site_left"))
      let executed = try await lab.lifeboat(["execute", runbook, "--assume-lost", "production"])
      #expect(executed.code == 64, "\(executed)")
      let both = try await lab.lifeboat(
        ["rehearse", runbook, "--assume-lost", "production", "--readiness"])
      #expect(both.code == 64, "\(both)")
    }
  }

  @Test("the shipped failover: only the lost GUID points there, and the truncation ends it")
  func shippedFailoverPointsNowhere() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      let found = try await pointers(lab, Programs.runbook("scheduler-failover"))
      #expect(found.map(\.code) == ["lost_site.guid_row"])
      #expect(found.map(\.removedBy) == ["truncate-failover"])
    }
  }

  @Test("an inventory and a runbook that point at the dead site: each is listed with its place")
  func pointersAreListed() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      let sites = lab.home + ".sites.yaml"
      let own = try String(contentsOfFile: lab.inventory, encoding: .utf8)
      let program = try #require(own.firstMatch(of: #/through: \["([^"]+)"/#)).1
      let at = "\"\(program)\", \"at\""
      let text =
        own.replacing(
          "databases:",
          with: """
                  agent:
                    connection: { kind: exec, through: [\(at), "\(lab.lab)/production/scheduler", "--", \(at), "\(lab.lab)/dr/scheduler", "--"] }
            databases:
            """)
          + """
          witnesses:
            vault: { kind: path, directory: /mnt/production/lifeboat }
          """
      try text.write(toFile: sites, atomically: true, encoding: .utf8)
      let runbook = try lab.runbook(
        """
        runbook: points-away
        description: Points at production in every way.
        run_type: failover
        prechecks:
          - id: production-runs
            action: service.status
            target: production.scheduler
            with: { expect: running }
        steps:
          - id: stop-production
            action: service.stop
            target: production.scheduler
          - id: no-foreign-guid
            action: failover_table.no_foreign_guid
            target: scheduler@dr
          - id: tell-agent
            action: command.run
            target: dr.agent
            with: { command: ["true", production.scheduler], unless: [test, -e, /nonexistent] }
        """)
      let found = try await pointers(lab, runbook, ["--sites", sites])
      #expect(
        found.map(\.code) == [
          "lost_site.host", "lost_site.witness", "lost_site.precheck", "lost_site.step",
          "lost_site.argument", "lost_site.guid_row",
        ])
      #expect(found.allSatisfy { $0.removedBy == nil })
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for pointer in found where pointer.file == sites {
        let line = String(lines[try #require(pointer.line) - 1])
        #expect(line.contains("dr/scheduler") || line.contains("/mnt/production"), "\(line)")
      }
      #expect(found.filter { $0.file == runbook }.compactMap(\.line) == [7, 12, 19])
      let told = try await lab.lifeboat(
        ["rehearse", runbook, "--sites", sites, "--assume-lost", "production"])
      #expect(told.output.contains("\(runbook):12:"))
      #expect(told.output.contains("what to do: "))
    }
  }

  @Test("a host that ssh reaches by a jump host of the lost site: listed, and not tried")
  func jumpHostIsListed() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      let configuration = lab.home + ".ssh_config"
      try """
      Host far
        HostName 192.0.2.7
        ProxyJump ops@gate:2222
      Host gate
        HostName gate.invalid
      """.write(toFile: configuration, atomically: true, encoding: .utf8)
      let sites = lab.home + ".sites.yaml"
      let own = try String(contentsOfFile: lab.inventory, encoding: .utf8)
      func host(_ name: String) -> String {
        "      \(name): { connection: { kind: ssh, to: \(name), config: \"\(configuration)\" } }\n"
      }
      try own.replacing(
        "  dr:\n    hosts:\n", with: host("gate") + "  dr:\n    hosts:\n" + host("far")
      )
      .write(toFile: sites, atomically: true, encoding: .utf8)
      let runbook = try lab.runbook(
        """
        runbook: far-away
        description: Works on a host behind production.
        run_type: failover
        steps:
          - id: tools
            action: host.tools
            target: dr.far
            with: { programs: [df] }
        """)
      let found = try await pointers(lab, runbook, ["--sites", sites])
      // The runbook doesn't go to the database: what survives is looked at all the same.
      #expect(found.map(\.code) == ["lost_site.host", "lost_site.guid_row"], "\(found)")
      #expect(found.allSatisfy { $0.removedBy == nil })
      let told = try await lab.lifeboat(
        ["rehearse", runbook, "--sites", sites, "--assume-lost", "production"])
      #expect(told.code == 7, "\(told)")
      #expect(told.output.contains("reached through the address of production.gate"), "\(told)")
    }
  }

  private struct Pointer: Decodable {
    let code: String
    let file: String?
    let line: Int?
    let removedBy: String?

    enum CodingKeys: String, CodingKey {
      case code, file, line
      case removedBy = "removed_by"
    }
  }

  private func pointers(
    _ lab: TestLab, _ runbook: String, _ more: [String] = []
  ) async throws -> [Pointer] {
    let ran = try await lab.lifeboat(
      ["rehearse", runbook, "--assume-lost", "production", "--output", "json"] + more)
    let line = try #require(
      ran.output.split(separator: "\n").first { $0.contains("\"lost_site.pointers\"") }, "\(ran)")
    struct Written: Decodable {
      struct Body: Decodable { let pointers: [Pointer] }
      let body: Body
    }
    return try JSONDecoder().decode(Written.self, from: Data(line.utf8)).body.pointers
  }
}
