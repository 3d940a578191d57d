import Testing

@testable import Journal
@testable import Review

@Suite("A fan-out is told in one line, and of its hosts those that differ")
struct FanOutTests {
  private static let hosts = (1...50).map { "dr.agent-\($0)" }

  /// A run that repoints 50 agents and then starts something.
  private func begun(_ type: RunStarted.RunKind = .execution) throws -> Entries {
    var entries = Entries()
    let parts: [JSON] = Self.hosts.map { host in
      [
        "id": .string("repoint@\(host)"), "name": "Repoint the agents",
        "fan_out": ["step": "repoint", "group": "agents"],
      ]
    }
    try entries.add(
      RunStarted(
        type: type, runbook: "failover", runType: "failover", description: "Moves it.",
        planDigest: "sha256:0123456789abcdef",
        plan: ["steps": .array(parts + [["id": "start", "name": "Start it"]])],
        runbookFile: "/a.yaml", inventoryFile: "/sites.yaml", givenParameters: [:],
        sites: ["dr"], person: Entries.person, version: "0", acceptedPrechecks: [:],
        takenOverFrom: []))
    return entries
  }

  private func part(_ number: Int) -> String { "repoint@dr.agent-\(number)" }

  /// All hosts, of which the third fails.
  private func executed() throws -> Entries {
    var entries = try begun()
    for number in 1...50 {
      try entries.start(part(number), place: number)
      try entries.intend(part(number))
    }
    for number in 1...50 {
      try entries.end(part(number), number == 3 ? .failed : .changed, "said agent \(number)")
    }
    return entries
  }

  @Test("a heading, the host that failed, and the counts")
  func told() throws {
    var entries = try executed()
    try entries.start("start", place: 51)
    let text = try entries.told().map(\.text)
    #expect(
      text.filter { $0.contains("Repoint the agents") } == ["  1/2 repoint  Repoint the agents"])
    #expect(text.filter { $0.contains("agent-") } == ["      ✗ dr.agent-3: failed, said agent 3"])
    #expect(text.contains { $0.contains("50 hosts: 49 changed, 1 failed") })
    #expect(text.contains("  2/2 start  Step start"))
  }

  @Test("the live line counts")
  func live() throws {
    var entries = try begun()
    for number in 1...3 { try entries.start(part(number), place: number) }
    try entries.end(part(1), .changed, "done")
    var narrator = Narrator()
    for entry in entries.all { _ = try narrator.lines(for: entry) }
    #expect(narrator.now?.text == "1/2 repoint: 1 of 50 hosts done, 2 being done")
    #expect(narrator.now?.next == "start")
  }

  @Test("when the run ends first, how far it came")
  func unfinished() throws {
    var entries = try begun()
    try entries.start(part(1), place: 1)
    try entries.end(part(1), .changed, "done")
    try entries.finish(.interrupted, "stopped")
    #expect(try entries.told().text.contains("? repoint: 1 of 50 hosts: 1 changed"))
  }

  @Test("a rehearsal: counts, and the hosts that could not be done")
  func rehearsed() throws {
    var entries = try begun(.rehearsal)
    for number in 1...50 {
      try entries.add(
        StepRehearsed(
          name: "Repoint the agents", action: "a.b", target: nil,
          outcome: number == 7 ? .blocked : .wouldChange, basis: .probed,
          message: "said agent \(number)", observation: [], guards: [], predicted: nil),
        step: part(number))
    }
    let text = try entries.told().map(\.text)
    #expect(text.filter { $0.contains("agent-") } == ["      ✗ dr.agent-7: said agent 7"])
    #expect(text.contains { $0.contains("50 hosts: 1 blocked, 49 would change") })
  }

  @Test("where it stands: one line, and the hosts that differ")
  func standing() throws {
    var entries = try executed()
    try entries.intend(part(9))
    let text = try #require(
      try Standing(
        entries.all, isHeld: false, now: Timestamp(microsecondsSince1970: 60_000_000))
    ).lines.text
    #expect(text.contains("? repoint: 49 of 50 hosts: 48 changed, 1 failed"))
    #expect(text.contains("✗ repoint@dr.agent-3: failed, said agent 3"))
    #expect(text.contains("? repoint@dr.agent-9: begun, and its end isn't written"))
    #expect(!text.contains("agent-10"))
  }

  @Test("the dossier tells every host")
  func dossier() throws {
    var dossier = Dossier()
    let text = try executed().all.flatMap { try dossier.lines(for: $0) }.text
    for host in Self.hosts { #expect(text.contains("repoint@\(host)")) }
  }
}
