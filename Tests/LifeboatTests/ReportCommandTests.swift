import Foundation
import Journal
import TestSupport
import Testing

@testable import lifeboat

@Suite("audit report")
struct ReportCommandTests {
  private func report(_ home: String, _ options: [String]) async throws -> Ran {
    try await run(
      Programs.lifeboat, ["audit", "report"] + options, environment: ["LIFEBOAT_HOME": home])
  }

  @Test("what is there is not replaced, unless it is asked for")
  func overwriting() async throws {
    try await JournalFixture.done.withHome { home in
      let file = home + "/mine.html"
      try "mine".write(toFile: file, atomically: true, encoding: .utf8)
      let refused = try await report(home, ["--html", file])
      #expect(refused.code == 8, "\(refused)")
      #expect(refused.error.contains("report.exists"))
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
      #expect(try await report(home, ["--html", file, "--force"]).code == 0)
      #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("<!DOCTYPE html>"))
    }
  }

  @Test("a place that can't be written is said")
  func unwritable() async throws {
    try await JournalFixture.done.withHome { home in
      let ran = try await report(home, ["--json", home + "/nowhere/report.json"])
      #expect(ran.code == 8)
      #expect(ran.error.contains("report.unwritable"))
    }
  }

  @Test("--output json prints the report, and writes no file")
  func printed() async throws {
    try await JournalFixture.refused.withHome { home in
      let before = try FileManager.default.contentsOfDirectory(atPath: home).sorted()
      let ran = try await report(home, ["--output", "json"])
      #expect(ran.code == 0, "\(ran)")
      #expect(try JSON(parsing: Data(ran.output.utf8))["schema"] == "lifeboat-report/1")
      let after = try FileManager.default.contentsOfDirectory(atPath: home).sorted()
      #expect(after.filter { !$0.hasPrefix("journal.sqlite-") } == before)
    }
  }

  @Test("a checkpoint that doesn't hold is told and not shown as one, and so is that there is none")
  func checkpoints() async throws {
    try await JournalFixture.done.withHome { home in
      let folder = home + "/checkpoints"
      let names = try #require(FileManager.default.subpaths(atPath: folder))
        .filter { $0.hasSuffix(".checkpoint") }.sorted()
      let last = "\(folder)/\(try #require(names.last))"
      let note = try String(contentsOfFile: last, encoding: .utf8)
      // Its size, and with it what was signed.
      let size = try #require(note.split(separator: "\n").dropFirst().first)
      let forged = note.replacing("\n\(size)\n", with: "\n\(size)0\n")
      try forged.write(toFile: last, atomically: true, encoding: .utf8)
      let told = try await proof(home)
      #expect(told.proof?["checkpoint"] == nil)
      #expect(told.proof?["problems"]?.arrayValue?.count == 1, "\(told)")
      #expect(told.codes.contains("checkpoint_disagrees") && told.codes.contains("not_signed"))
      #expect(told.html.contains("does not hold") && told.html.contains("There is none"))

      try FileManager.default.removeItem(atPath: folder)
      let none = try await proof(home)
      #expect(none.proof?["checkpoint"] == nil && none.proof?["problems"] == [])
      #expect(none.codes.contains("not_signed"))
      #expect(none.html.contains("There is none that covers this run"))
    }
  }

  private func proof(_ home: String) async throws -> (proof: JSON?, codes: [String], html: String) {
    let file = home + "/report.html"
    let ran = try await report(home, ["--html", file, "--output", "json", "--force"])
    try #require(ran.code == 0, "\(ran)")
    let json = try JSON(parsing: Data(ran.output.utf8))
    let codes = (json["attention"]?.arrayValue ?? []).compactMap { $0["code"]?.stringValue }
    return (json["proof"], codes, try String(contentsOfFile: file, encoding: .utf8))
  }

  @Test("a run that isn't there")
  func unknownRun() async throws {
    try await JournalFixture.done.withHome { home in
      let ran = try await report(home, ["r-none"])
      #expect(ran.code == 2)
      #expect(ran.error.contains("run.not_found"))
    }
  }

  @Test("a rehearsal has a report, too; a declared start is kept by the run")
  func rehearsalAndSince() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let rehearsed = try await lab.lifeboat(["rehearse", Programs.runbook("scheduler-switchover")])
      #expect(rehearsed.code == 0, "\(rehearsed)")
      let told = try await lab.lifeboat(["audit", "report", "--output", "json"])
      #expect(told.code == 0, "\(told)")
      let report = try JSON(parsing: Data(told.output.utf8))
      #expect(report["run"]?["type"] == "rehearsal")
      #expect(report["steps"]?[0]?["state"] == "rehearsed")
      #expect(report["recovery"] == nil)
      let first = report["steps"]?[0]?["rehearsed"]?["operations"]?[0]
      #expect(first?["kind"] == "command")
      #expect(first?["at"] == "production.scheduler")

      let refused = try await lab.lifeboat(
        ["execute", Programs.runbook("scheduler-switchover"), "--since", "soon"])
      #expect(refused.code == 8)
      #expect(refused.error.contains("input.since"))
      let executed = try await lab.lifeboat(
        ["execute", Programs.runbook("scheduler-switchover"), "--since", "12m", "--output", "json"])
      #expect(executed.code == 0, "\(executed)")
      let started = try JSON(parsing: Data(executed.output.prefix { $0 != "\n" }.utf8))
      #expect(started["body"]?["disaster"]?["source"] == "declared")
      let after = try JSON(
        parsing: Data(try await lab.lifeboat(["audit", "report", "--output", "json"]).output.utf8))
      #expect((after["recovery"]?["ms"]?.integerValue ?? 0) > 720_000)
      #expect(after["data_loss"]?[0]?["verdict"] == "none")
    }
  }

  // MARK: - The start of a disaster

  private static let now = Date(timeIntervalSince1970: 1_795_404_600)  // 2026-11-23T03:30:00Z

  @Test(
    "how the start of a disaster is said",
    arguments: [
      ("2026-11-23T03:02:00Z", "2026-11-23T03:02:00.000000Z"),
      ("2026-11-23T04:02:00.250+01:00", "2026-11-23T03:02:00.250000Z"),
      ("12m", "2026-11-23T03:18:00.000000Z"),
      ("1h30m ago", "2026-11-23T02:00:00.000000Z"),
      ("04:10", "2026-11-23T03:10:00.000000Z"),
      ("4:10", "2026-11-23T03:10:00.000000Z"),
    ])
  func since(text: String, at: String) throws {
    let zone = try #require(TimeZone(secondsFromGMT: 3600))
    #expect(try DisasterStart(text, now: Self.now, zone: zone).at.description == at)
  }

  @Test(
    "what is no time, or still to come, is refused",
    arguments: [
      "", "yesterday", "25:00", "04:60", "23:55", "2026-11-23", "2026-11-23T03:02:00",
      "2026-13-01T00:00:00Z", "2026-11-24T00:00:00Z", "12", "-12m", "12m before", "12m ago now",
    ])
  func noTime(text: String) throws {
    let zone = try #require(TimeZone(secondsFromGMT: 3600))
    #expect(throws: InputError.self) {
      try DisasterStart(text, now: Self.now, zone: zone)
    }
  }
}
