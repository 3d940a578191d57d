import Foundation
import Runbook
import Testing

@Suite("No secret in any sink")
struct SecretsTests {
  private static let secret = "s3cret/\"kéy\"+&=of the\\house"
  private static let reference = SecretReference("env:DESK_TOKEN")!
  private static let environment = ["DESK_TOKEN": secret]

  /// Prints a secret in all forms, byte by byte, to both outputs.
  private static let hostile = """
    import os, sys
    sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[:1]
    source = open(sys.path[0] + "/http-server.py").read().split("class Handler")[0]
    exec(source)
    words = b"\\n".join(forms(os.environ["DESK_TOKEN"].encode()))
    for place in range(len(words)):
        os.write(1, words[place:place + 1])
        os.write(2, words[place:place + 1])
    """

  private func steps(_ server: EchoServer, failing: Bool) -> String {
    """
      - id: echo
        action: http.request
        with:
          method: POST
          url: \(server.url)/echo
          headers: { X-Token: { secret: "env:DESK_TOKEN" } }
          unless: { url: "\(server.url)/store/echoed" }
      - id: print
        action: command.run
        target: here.one
        with:
          command: [sh, -c, "python3 BASE/hostile.py FIXTURES; \(failing ? "exit 3" : "touch BASE/printed")"]
          unless: [test, -e, BASE/printed]
        approval: { prompt: Print it? }
    """
  }

  private func withHostileRun(
    failing: Bool, format: String, _ body: (Desk, Ran) async throws -> Void
  ) async throws {
    try await EchoServer.with { server in
      try await Desk.with(steps: steps(server, failing: failing)) { desk in
        let fixtures = Programs.root.path + "/Fixtures"
        let text = try String(contentsOfFile: desk.runbook, encoding: .utf8)
        try desk.write(
          text.replacing("BASE", with: desk.base).replacing("FIXTURES", with: fixtures),
          to: desk.runbook)
        try desk.write(Self.hostile, to: desk.base + "/hostile.py")
        let ran = try await desk.lifeboat(
          desk.execute + ["--output", format, "--approve", "print=yes: \(Self.secret)"],
          environment: Self.environment)
        try await body(desk, ran)
      }
    }
  }

  /// All that stands in the state directory, byte by byte.
  private func journal(_ desk: Desk) throws -> [UInt8] {
    try FileManager.default.contentsOfDirectory(atPath: desk.home).flatMap {
      Array(FileManager.default.contents(atPath: "\(desk.home)/\($0)") ?? Data())
    }
  }

  private func expectNone(in bytes: [UInt8], _ what: String) {
    let forms = SecretForms(Secret(Self.secret), of: Self.reference)
    #expect(forms?.places(in: bytes).isEmpty == true, "\(what)")
  }

  @Test(
    "a server and a command that repeat it in every form",
    arguments: [("text", false), ("json", false), ("text", true), ("json", true)])
  func hostile(format: String, failing: Bool) async throws {
    try await withHostileRun(failing: failing, format: format) { desk, ran in
      #expect(ran.code == (failing ? 1 : 0), "\(ran)")
      expectNone(in: Array(ran.output.utf8), "standard output")
      expectNone(in: Array(ran.error.utf8), "standard error")
      expectNone(in: try journal(desk), "journal")
      let shown = try await desk.lifeboat(["audit", "show", "--output", "json"])
      #expect(shown.output.contains("•••"), "it was repeated, and blotted out")
      if failing { #expect(ran.output.contains("•••"), "\(ran)") }
      let report = desk.base + "/report"
      try desk.write(shown.output + ran.output + ran.error, to: report)
      let leaks = try await desk.lifeboat(
        ["audit", "leaks", report, "--sites", desk.sites, "--secret", "env:DESK_TOKEN"],
        environment: Self.environment)
      #expect(leaks.code == 0, "\(leaks)")
      #expect(leaks.output.contains("No leak"))
    }
  }

  @Test("leaks are found where they stand, and are not repeated")
  func planted() async throws {
    // Before it is known that this is a secret, the journal keeps it.
    let words = "go=the token is \(Self.secret)"
    let gate = "  - { id: go, action: gate.approval, with: { prompt: Go? } }"
    try await Desk.with(steps: gate) { desk in
      #expect(try await desk.lifeboat(desk.execute + ["--approve", words]).code == 0)
      let base64 = Data("user:\(Self.secret)\n".utf8).base64EncodedString()
      try desk.write("one\ntwo\nAuthorization: Basic \(base64)\n", to: desk.base + "/log")
      try desk.write("nothing here\n", to: desk.base + "/clean")
      let command = [
        "audit", "leaks", desk.base + "/log", desk.base + "/clean", "--sites", desk.sites,
        "--secret", "env:DESK_TOKEN",
      ]
      let ran = try await desk.lifeboat(command, environment: Self.environment)
      #expect(ran.code == 11, "\(ran)")
      #expect(ran.output.contains("gate.answered"))
      #expect(ran.output.contains("body.words: the secret 'env:DESK_TOKEN'"))
      #expect(ran.output.contains("/log:3: the secret 'env:DESK_TOKEN'"))
      #expect(ran.output.contains("2 leaks"))
      expectNone(in: Array((ran.output + ran.error).utf8), "what is said of leaks")
      let json = try await desk.lifeboat(
        command + ["--output", "json"], environment: Self.environment)
      #expect(json.code == 11)
      #expect(json.output.contains("\"member\":\"body.words\""))
    }
  }

  @Test("an error message that never sees the journal doesn't show it either")
  func errors() async throws {
    try await Desk.with(steps: "  - { id: go, action: gate.approval, with: { prompt: Go? } }") {
      desk in
      #expect(try await desk.lifeboat(desk.execute + ["--approve", "go=yes"]).code == 0)
      let ran = try await desk.lifeboat(
        [
          "audit", "leaks", "\(desk.base)/none-\(Self.secret)", "--sites", desk.sites, "--secret",
          "env:DESK_TOKEN",
        ], environment: Self.environment)
      #expect(ran.code == 8, "\(ran)")
      #expect(ran.error.contains("none-•••"))
      expectNone(in: Array((ran.output + ran.error).utf8), "an error")
    }
  }

  @Test("a secret that can't be looked for is said, and no all-clear given")
  func notLookedFor() async throws {
    let gate = "  - { id: go, action: gate.approval, with: { prompt: Go? } }"
    try await Desk.with(steps: gate) { desk in
      #expect(try await desk.lifeboat(desk.execute + ["--approve", "go=yes"]).code == 0)
      for (environment, why) in [
        ([:], "no such variable"), (["DESK_TOKEN": "abc"], "shorter than"),
      ] {
        let ran = try await desk.lifeboat(
          ["audit", "leaks", "--sites", desk.sites, "--secret", "env:DESK_TOKEN"],
          environment: environment)
        #expect(ran.code == 7, "\(ran)")
        #expect(ran.error.contains(why))
      }
      let literal = try await desk.lifeboat(
        ["audit", "leaks", "--sites", desk.sites, "--secret", Self.secret])
      #expect(literal.code == 8)
      expectNone(in: Array((literal.output + literal.error).utf8), "the refusal")
    }
  }

  @Test("a secret that the plan says in clear is warned of, and the run isn't harmed")
  func inPlan() async throws {
    try await EchoServer.with { server in
      let steps = """
          - id: echo
            action: http.request
            with:
              method: POST
              url: \(server.url)/echo
              headers: { X-Token: { secret: "env:DESK_TOKEN" } }
              unless: { url: "\(server.url)/store/echoed" }
        """
      try await Desk.with(steps: steps) { desk in
        let ran = try await desk.lifeboat(desk.execute, environment: ["DESK_TOKEN": "echo"])
        #expect(ran.code == 0, "\(ran)")
        #expect(ran.error.contains("warning: the secret 'env:DESK_TOKEN' stands in the runbook"))
        #expect(ran.output.contains("echo"))
      }
    }
  }

  @Test("what a command writes beyond all bounds is cut, that is said, and the cut shows nothing")
  func bounded() async throws {
    let steps = """
        - id: print
          action: command.run
          target: here.one
          with:
            command: [sh, -c, "yes 0123456789 | head -c 3000000; touch $0", BASE/printed]
            unless: [test, -e, BASE/printed]
      """
    try await Desk.with(steps: steps) { desk in
      let text = try String(contentsOfFile: desk.runbook, encoding: .utf8)
      try desk.write(text.replacing("BASE", with: desk.base), to: desk.runbook)
      let ran = try await desk.lifeboat(desk.execute)
      #expect(ran.code == 0, "\(ran)")
      let shown = try await desk.lifeboat(["audit", "show", "--output", "json"])
      #expect(shown.output.contains("… 1,044,480 bytes cut …"), "of what was read")
      #expect(shown.output.contains("… 1,951,424 bytes cut\""), "of what was not even read")
      #expect(shown.output.utf8.count < 40_000)
    }
  }
}
