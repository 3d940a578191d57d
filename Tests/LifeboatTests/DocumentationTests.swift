import Actuators
import Foundation
import Review
import Runbook
import TestSupport
import Testing

@testable import lifeboat

@Suite("What the documentation says is so")
struct DocumentationTests {
  /// The fenced blocks of a language in a file under the project's root.
  static func blocks(_ language: String, in path: String) throws -> [String] {
    let text = try String(
      contentsOf: Programs.root.appendingPathComponent(path), encoding: .utf8)
    return text.components(separatedBy: "```").enumerated()
      .filter { $0.offset % 2 == 1 && $0.element.hasPrefix(language + "\n") }
      .map { String($0.element.dropFirst(language.count + 1)) }
  }

  @Test("the README's commands, in their order, on a new lab")
  func readmeCommands() async throws {
    let commands = try Self.blocks("sh", in: "README.md").joined(separator: "\n")
    try #require(commands.contains("lifeboat execute"))
    await Turns.labs.take()
    defer { Turns.labs.give() }
    let base = FileManager.default.temporaryDirectory.path + "/lb-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: base + "/Runbooks", withDestinationPath: Programs.root.path + "/Runbooks")
    let path = Programs.directory.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    let ran = try await run(
      "bash", ["-eu", "-c", "cd \"$0\"\n" + commands, base], environment: ["PATH": path])
    _ = try await run(Programs.lifeboat, ["lab", "down", base + "/lab"])
    try FileManager.default.removeItem(atPath: base)
    #expect(ran.code == 0, "\(ran)")
    #expect(ran.output.contains("dr.scheduler is in control"))
    #expect(ran.output.contains("The journal is sound"))
  }

  @Test("every runbook and inventory in the documentation validates")
  func yamlValidates() async throws {
    try await TestLab.with { lab in
      let runbooks = try ["README.md", "docs/runbooks.md"].flatMap {
        try Self.blocks("yaml", in: $0)
      }
      try #require(runbooks.count >= 3)
      for text in runbooks where text.hasPrefix("runbook:") {
        let ran = try await lab.lifeboat(["validate", try lab.runbook(text)])
        #expect(ran.code == 0, "\(text)\n\(ran)")
      }
      for text in runbooks where text.hasPrefix("sites:") {
        let sites = lab.home + ".sites.yaml"
        try text.write(toFile: sites, atomically: true, encoding: .utf8)
        let ran = try await lab.lifeboat(
          ["validate", Programs.runbook("scheduler-failover"), "--sites", sites])
        // The example leaves out the default log directory, and that is all that may be missed.
        #expect(ran.code == 0 || ran.error.contains("default-logs"), "\(ran)")
        #expect(!ran.error.contains("inventory."), "\(ran)")
      }
    }
  }

  @Test("the kinds of entries in the manual are those that a search knows")
  func entryKinds() throws {
    let text = try String(
      contentsOf: Programs.root.appending(path: "docs/journal-format.md"), encoding: .utf8)
    let section = try #require(text.components(separatedBy: "## Kinds of entries").last)
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
    let kinds = rows.compactMap { $0.split(separator: "|").first }
      .flatMap { $0.split(separator: ",") }
      .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
    #expect(kinds.sorted() == EntryCriteria.allKinds.sorted())
  }

  @Test("every action's example validates against the lab's inventory, or SQL Server's")
  func examplesValidate() async throws {
    try await TestLab.with { lab in
      let sites = try String(contentsOfFile: lab.inventory, encoding: .utf8)
      try RESTOnPaper.added(to: sites).write(
        toFile: lab.inventory, atomically: true, encoding: .utf8)
      for schema in ActionCatalogue.standard.schemas {
        let lines = schema.example.split(separator: "\n").enumerated().map {
          ($0.offset == 0 ? "  - " : "    ") + $0.element
        }
        let isForDrills = schema.name.hasPrefix("drill.") && schema.effect == .changes
        let runType = isForDrills ? "drill" : "upgrade"
        let text = """
          runbook: example
          description: One action's example.
          run_type: \(runType)
          steps:
          \(lines.joined(separator: "\n"))

          """
        // What SQL Server alone has needs one.
        let sites =
          schema.name == "database.grant"
          ? Programs.root.appendingPathComponent("Fixtures/hosts/sqlserver-mirroring.yaml").path
          : lab.inventory
        let ran = try await lab.lifeboat(["validate", try lab.runbook(text), "--sites", sites])
        #expect(ran.code == 0, "\(schema.name): \(ran)")
      }
    }
  }

  @Test("the generated pages and schemas are those of the actions: 'make docs'")
  func pagesAreCurrent() throws {
    for file in GeneratedDocuments(of: .standard).files {
      let url = Programs.root.appendingPathComponent("docs/\(file.path)")
      let text = FileManager.default.contents(atPath: url.path)
      #expect(text == Data(file.text.utf8), "docs/\(file.path) is not current")
    }
  }

  @Test("the exit codes in the manual are those of the program")
  func exitCodes() async throws {
    let manual = try String(
      contentsOf: Programs.root.appendingPathComponent("docs/exit-codes.md"), encoding: .utf8)
    let help = try await run(Programs.lifeboat, ["--help"])
    // The help is wrapped to the terminal's width.
    let words = help.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for status in ExitStatus.allCases {
      #expect(manual.contains("| \(status.rawValue) | \(status.meaning) |"), "\(status)")
      #expect(words.contains(" \(status.rawValue) \(status.meaning)"), "\(status)")
    }
  }

  @Test("the links between the documents lead somewhere")
  func linksLead() throws {
    for path in ["README.md", "CONTRIBUTING.md"] + (try documents()) {
      let file = Programs.root.appendingPathComponent(path)
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: #/\]\(([^)#:]+)\)/#) {
        let target = file.deletingLastPathComponent().appendingPathComponent(String(match.1))
        #expect(FileManager.default.fileExists(atPath: target.path), "\(path): \(match.1)")
      }
    }
  }

  private func documents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Programs.root.path + "/docs")
      .filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
  }
}
