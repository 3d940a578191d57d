import Foundation
import Testing

@testable import Journal

/// The quick look may pass an entry on to be read in full, and may never accept what reading in full would not.
struct CanonicalScannerTests {
  private static func entry(_ body: JSON, run: String? = "r-1", step: String? = nil) -> Entry {
    Entry(
      index: 7, at: Timestamp(microsecondsSince1970: 1_795_000_000_000_123), kind: "step.ended",
      run: run, step: step, epoch: 3, body: body)
  }

  static let entries: [Entry] = [
    entry([:]), entry(.null), entry([]), entry("text", run: nil, step: "stop"),
    entry(["a": 1, "b": [true, false, .null, -12, 0], "c": ["d": ["e": "f\n\"\\"]]]),
    entry(["a": 1.5, "b": 1e30]), entry(["é": 1, "z": "ü"]), entry(["a\"b": "\u{1}\t"]),
    entry(["A": 1, "a": 2, "aa": 3, "ab": []]), entry([:], run: "r\"1"),
    entry(.integer(9_007_199_254_740_991)), entry(.integer(-999_999_999_999_999)),
  ]

  private func expectAgreement(_ bytes: Data, _ what: String) {
    guard let heading = EntryHeading(scanning: bytes) else { return }
    do {
      #expect(heading == EntryHeading(try Entry(canonical: bytes)), "\(what)")
    } catch {
      Issue.record(
        "\(what): accepted, but \(error.message): \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test("plain entries are seen at once, and none is seen otherwise than it is", arguments: entries)
  func sees(entry: Entry) throws {
    let bytes = try entry.json.canonical
    expectAgreement(bytes, "as it is")
    if Self.plain.contains(entry) { #expect(EntryHeading(scanning: bytes) != nil) }
  }

  private static let plain = Array(entries.prefix(5)) + [entries[8], entries[11]]

  @Test("whatever byte is changed, inserted or removed", arguments: entries)
  func changed(entry: Entry) throws {
    let original = try entry.json.canonical
    for place in original.indices {
      for byte in UInt8.min...UInt8.max {
        var bytes = original
        bytes[place] = byte
        expectAgreement(bytes, "byte \(place) is \(byte)")
      }
      for byte in Array(" ,:\"\\{}[]0-1.eEun/\n".utf8) + [0x00, 0x1F, 0x7F, 0x80, 0xC3, 0xFF] {
        var bytes = original
        bytes.insert(byte, at: place)
        expectAgreement(bytes, "\(byte) inserted at \(place)")
      }
      var shorter = original
      shorter.remove(at: place)
      expectAgreement(shorter, "byte \(place) removed")
      expectAgreement(original.prefix(place), "cut at \(place)")
    }
  }

  @Test(
    "texts that look like entries",
    arguments: [
      #"{"a":1,"a":2}"#, #"{"b":1,"a":2}"#, #"{"a":01}"#, #"{"a":-0}"#, #"{"a":1.0}"#,
      #"{"a":"\/"}"#,
      #"{"a":"\u0041"}"#, #"{"a" :1}"#, #"{"a":1,}"#, "[1,]", "[,1]", "tru", #"{"a":1e2}"#,
      "1234567890123456",
      String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
      String(repeating: "[", count: 99) + String(repeating: "]", count: 99),
    ])
  func bodies(body: String) {
    let text =
      #"{"at":"2026-11-23T03:15:02.000123Z","body":"# + body
      + #","epoch":0,"index":0,"kind":"k","run":null,"step":null,"v":1}"#
    expectAgreement(Data(text.utf8), body)
  }
}
