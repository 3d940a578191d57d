import Foundation
import TestSupport
import Testing

/// What docs/jams.md tells a site to do, done on doubles: no Windows, no SQL Server and no JAMS is here.
@Suite("What docs/jams.md says is so (doubles)", .serialized)
struct JAMSDocumentationTests {
  private static func blocks(_ language: String) throws -> [String] {
    try DocumentationTests.blocks(language, in: "docs/jams.md")
  }

  /// The script that holds a text, and no other does.
  private static func script(with text: String) throws -> String {
    let found = try blocks("sql").filter { $0.contains(text) }
    try #require(found.count == 1, "\(text): \(found.count) scripts")
    return found[0]
  }

  // MARK: - The two logins

  /// What the double lets nobody do without them: see replication, reverse it, read the table, empty it.
  @Test(
    "with the logins that the scripts make, a switchover is rehearsed and executed, there and back",
    arguments: [
      ("availability_group", "ALTER ANY AVAILABILITY GROUP"),
      ("mirroring", "MEMBER lifeboat_observe;"),
    ])
  func logins(_ replication: String, _ own: String) async throws {
    try await SQLServerSites.with(replication) { sites in
      func run(_ text: String, at site: String) throws {
        try sites.double.ask(["do": "sql", "instance": site, "database": "master", "text": text])
      }
      let scripts = try Self.blocks("sql")
      let ownScript = try #require(
        scripts.first { $0.contains(own) && !$0.contains("USE ") && !$0.contains("CREATE") })
      for site in ["production", "dr"] {
        try run(try Self.script(with: "CREATE LOGIN"), at: site)
        try run(ownScript, at: site)
      }
      try run(try Self.script(with: "USE JAMS;"), at: "production")
      try sites.useLogins(
        observe: ("lifeboat_observe", "put-your-own-here-1"),
        operate: ("lifeboat_operate", "put-your-own-here-2"))
      for (from, to) in [("production", "dr"), ("dr", "production")] {
        let values = ["from=\(from)", "to=\(to)"]
        let rehearsed = try await sites.carryOut("rehearse", "scheduler-switchover", values)
        #expect(rehearsed.code == 7, "\(rehearsed)")
        #expect(!rehearsed.output.contains("no_permission"), "\(rehearsed)")
        let executed = try await sites.carryOut("execute", "scheduler-switchover", values)
        #expect(executed.code == 0, "\(executed)")
        try await sites.expectInControl(to)
      }
      // By TRUNCATE: that the rows can also be removed is for where the server refuses it.
      let evidence = try await sites.lifeboat(["audit", "show", "--output", "json"])
      #expect(!evidence.output.contains("truncation_refused"), "\(evidence)")
    }
  }

  @Test("without a mirror's permission its role can't be told, as the table says")
  func mirrorWithoutSysadmin() async throws {
    try await SQLServerSites.with("mirroring") { sites in
      for site in ["production", "dr"] {
        try sites.double.ask([
          "do": "sql", "instance": site, "database": "master",
          "text": try Self.script(with: "CREATE LOGIN"),
        ])
      }
      try sites.useLogins(
        observe: ("lifeboat_observe", "put-your-own-here-1"),
        operate: ("lifeboat_operate", "put-your-own-here-2"))
      let executed = try await sites.carryOut(
        "execute", "scheduler-switchover", [], ["--accept", "replica-current=the test says so"])
      #expect(executed.code != 0, "\(executed)")
      #expect(
        (executed.output + executed.error).contains("members of sysadmin alone"), "\(executed)")
      try await sites.control("show", "production", "scheduler")
    }
  }

  @Test("log shipping's script runs, too")
  func logShippingScript() async throws {
    try await SQLServerSites.with("mirroring") { sites in
      for text in ["CREATE LOGIN", "USE msdb;"] {
        try sites.double.ask([
          "do": "sql", "instance": "production", "database": "master",
          "text": try Self.script(with: text),
        ])
      }
    }
  }

  // MARK: - The commands

  @Test("the shell's commands, in their order, on doubles of all that the inventory names")
  func commands() async throws {
    try await JAMSWorld.with { world in
      var readiness: Ran?
      for line in try Self.blocks("sh").joined().split(separator: "\n") {
        // All outages at all points take longer than the rest together, and are for the proof's own tests.
        let ran = try await world.type(line + (line.contains(" prove ") ? " --outages 0" : ""))
        // 7: what can't be told; 6: what is not as it should be. Neither is a command that isn't understood.
        let isLook = line.contains("rehearse") || line.contains("prove")
        #expect(ran.code == 0 || isLook && [6, 7].contains(ran.code), "\(line)\n\(ran)")
        #expect(!ran.error.contains("Usage:"), "\(line)\n\(ran)")
        if line.contains("--readiness") { readiness = ran }
        // A site writes its own names into the copy.
        if line.hasPrefix("cp ") { try world.fillIn() }
      }
      let told = try #require(readiness)
      // All that was set up as the page says is ready; that the share is one can't be had by looking.
      #expect(told.code == 7, "\(told)")
      #expect(
        told.output.contains("path.shared") || told.output.contains("shared-log-path"), "\(told)")
      #expect(!told.output.contains("not ready"), "\(told)")
      let report = try String(contentsOfFile: world.base + "/report.json", encoding: .utf8)
      #expect(report.contains("appSettings"), "files are there as text")
      #expect(!report.contains(JAMSWorld.othersSecret) && !report.contains("put-your-own-here"))
      try await world.expectUntouched()
    }
  }

  @Test("the commands for the night are ones that the program knows, and so are the runbooks")
  func consoleCommands() async throws {
    let lines = try Self.blocks("console").joined().split(separator: "\n")
      .filter { $0.hasPrefix("$ lifeboat") }
    #expect(lines.count >= 6)
    for line in lines {
      let words = line.dropFirst(2).split(separator: "#")[0].split(separator: " ").map(String.init)
      let help = try await run(Programs.lifeboat, [words[1], "--help"])
      #expect(help.code == 0, "\(line)")
      for option in words where option.hasPrefix("--") {
        #expect(help.output.contains(option), "\(line): \(option)")
      }
      for runbook in words where runbook.hasPrefix("Runbooks/") {
        #expect(
          FileManager.default.fileExists(atPath: "\(Programs.root.path)/\(runbook)"), "\(line)")
      }
    }
  }

  @Test("every key of the shipped inventories is in the table, and so is every runbook of JAMS")
  func complete() throws {
    let page = try String(
      contentsOf: Programs.root.appending(path: "docs/jams.md"), encoding: .utf8)
    for name in ["jams", "jams-pair"] {
      let text = try String(
        contentsOf: Programs.root.appending(path: "Runbooks/sites/\(name).yaml"), encoding: .utf8)
      for line in text.split(separator: "\n") where !line.contains("# yaml-") {
        guard let match = line.prefixMatch(of: /\s*([a-z_0-9-]+):/) else { continue }
        let key = String(match.1)
        #expect(page.contains(key), "\(name): \(key)")
      }
    }
    let runbooks = try FileManager.default.contentsOfDirectory(
      atPath: Programs.root.path + "/Runbooks"
    ).filter { $0.hasPrefix("jams-") }
    #expect(runbooks.count == 8)
    for runbook in runbooks {
      #expect(page.contains(runbook.replacing(".yaml", with: "")), "\(runbook)")
    }
  }
}
