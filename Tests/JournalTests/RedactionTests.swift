import Foundation
import Journal
import TestSupport
import Testing

@Suite("What must not be written is taken out at the journal's door")
struct RedactionTests {
  private let journal = Journal(
    store: MemoryJournalStore(), redacting: { $0.replacing("s3cret", with: "•") })

  private func append(_ body: JSON) async throws -> Entry {
    try await journal.append(
      EntryDraft(
        at: Timestamp(microsecondsSince1970: 0), kind: "test", body: body, needsLease: false),
      under: nil)
  }

  @Test func everyTextOfABodyPassesIt() async throws {
    let entry = try await append([
      "message": "it is s3cret", "list": ["s3cret", 1, .null, ["deep": "s3crets3cret"]],
    ])
    #expect(
      entry.body == ["message": "it is •", "list": ["•", 1, .null, ["deep": "••"]]])
    let kept = try await journal.entries().collect()
    #expect(kept == [entry])
  }

  /// A record's own names are what its readers go by; what came from outside may say anything.
  @Test func namesAndNumbersPassItWhereTheyComeFromOutside() async throws {
    let digits = Journal(
      store: MemoryJournalStore(), redacting: { $0.replacing("4711", with: "•") })
    let draft = EntryDraft(
      at: Timestamp(microsecondsSince1970: 0), kind: "test",
      body: ["attempt": 4711, "value": ["a4711": 1, "a•": 2, "pin": 4711, "not": 42]],
      needsLease: false)
    let entry = try await digits.append(draft, under: nil)
    #expect(
      entry.body == [
        "attempt": 4711, "value": ["a•": 1, "a•′": 2, "pin": "•", "not": 42],
      ])
  }
}
