import Foundation
import Journal
import Testing

/// Golden reports are written anew, to be read and kept, with LIFEBOAT_KEEP_REPORTS=1.
@Suite("The reports of the fixture journals")
struct ReportFixtureTests {
  private static let keeps = ProcessInfo.processInfo.environment["LIFEBOAT_KEEP_REPORTS"] == "1"

  @Test("JSON and HTML are those that were read and kept", arguments: JournalFixture.allCases)
  func golden(fixture: JournalFixture) async throws {
    try await fixture.withReport { html, json in
      let made = try JSON(parsing: try data(json))
      if Self.keeps {
        try readable(made).write(to: fixture.goldenJSON, options: .atomic)
        try data(html).write(to: fixture.goldenHTML, options: .atomic)
      }
      let kept = try JSON(parsing: try Data(contentsOf: fixture.goldenJSON))
      #expect(made == kept, "\(Self.difference(made, kept, at: "$"))")
      #expect(try data(html) == Data(contentsOf: fixture.goldenHTML), "the HTML is another")
    }
  }

  @Test("what each is must show, whatever the golden files say")
  func essentials() async throws {
    try await expect(.done, ending: "done", recovery: "met", loss: "met")
    try await expect(.failed, ending: "failed", recovery: "not_reached", loss: "met")
    try await expect(.inDoubtResumed, ending: "done", recovery: "met", loss: "may_exceed")
    try await expect(.waiting, ending: "waiting", recovery: "not_reached", loss: "no_promotion")
    try await expect(.refused, ending: "refused", recovery: "not_reached", loss: "no_promotion")
  }

  @Test("in doubt and resumed: two people, the kill, the doubt, and who had it done again")
  func inDoubtResumed() async throws {
    let report = try await report(.inDoubtResumed)
    let codes = (report["attention"]?.arrayValue ?? []).compactMap { $0["code"]?.stringValue }
    for code in ["killed", "earlier_in_doubt", "done_again", "vouched_for", "rpo_may_exceed"] {
      #expect(codes.contains(code), "\(code)")
    }
    #expect(report["sittings"]?.arrayValue?.count == 5)
    let gates = report["gates"]?.arrayValue ?? []
    let approval = gates.first { $0["gate"] == "approval" }
    let answers = approval?["answers"]?.arrayValue ?? []
    #expect(answers.map { $0["person"]?["login_user"] } == ["otto", "anna"])
    #expect(answers.map { $0["person"]?["user"] } == ["root", "root"])
    #expect(answers.map { $0["person"]?["client"] } == ["203.0.113.42", "203.0.113.17"])
    #expect(answers.map { $0["signature"]?["principal"] } == ["otto@example.com", nil])
    #expect(approval?["people"] == 2)
    #expect(approval?["state"] == "granted")
    let consents = report["data_loss"]?[0]?["consents"]
    #expect(consents?[0]?["person"]?["login_user"] == "otto")
  }

  @Test("a failed run has every try, and the failure of each")
  func tries() async throws {
    let steps = try await report(.failed)["steps"]?.arrayValue ?? []
    let start = steps.first { $0["id"] == "start-dr" }
    let attempts = start?["attempts"]?.arrayValue ?? []
    #expect(attempts.count == 4)
    #expect(attempts.allSatisfy { $0["acted"]?["failure"]?["code"] == "service.failed" })
    #expect(steps.last?["state"] == "not_begun")
  }

  @Test("size, root and checkpoint are those of the journal", arguments: JournalFixture.allCases)
  func proof(fixture: JournalFixture) async throws {
    try await fixture.withHome { home in
      let verified = try await run(
        Programs.lifeboat,
        ["audit", "verify", "--key", fixture.verifierKey, "--output", "json"],
        environment: ["LIFEBOAT_HOME": home])
      let journal = try JSON(parsing: Data(verified.output.utf8))
      let proof = try await report(fixture)["proof"]
      #expect(journal["sound"] == true)
      #expect(proof?["root"] == journal["root"])
      #expect(proof?["size"] == journal["size"])
      #expect(journal["signed"] == journal["size"])
      let note = try #require(proof?["checkpoint"]?["note"]?.stringValue)
      let checkpoint = try #require(SignedCheckpoint(note))
      let key = try #require(
        VerifierKey(
          try String(contentsOfFile: fixture.verifierKey, encoding: .utf8)
            .trimmingCharacters(in: .newlines)))
      #expect(try checkpoint.note.signers(among: [key]) == [key])
      #expect(.string(checkpoint.head.root.description) == journal["root"])
      #expect(proof?["problems"] == [])
    }
  }

  @Test("the fixtures hold no private key")
  func noPrivateKey() throws {
    let folder = Programs.root.appendingPathComponent("Fixtures/journals").path
    for name in try #require(FileManager.default.subpaths(atPath: folder)) {
      let contents = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
      for mark in ["PRIVATE+KEY", "PRIVATE KEY"] {
        #expect(contents.range(of: Data(mark.utf8)) == nil, "\(name)")
      }
    }
  }

  private func expect(
    _ fixture: JournalFixture, ending: String, recovery: String, loss: String
  ) async throws {
    let report = try await report(fixture)
    #expect(report["conclusion"]?["ending"]?.stringValue == ending, "\(fixture)")
    #expect(report["recovery"]?["verdict"]?.stringValue == recovery, "\(fixture)")
    #expect(report["data_loss"]?[0]?["verdict"]?.stringValue == loss, "\(fixture)")
  }

  private func report(_ fixture: JournalFixture) async throws -> JSON {
    var report: JSON?
    try await fixture.withReport { _, json in report = try JSON(parsing: try data(json)) }
    return try #require(report)
  }

  private func data(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  /// On many lines, so that a difference can be read.
  private func readable(_ json: JSON) throws -> Data {
    let object = try JSONSerialization.jsonObject(with: try json.canonical)
    return try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      + Data("\n".utf8)
  }

  /// The first place at which two values differ.
  private static func difference(_ made: JSON?, _ kept: JSON?, at path: String) -> String {
    if let made = made?.objectValue, let kept = kept?.objectValue {
      let names = Set(made.keys).union(kept.keys).sorted()
      if let name = names.first(where: { made[$0] != kept[$0] }) {
        return difference(made[name], kept[name], at: "\(path).\(name)")
      }
    }
    if let made = made?.arrayValue, let kept = kept?.arrayValue,
      let index = (0..<max(made.count, kept.count)).first(where: {
        made.dropFirst($0).first != kept.dropFirst($0).first
      })
    {
      return difference(
        made.dropFirst(index).first, kept.dropFirst(index).first, at: "\(path)[\(index)]")
    }
    return "\(path): made \(made?.description ?? "nothing"), kept \(kept?.description ?? "nothing")"
  }
}
