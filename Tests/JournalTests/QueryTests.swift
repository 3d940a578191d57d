import Foundation
import GRDB
import Testing

@testable import Journal

/// Whatever is asked for is what reading all of the journal and leaving out the rest would give.
struct QueryTests {
  let directory: TemporaryDirectory
  let journal: Journal
  let all: [Entry]

  init() async throws {
    directory = try TemporaryDirectory()
    journal = try Journal.open(directory: directory.path)
    // More than a page; the runs are interleaved, and the clock is set back in the middle.
    let drafts = (0..<900).map { number -> EntryDraft in
      let milliseconds = Int64(number < 500 ? number : number - 300)
      return EntryDraft(
        at: Timestamp(microsecondsSince1970: milliseconds * 1000), kind: "kind.\(number % 7)",
        run: number.isMultiple(of: 11) ? nil : "r-\(number % 5)", step: "stop",
        body: ["words": .string("Some 100% of \(number)\"_é")], needsLease: false)
    }
    try await journal.append(drafts, under: nil)
    all = try await journal.entries().collect()
    try #require(all.count == 900)
  }

  private func expect(
    _ filter: EntryFilter, _ location: SourceLocation = #_sourceLocation,
    where isWanted: (Entry) -> Bool
  ) async throws {
    let wanted = all.filter(isWanted).map(\.index)
    let forwards = try await journal.entries(matching: filter).collect().map(\.index)
    #expect(forwards == wanted, sourceLocation: location)
    for pageSize in [1, 32, 1000] {
      let backwards = journal.entriesFromTheEnd(matching: filter, pageSize: pageSize)
      #expect(
        try await backwards.collect().map(\.index) == wanted.reversed(), sourceLocation: location)
    }
  }

  @Test func byRun() async throws {
    try await expect(EntryFilter(run: "r-3")) { $0.run == "r-3" }
    try await expect(EntryFilter(run: "r-none")) { _ in false }
    #expect(try await journal.runs(endingIn: "") == [])
    #expect(try await journal.runs(endingIn: "3") == ["r-3"])
    #expect(try await journal.runs(endingIn: "r-") == [])
  }

  @Test func byKind() async throws {
    try await expect(EntryFilter(kinds: ["kind.2"])) { $0.kind == "kind.2" }
    try await expect(EntryFilter(kinds: ["kind.2", "kind.5", "none"])) {
      ["kind.2", "kind.5"].contains($0.kind)
    }
    try await expect(EntryFilter(kinds: [])) { _ in false }
    try await expect(EntryFilter(run: "r-1", kinds: ["kind.0", "kind.6"])) {
      $0.run == "r-1" && ["kind.0", "kind.6"].contains($0.kind)
    }
  }

  @Test func byTime() async throws {
    let since = Timestamp(microsecondsSince1970: 300_000)
    let until = Timestamp(microsecondsSince1970: 450_000)
    try await expect(EntryFilter(since: since)) { $0.at >= since }
    try await expect(EntryFilter(until: until)) { $0.at < until }
    try await expect(EntryFilter(run: "r-2", kinds: ["kind.1"], since: since, until: until)) {
      $0.run == "r-2" && $0.kind == "kind.1" && $0.at >= since && $0.at < until
    }
  }

  @Test(arguments: ["100%", "SOME", "of 12", "\\\"_", "é", "1_0", "\\"])
  func byText(text: String) async throws {
    try await expect(EntryFilter(kinds: ["kind.0", "kind.1"], containing: [text])) { entry in
      ["kind.0", "kind.1"].contains(entry.kind)
        && entry.json.description.lowercased().contains(text.lowercased())
    }
  }
}
