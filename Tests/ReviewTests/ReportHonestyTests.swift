import Testing

@testable import Journal
@testable import Review

@Suite("A report hides nothing")
struct ReportHonestyTests {
  @Test("killed while acting: no end is written, and the step may have acted")
  func killed() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.intend(2, "reverse")
    let report = try entries.report()
    #expect(report.conclusion.state == .noEndWritten)
    #expect(report.conclusion.advice == "lifeboat resume r-1")
    #expect(report.steps[0].state == .mayHaveActed)
    #expect(report.has("may_have_acted"))
    #expect(report.dataLoss.first?.verdict == .notKnown)
    #expect(report.html.contains("Killed: no end written"))
    #expect(try entries.report(isHeld: true).conclusion.state == .running)
  }

  @Test("killed, resumed and done: that it was killed stays in the report")
  func killedBefore() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.intend(2, "reverse")
    try entries.resume(60)
    try entries.start(61, "reverse")
    try entries.end(62, "reverse")
    try entries.finish(63)
    let report = try entries.report()
    #expect(report.has("killed"))
    #expect(report.sittings.map(\.ending) == [nil, "done"])
    #expect(report.spent(.stopped) == 58_000)
    #expect(report.html.contains("Nothing says that acting returned."))
  }

  @Test("one person is not two, and an answer for another plan is none")
  func people() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.ask(2, "reverse", required: 2)
    try entries.answer(3, "reverse", by: ReportEntries.anna)
    try entries.answer(4, "reverse", by: ReportEntries.anna)
    try entries.answer(5, "reverse", by: ReportEntries.otto, plan: "sha256:another")
    #expect(try entries.report().gates.first?.state == .open)
    #expect(try entries.report().has("answer_for_another_plan"))
    try entries.answer(6, "reverse", by: ReportEntries.otto)
    #expect(try entries.report().gates.first?.state == .granted)
  }

  @Test("people are counted as a run counts them: by accounts and keys, not by claims")
  func counting() throws {
    func root(login: String? = nil, claim: String? = nil) -> PersonRecord {
      PersonRecord(
        user: "root", host: "ops1", realUser: claim, uid: 0, loginUser: login,
        loginUID: login.map { _ in 2001 })
    }
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.ask(2, "reverse", required: 2)
    try entries.answer(3, "reverse", by: root(claim: "anna"))
    try entries.answer(4, "reverse", by: root(claim: "otto"))
    #expect(try entries.report().gates.first?.people == 1)
    try entries.answer(5, "reverse", by: root(login: "anna", claim: "anna"))
    try entries.answer(6, "reverse", by: root(login: "anna", claim: "otto"))
    #expect(try entries.report().gates.first?.state == .open)
    #expect(try entries.report().html.contains("(so far: 1)"))
    try entries.answer(7, "reverse", by: root(login: "otto"))
    let gate = try entries.report().gates.first
    #expect(gate?.state == .granted)
    #expect(gate?.people == 2)
  }

  @Test("where signed answers alone count, others and those of unknown keys don't")
  func signed() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.ask(2, "reverse", signed: true)
    try entries.answer(3, "reverse")
    try entries.answer(4, "reverse", signedBy: .some(nil))
    let unsigned = try entries.report()
    #expect(unsigned.gates.first?.state == .open)
    // Of two answers, each told with its step and among the people.
    #expect(unsigned.html.ranges(of: "does not count").count == 4)
    try entries.answer(5, "reverse", signedBy: "anna@example.com")
    let report = try entries.report()
    #expect(report.gates.first?.state == .granted)
    #expect(report.html.contains("signed with the key of anna@example.com"))
  }

  @Test("an attestation that counts no more is told with its reason")
  func voided() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.ask(2, "reverse", "attest")
    try entries.answer(3, "reverse", "attest", words: "it is off")
    try entries.add(
      4,
      GateVoided(
        gate: "attest", prompt: "May it?", person: ReportEntries.anna, reason: .contradicted,
        facts: []), step: "reverse")
    let report = try entries.report()
    #expect(report.gates.first?.state == .voided)
    #expect(report.has("vouched_for"))
    #expect(report.has("attestation_contradicted"))
  }

  @Test("what could not be asked is said to be unknown, with the reason")
  func gaps() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    let gap = FactRecord(
      subject: "production.scheduler/server", property: "state", value: nil,
      gap: "no route to host", unreachable: true, source: "probed",
      at: ReportEntries.moment(1))
    try entries.end(2, "reverse", .ok, seeing: [gap])
    try entries.finish(3)
    let report = try entries.report()
    #expect(report.has("not_seen"))
    #expect(report.html.contains("could not be asked [1]"))
    #expect(report.html.contains("no route to host"))
  }

  @Test("a clock that was set back is told, and no time is negative")
  func clock() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(10, "reverse")
    try entries.end(4, "reverse", .ok)
    try entries.finish(12)
    let report = try entries.report()
    #expect(report.has("clock_set_back"))
    #expect(report.time.spans.allSatisfy { $0.ms >= 0 })
    #expect(report.time.spent.reduce(0) { $0 + $1.ms } == 12_000)
  }

  @Test("an entry of a kind that is unknown is told, not passed over")
  func unknownKind() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.finish(1)
    var all = entries.all
    all.append(
      Entry(
        index: 99, at: ReportEntries.moment(2), kind: "step.dreamt", run: "r-1", step: nil,
        epoch: 1, body: [:]))
    let report = try RunReport(
      all, isHeld: false,
      proof: ReportProof(size: 100, root: Digest(of: []), firstEntry: 10, lastEntry: 99))
    #expect(report?.has("unknown_entry") == true)
  }

  @Test(
    "hostile text stays text",
    arguments: [
      "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</style><b>", "a & b 'c'",
      "]]><!--", "\u{202E}desrever", "\u{0}\u{1B}[31m",
    ])
  func hostile(text: String) throws {
    var entries = ReportEntries()
    try entries.begin(description: text)
    try entries.start(1, "reverse")
    try entries.ask(2, "reverse", "attest")
    try entries.answer(3, "reverse", "attest", words: text)
    try entries.end(
      4, "reverse", .ok, seeing: [ReportEntries.fact(text, text, .string(text))], message: text)
    try entries.finish(5)
    let html = try entries.report().html
    let clean = try clean()
    // Not one element, comment or attribute more than the same report of harmless text has.
    #expect(html.count { $0 == "<" } == clean.count { $0 == "<" })
    #expect(html.count { $0 == ">" } == clean.count { $0 == ">" })
    #expect(html.count { $0 == "\"" } == clean.count { $0 == "\"" })
    #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("<!--"))
    #expect(!html.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" || $0 == "\u{1B}" })
  }

  private func clean() throws -> String {
    var entries = ReportEntries()
    try entries.begin(description: "x")
    try entries.start(1, "reverse")
    try entries.ask(2, "reverse", "attest")
    try entries.answer(3, "reverse", "attest", words: "x")
    try entries.end(4, "reverse", .ok, seeing: [ReportEntries.fact("x", "x", "x")], message: "x")
    try entries.finish(5)
    return try entries.report().html
  }

  @Test("hidden and direction-changing characters are named")
  func hidden() {
    #expect(HTMLText.escaped("a\u{202E}b") == "a⟨U+202E⟩b")
    #expect(HTMLText.escaped("<&>\"'") == "&lt;&amp;&gt;&quot;&#39;")
    #expect(HTMLText.escaped("größer 日本 👩‍🚒") == "größer 日本 👩‍🚒")
  }

  @Test("the JSON says the same again when it is read")
  func roundTrip() throws {
    var entries = ReportEntries()
    try entries.begin(disaster: -30)
    try entries.failOver()
    let report = try entries.report()
    #expect(try JSON(encoding: report).decode(RunReport.self) == report)
  }

  @Test("a rehearsal that takes a site for lost says so, and what still points there")
  func assumedLost() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.add(1, LostSiteAssumed(sites: ["production"]))
    try entries.add(
      1,
      LostSitePointers(
        sites: ["production"],
        pointers: [
          .init(
            code: "lost_site.step", what: "stop targets it", why: "it waits", advice: "skip it"),
          .init(
            code: "lost_site.guid_row", what: "a row", why: "w", advice: "a", removedBy: "truncate"),
        ]))
    try entries.finish(2)
    let attention = try entries.report().attention
    #expect(
      attention.filter { $0.code.hasPrefix("lost_site") || $0.code == "assumed_lost" }.map(\.level)
        == [.caution, .caution, .note])
    #expect(!attention.contains { $0.code == "unknown_entry" })
    #expect(attention.contains { $0.text.contains("it waits") && $0.text.contains("skip it") })
    #expect(attention.contains { $0.step == "truncate" })
  }
}
