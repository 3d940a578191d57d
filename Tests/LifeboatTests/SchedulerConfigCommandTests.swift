import Foundation
import Testing

@Suite("lifeboat scheduler-config, upon files of this machine")
struct SchedulerConfigCommandTests {
  private static let inventory = "      two: { connection: { kind: local } }"

  private func withPair(
    _ body: (Desk, _ ask: ([String], [String: String]) async throws -> Ran) async throws -> Void
  ) async throws {
    try await Desk.with(steps: "", inventory: Self.inventory) { desk in
      try await body(desk) { arguments, environment in
        try await desk.lifeboat(
          ["scheduler-config", arguments[0], "here.one", "here.two", "--sites", desk.sites]
            + [
              "--file", "\(desk.base)/one.config", "--secondary-file", "\(desk.base)/two.config",
            ] + arguments.dropFirst(), environment: environment)
      }
    }
  }

  private func text(_ desk: Desk, _ name: String) throws -> String {
    try String(contentsOfFile: "\(desk.base)/\(name).config", encoding: .utf8)
  }

  @Test("write makes both, a second time changes nothing; check and diff say what is so")
  func story() async throws {
    try await EchoServer.with { server in
      try await withPair { desk, ask in
        let port = try #require(server.url.split(separator: ":").last.map(String.init))
        let write = ["write", "--primary", "localhost", "--secondary", "127.0.0.1", "--port", port]
        #expect(try await ask(["check"], [:]).code == 11)
        #expect(try await ask(["diff"], [:]).code == 0, "both are missing")
        #expect(try await ask(["diff", "--port", port], [:]).code == 11)
        // Killed in the middle, it goes on by the runbook that it has kept.
        let killed = try await ask(write, ["LIFEBOAT_CRASH_AT": "primary:act.after"])
        #expect(killed.code == 137, "\(killed)")
        #expect(!FileManager.default.fileExists(atPath: "\(desk.base)/two.config"))
        #expect(try await ask(["diff"], [:]).code == 11)
        let resumed = try await desk.lifeboat(["resume"])
        #expect(resumed.code == 0, "\(resumed)")
        #expect(try text(desk, "one") == text(desk, "two"))
        let check = try await ask(["check"], [:])
        #expect(check.code == 0, "\(check)")
        #expect(check.output.contains("here.two reaches localhost:\(port)"))
        #expect(check.output.contains("120 to 180 s after the primary's end"))
        let again = try await ask(write + ["--interval", "60"], [:])
        #expect(again.code == 0 && again.output.contains("nothing was changed"), "\(again)")
        let short = try await ask(write + ["--interval", "10"], [:])
        #expect(short.code == 0 && short.error.contains("fight for the database"), "\(short)")
        #expect(
          try String(contentsOfFile: "\(desk.base)/two.config.lifeboat-backup", encoding: .utf8)
            .contains("<Interval>60<"))
        let warned = try await ask(["check", "--output", "json"], [:])
        #expect(warned.code == 0 && warned.output.contains("config.short_interval"), "\(warned)")
        #expect(warned.output.contains(#""takeover_seconds":{"earliest":20,"latest":30}"#))
        let diff = try await ask(["diff", "--interval", "60", "--output", "json"], [:])
        #expect(diff.code == 11, "\(diff)")
        #expect(
          diff.output.contains(
            #"{"element":"Interval","values":{"here.one":"10","here.two":"10","wanted":"60"}}"#))
      }
    }
  }

  @Test("what isn't right is refused before anything is written")
  func refused() async throws {
    try await withPair { desk, ask in
      let none = try await desk.lifeboat(
        ["scheduler-config", "check", "here.one", "here.three", "--sites", desk.sites])
      #expect(none.code == 8 && none.error.contains("inventory.unknown_host"), "\(none)")
      let unknown = try await desk.lifeboat(
        ["scheduler-config", "check", "here.one", "here.two", "--sites", desk.sites])
      #expect(unknown.code == 8 && unknown.error.contains("config.no_file"), "\(unknown)")
      for primary in ["a\"\n  - id: x", "${x}", "127.0.0.1"] {
        let ran = try await ask(
          ["write", "--primary", primary, "--secondary", "127.0.0.1"], [:])
        #expect(ran.code == 8, "\(primary): \(ran)")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(desk.base)/one.config"))
      try desk.write("<FailoverConfig", to: "\(desk.base)/one.config")
      let damaged = try await ask(["check"], [:])
      #expect(damaged.code == 11, "\(damaged)")
      try desk.write("<FailoverConfig", to: "\(desk.base)/two.config")
      #expect(try await ask(["check"], [:]).code == 7)
      #expect(try await ask(["diff"], [:]).code == 1)
    }
  }
}
