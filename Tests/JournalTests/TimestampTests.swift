import Foundation
import Journal
import TestSupport
import Testing

struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000Z"),
    (-1, "1969-12-31T23:59:59.999999Z"),
    (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
    (1_000_000_000_123_456, "2001-09-09T01:46:40.123456Z"),
    (-62_167_219_200_000_000, "0000-01-01T00:00:00.000000Z"),
    (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
  ])
  func isWrittenAndReadAsRFC3339(microseconds: Int64, text: String) {
    #expect(Timestamp(microsecondsSince1970: microseconds).description == text)
    #expect(Timestamp(text)?.microsecondsSince1970 == microseconds)
  }

  /// Against Foundation's calendar, which is somebody else's arithmetic.
  @Test func agreesWithFoundationsCalendar() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed of agreesWithFoundationsCalendar: \(seed)")
    var generator = SeededGenerator(seed: seed)
    let formatter = ISO8601DateFormatter()
    for _ in 0..<1_000 {
      // From 1600 on: Foundation changes to the Julian calendar before 1582.
      let seconds = Int64.random(in: -11_676_096_000...253_402_300_799, using: &generator)
      let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
      let text = Timestamp(microsecondsSince1970: seconds * 1_000_000).description
      #expect(text.replacingOccurrences(of: ".000000", with: "") == expected)
      #expect(Timestamp(text)?.microsecondsSince1970 == seconds * 1_000_000)
    }
  }

  @Test(arguments: [
    "", "2026-11-23T03:15:02Z", "2026-11-23T03:15:02.123Z", "2026-11-23T03:15:02.1234567Z",
    "2026-11-23t03:15:02.123456Z", "2026-11-23T03:15:02.123456z", "2026-11-23 03:15:02.123456Z",
    "2026-11-23T03:15:02.123456+00:00", "2026-13-01T00:00:00.000000Z",
    "2026-00-01T00:00:00.000000Z", "2026-02-29T00:00:00.000000Z", "2026-04-31T00:00:00.000000Z",
    "2026-01-00T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z", "2026-01-01T00:60:00.000000Z",
    "2026-01-01T00:00:60.000000Z", "+026-01-01T00:00:00.000000Z", "２026-01-01T00:00:00.0000Z",
  ])
  func refusesOtherTexts(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func countsAndCompares() {
    let start = Timestamp(microsecondsSince1970: 5)
    let later = start.advanced(by: .milliseconds(1))
    #expect(later.microsecondsSince1970 == 1_005)
    #expect(later.duration(since: start) == .milliseconds(1))
    #expect(start < later)
    #expect(start.advanced(by: .seconds(-1)) < start)
    #expect(start.advanced(by: .seconds(Int64.max)).description.hasPrefix("9999-12-31"))
    #expect(start.advanced(by: .seconds(Int64.min)).description.hasPrefix("0000-01-01"))
    #expect(Timestamp(Date(timeIntervalSince1970: 1.5)).microsecondsSince1970 == 1_500_000)
    #expect(Timestamp(Date.distantFuture) < Timestamp(microsecondsSince1970: .max))
    #expect(Timestamp(Date(timeIntervalSince1970: .infinity)).description.hasPrefix("9999"))
  }
}

struct RandomIDTests {
  @Test func isSortableAndShort() throws {
    let time = try #require(Timestamp("2026-11-23T03:15:02.999999Z"))
    var fixed = Fixed(value: 0x7f3a_7f3a_7f3a_7f3a)
    #expect(RandomID.make(at: time, using: &fixed) == "r-20261123-031502-7f3a")
    let next = RandomID.make(at: time.advanced(by: .microseconds(1)), using: &fixed)
    #expect(next == "r-20261123-031503-7f3a")
  }

  private struct Fixed: RandomNumberGenerator {
    let value: UInt64
    mutating func next() -> UInt64 { value }
  }
}
