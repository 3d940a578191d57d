import Foundation
import GRDB
import Testing

@testable import Journal

struct AppendTests {
  let directory: TemporaryDirectory
  let state: String

  init() throws {
    directory = try TemporaryDirectory()
    state = directory.path("state")
  }

  @Test func createsAPrivateJournal() async throws {
    let nested = directory.path("a/b")
    let journal = try Journal.open(directory: nested)
    try await journal.append(.sample(0), under: nil)
    #expect(try permissions(directory.path("a")) == 0o700)
    #expect(try permissions(nested) == 0o700)
    let files = try FileManager.default.contentsOfDirectory(atPath: nested).sorted()
    #expect(files == ["journal.sqlite", "journal.sqlite-shm", "journal.sqlite-wal"])
    for file in files { #expect(try permissions(nested + "/" + file) == 0o600, "\(file)") }
    try journal.close()
  }

  private func permissions(_ path: String) throws -> Int? {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue
  }

  /// A commit that is not synchronised would be lost in a power cut.
  @Test func isDurable() async throws {
    let store = try SQLiteJournalStore.open(directory: state)
    let (synchronous, mode) = try await store.queue.read { db in
      (
        try Int.fetchOne(db, sql: "PRAGMA synchronous"),
        try String.fetchOne(db, sql: "PRAGMA journal_mode")
      )
    }
    #expect(synchronous == 2)
    #expect(mode == "wal")
    try store.close()
  }

  @Test func keepsWhatWasAppended() async throws {
    let journal = try Journal.open(directory: state)
    #expect(try await journal.head() == TreeHead(size: 0, root: Merkle.emptyRoot))
    let first = try await journal.append(.sample(0), under: nil)
    let others = try await journal.append([.sample(1), .sample(2, run: nil)], under: nil)
    #expect(try await journal.append([], under: nil) == [])
    try journal.close()

    let reopened = try Journal.openForReading(directory: state)
    let entries = try await reopened.entries().collect()
    #expect(entries == [first] + others)
    #expect(entries.map(\.index) == [0, 1, 2])
    #expect(entries.map(\.epoch) == [0, 0, 0])
    #expect(entries[1].body == ["number": 1, "text": "é 1"])
    try reopened.close()
  }

  /// The form that docs/journal-format.md promises, written out by hand.
  @Test func hashesTheDocumentedBytes() async throws {
    let journal = try Journal.open(directory: state)
    let at = try #require(Timestamp("2026-11-23T03:15:02.000123Z"))
    try await journal.append(
      EntryDraft(
        at: at, kind: "run.started", run: "r-1", body: ["type": "rehearsal"], needsLease: false),
      under: nil)
    let expected = #"""
      {"at":"2026-11-23T03:15:02.000123Z","body":{"type":"rehearsal"},"epoch":0,"index":0,\#
      "kind":"run.started","run":"r-1","step":null,"v":1}
      """#
    #expect(try RawDatabase(directory: state).bytes(ofEntry: 0) == Data(expected.utf8))
    #expect(try await journal.head().root == Digest(of: [0] + Array(expected.utf8)))
    try journal.close()
  }

  @Test func keepsTheOrderOfEachTask() async throws {
    let handles = [try Journal.open(directory: state), try Journal.open(directory: state)]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<20 {
        group.addTask {
          for number in 0..<10 {
            try await handles[task % 2].append(.sample(number, run: "r-\(task)"), under: nil)
          }
        }
      }
      try await group.waitForAll()
    }
    for task in 0..<20 {
      let numbers = try await handles[0].entries(run: "r-\(task)").collect()
        .map { $0.body["number"]?.integerValue }
      #expect(numbers == Array(0..<10))
    }
    let verification = try await handles[0].verify()
    #expect(verification.isSound)
    #expect(verification.trusted == 200)
    for handle in handles { try handle.close() }
  }

  @Test func isCreatedOnceByMany() async throws {
    let state = state
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          let journal = try Journal.open(directory: state)
          try await journal.append(.sample(task), under: nil)
          try journal.close()
        }
      }
      try await group.waitForAll()
    }
    let journal = try Journal.openForReading(directory: state)
    #expect(try await journal.verify().trusted == 8)
    let left = try FileManager.default.contentsOfDirectory(atPath: state)
    #expect(left.filter { $0.contains(".new-") } == [])
    try journal.close()
  }

  /// The record of what was done must not depend on whether the one who did it is still wanted.
  @Test func isNotStoppedByCancellation() async throws {
    let journal = try Journal.open(directory: state)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      #expect(Task.isCancelled)
      return try await journal.append(.sample(0), under: nil)
    }
    #expect(try await task.value.index == 0)
    #expect(try await journal.head().size == 1)
    try journal.close()
  }

  @Test func refusesWhatCannotBeWritten() async throws {
    let journal = try Journal.open(directory: state)
    var draft = EntryDraft.sample(0)
    let tooLarge = String(repeating: "x", count: Journal.maximumEntrySize)
    let bodies: [JSON] = [.number(.nan), .integer(.max), ["text": .string(tooLarge)]]
    for body in bodies {
      draft.body = body
      let drafts = [EntryDraft.sample(1), draft]
      #expect(
        await journalCode { try await journal.append(drafts, under: nil) } == .unwritableEntry)
    }
    #expect(try await journal.head().size == 0)
    try await journal.append(.sample(0), under: nil)
    #expect(try await journal.verify().isSound)
    try journal.close()
  }

  @Test func readsPagesOfLargeEntries() async throws {
    let journal = try Journal.open(directory: state)
    var draft = EntryDraft.sample(0)
    draft.body = .string(String(repeating: "x", count: 2 * 1024 * 1024))
    for _ in 0..<3 { try await journal.append(draft, under: nil) }
    try await journal.append((0..<600).map { .sample($0) }, under: nil)
    #expect(try await journal.store.page(from: 0, matching: .all).count == 2)
    #expect(try await journal.entries().collect().map(\.index) == Array(0..<603))
    #expect(try await journal.entries(from: 600).collect().map(\.index) == [600, 601, 602])
    try journal.close()
  }
}

struct RunsTests {
  @Test func listsRunsByTheirEntries() async throws {
    let directory = try TemporaryDirectory()
    let journal = try Journal.open(directory: directory.path)
    func append(_ kind: String, _ run: String?, _ body: JSON, second: Int64) async throws {
      try await journal.append(
        EntryDraft(
          at: Timestamp(microsecondsSince1970: second * 1_000_000), kind: kind, run: run,
          body: body, needsLease: false),
        under: nil)
    }
    try await append("run.started", "r-2", ["runbook": "failover", "type": "rehearsal"], second: 1)
    try await append("run.started", "r-1", ["runbook": "failover", "type": "execution"], second: 2)
    try await append("step.started", "r-1", [:], second: 3)
    try await append("run.ended", "r-2", ["ending": "done"], second: 4)
    try await append("run.ended", "r-1", ["ending": "interrupted"], second: 5)
    try await append("run.ended", "r-1", ["ending": "done"], second: 6)
    try await append("run.started", "r-3", [:], second: 7)
    try await append("run.ended", "r-unknown", ["ending": "done"], second: 8)

    var runs: [RunSummary] = []
    for try await first in journal.runStarts() {
      runs.append(try await journal.summary(ofRunBeginningWith: first))
    }
    #expect(runs.map(\.id) == ["r-3", "r-1", "r-2"])
    #expect(runs.map(\.runbook) == [nil, "failover", "failover"])
    #expect(runs.map(\.type) == [nil, "execution", "rehearsal"])
    #expect(runs.map(\.ending) == [nil, "done", "done"])
    #expect(runs.map(\.firstIndex) == [6, 1, 0])
    #expect(runs[1].endedAt == Timestamp(microsecondsSince1970: 6_000_000))
    #expect(runs[0].endedAt == nil)
    #expect(try await journal.start(ofRun: "r-1")?.index == 1)
    #expect(try await journal.start(ofRun: "r-unknown") == nil)
    #expect(try await journal.runs(endingIn: "-1") == ["r-1"])
    #expect(try await journal.runs(endingIn: "_1") == [])
    #expect(try await journal.entries(run: "r-1").collect().map(\.index) == [1, 2, 4, 5])
    try journal.close()
  }
}
