import Foundation
import TestSupport
import Testing

@Suite("What people and programs read")
struct OutputTests {
  @Test("in a pipe: plain lines, no control characters")
  func plainInAPipe() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let ran = try await lab.lifeboat(["rehearse", Programs.runbook("scheduler-failover")])
      #expect(!ran.output.contains("\u{1B}") && !ran.output.contains("\r"))
      #expect(ran.output.contains("1/6 stop-production"))
    }
  }

  @Test("what a host says can't act upon the terminal, and stays what it is for programs")
  func fromElsewhere() async throws {
    let steps = """
        - id: says-it
          action: command.run
          target: here.one
          with:
            command:
              - sh
              - -c
              - 'printf "\\033[2K\\033]0;x\\007\\rbad \\342\\200\\256\\302\\233\\r\\n" >&2; exit 3'
            unless: [test, -e, /nonexistent]
      """
    try await Desk.with(steps: steps) { desk in
      let text = try await desk.lifeboat(desk.execute)
      #expect(text.code == 1, "\(text)")
      // A line's end, of whatever kind, is told as a semicolon.
      let shown = #"\u001b[2K\u001b]0;x\u0007; bad \u202e\u009b"#
      #expect((text.output + text.error).contains(shown), "\(text)")
      for sign in ["\u{1b}", "\u{7}", "\r", "\u{202e}", "\u{9b}"] {
        #expect(!(text.output + text.error).unicodeScalars.contains(sign.unicodeScalars.first!))
      }
      let json = try await desk.lifeboat(["audit", "show", "--output", "json"])
      let said = try json.output.split(separator: "\n").contains {
        "\(try JSONSerialization.jsonObject(with: Data($0.utf8)))".unicodeScalars.contains(
          "\u{202e}")
      }
      #expect(said, "\(json)")
    }
  }

  @Test("on a terminal: colours and a live line; none by NO_COLOR", arguments: [true, false])
  func terminal(isColoured: Bool) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let command = "'\(Programs.lifeboat)' execute '\(Programs.runbook("scheduler-switchover"))'"
      let ran = try await run(
        "script", ["-qec", command, "/dev/null"],
        environment: [
          "LIFEBOAT_HOME": lab.home, "LIFEBOAT_SITES": lab.inventory, "TERM": "xterm",
          "NO_COLOR": isColoured ? "" : "1",
        ])
      #expect(ran.code == 0, "\(ran)")
      #expect(ran.output.contains("\u{1B}[32m") == isColoured)
      #expect(ran.output.contains("Ctrl-C stops after this step"))
      #expect(ran.output.contains("next: reverse-replication"))
    }
  }

  @Test("--output json: one object a line, and the entries are those of the journal")
  func jsonLines() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.strikeProduction()
      let ran = try await lab.failover(["--output", "json"])
      #expect(ran.code == 0, "\(ran)")
      let live = ran.output.split(separator: "\n")
      for line in live { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
      let kept = try await lab.lifeboat(["audit", "show", "--output", "json"])
      #expect(kept.output.split(separator: "\n") == live)
      for arguments in [["audit", "list"], ["audit", "verify"], ["explain"], ["actions"]] {
        let other = try await lab.lifeboat(arguments + ["--output", "json"])
        #expect(other.code == 0, "\(other)")
        for line in other.output.split(separator: "\n") {
          _ = try JSONSerialization.jsonObject(with: Data(line.utf8))
        }
      }
    }
  }

  @Test("errors, as JSON: code, message, advice, exit code")
  func jsonErrors() async throws {
    try await TestLab.with { lab in
      let missing = try await lab.lifeboat(["resume", "r-none", "--output", "json"])
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(missing.output.utf8)) as? [String: Any])
      let error = try #require(object["error"] as? [String: Any])
      #expect(error["code"] as? String == "journal.not_found")
      #expect(error["exit_code"] as? Int == Int(missing.code))

      let wrong = try await lab.lifeboat(
        ["validate", try lab.runbook("runbook: x\nstepz: []\n"), "--output", "json"])
      #expect(wrong.code == 8)
      #expect(wrong.output.contains("\"line\":2"))
    }
  }

  @Test("reviewing writes nothing: not even a state directory")
  func reviewingWritesNothing() async throws {
    try await TestLab.with { lab in
      for arguments in [["audit", "list"], ["audit", "verify"], ["explain"], ["resume"]] {
        let ran = try await lab.lifeboat(arguments)
        #expect(ran.code == 9, "\(ran)")
        #expect(ran.error.contains("journal.not_found"))
      }
      #expect(!FileManager.default.fileExists(atPath: lab.home))
    }
  }

  @Test("completions can be generated", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) async throws {
    let ran = try await run(Programs.lifeboat, ["--generate-completion-script", shell])
    #expect(ran.code == 0 && ran.output.contains("rehearse"))
  }

  @Test("what the command line gets wrong is said, and nothing is done")
  func wrongCommandLine() async throws {
    try await TestLab.with { lab in
      let runbook = Programs.runbook("scheduler-failover")
      for (arguments, code, words) in [
        (["execute", runbook, "--set", "mode"], 64, "mode"),
        (["execute", runbook, "--set", "mode=sideways"], 8, "graceful"),
        (["execute", runbook, "--set", "from=nowhere"], 8, "nowhere"),
        (["execute", runbook, "--accept", "no-such=x"], 8, "no-such"),
        (["execute", runbook, "--attest", "stop-prodution=x"], 8, "stop-prodution"),
        (["execute", runbook, "--attest", "stop-production="], 8, "no words"),
        (["execute", "no-such.yaml"], 8, "no-such.yaml"),
        (["execute", runbook, "--sites", "no-such.yaml"], 8, "no-such.yaml"),
        (["actions", "service.stopp"], 8, "service.stopp"),
      ] as [([String], Int32, String)] {
        let ran = try await lab.lifeboat(arguments)
        #expect(ran.code == code, "\(arguments): \(ran)")
        #expect(ran.error.contains(words), "\(ran)")
      }
      #expect(!FileManager.default.fileExists(atPath: lab.home))
    }
  }
}
