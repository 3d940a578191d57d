public import Foundation

/// An instant in UTC, to the microsecond. Its text form, also in JSON, is RFC 3339 with exactly six
/// fractional digits and `Z`: `2026-11-23T03:15:02.000123Z`, so that texts sort as instants do.
///
/// It never asks a clock: whoever makes one brings the time. Leap seconds are not represented.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Microseconds since 1970-01-01T00:00:00Z, without leap seconds, as in Unix time.
  public let microsecondsSince1970: Int64

  /// The years that RFC 3339 can write, 0000 to 9999.
  private static let representable: ClosedRange<Int64> =
    -62_167_219_200_000_000...253_402_300_799_999_999

  /// An instant outside the years 0000 to 9999, which RFC 3339 can't write, becomes the nearest
  /// one inside.
  public init(microsecondsSince1970: Int64) {
    let range = Timestamp.representable
    self.microsecondsSince1970 = min(max(microsecondsSince1970, range.lowerBound), range.upperBound)
  }

  /// The microsecond in which `date` lies.
  public init(_ date: Date) {
    let microseconds = (date.timeIntervalSince1970 * 1_000_000).rounded(.down)
    let bounds = Timestamp.representable
    let clamped = min(max(microseconds, Double(bounds.lowerBound)), Double(bounds.upperBound))
    self.init(microsecondsSince1970: Int64(exactly: clamped) ?? bounds.upperBound)
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microsecondsSince1970 < right.microsecondsSince1970
  }

  /// The instant that is `duration` later; fractions of a microsecond are dropped.
  public func advanced(by duration: Duration) -> Timestamp {
    let (seconds, attoseconds) = duration.components
    let (whole, tooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let microseconds = tooLarge ? (seconds < 0 ? Int64.min : Int64.max) / 2 : whole
    let (sum, overflow) = microsecondsSince1970.addingReportingOverflow(
      microseconds + attoseconds / 1_000_000_000_000)
    return Timestamp(microsecondsSince1970: overflow ? (seconds < 0 ? .min : .max) : sum)
  }

  /// How much later this is than `earlier`; negative when it is earlier.
  public func duration(since earlier: Timestamp) -> Duration {
    .microseconds(microsecondsSince1970 - earlier.microsecondsSince1970)
  }
}

extension Timestamp: CustomStringConvertible {
  public var description: String {
    let (seconds, fraction) = microsecondsSince1970.flooredQuotientAndRemainder(by: 1_000_000)
    let (days, second) = seconds.flooredQuotientAndRemainder(by: 86_400)
    let date = CivilDate(daysSince1970: days)
    let day = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
    let time =
      "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    return "\(day)T\(time).\(padded(fraction, 6))Z"
  }

  private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Reads the one form that `description` writes; nil for any other.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    let shape = Array("0000-00-00T00:00:00.000000Z".utf8)
    guard bytes.count == shape.count else { return nil }
    var fields: [Int64] = [0]
    for (byte, expected) in zip(bytes, shape) {
      if expected == UInt8(ascii: "0") {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
        fields[fields.count - 1] = fields[fields.count - 1] * 10 + Int64(byte - UInt8(ascii: "0"))
      } else {
        guard byte == expected else { return nil }
        fields.append(0)
      }
    }
    guard let days = CivilDate(year: fields[0], month: fields[1], day: fields[2]).daysSince1970,
      fields[3] < 24, fields[4] < 60, fields[5] < 60
    else { return nil }
    let seconds = days * 86_400 + fields[3] * 3600 + fields[4] * 60 + fields[5]
    self.init(microsecondsSince1970: seconds * 1_000_000 + fields[6])
  }
}

extension Timestamp: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let timestamp = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected a time like 2026-11-23T03:15:02.000000Z, found \(text)")
    }
    self = timestamp
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A day of the proleptic Gregorian calendar. The conversions are those of Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms" (`days_from_civil`, `civil_from_days`).
private struct CivilDate: Equatable {
  let year: Int64
  let month: Int64
  let day: Int64

  init(year: Int64, month: Int64, day: Int64) {
    (self.year, self.month, self.day) = (year, month, day)
  }

  init(daysSince1970: Int64) {
    let (era, dayOfEra) = (daysSince1970 + 719_468).flooredQuotientAndRemainder(by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// nil when the calendar has no such day.
  var daysSince1970: Int64? {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).flooredQuotientAndRemainder(by: 400)
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return CivilDate(daysSince1970: days) == self ? days : nil
  }
}

extension Int64 {
  /// Division that rounds towards minus infinity, with a remainder that is never negative.
  fileprivate func flooredQuotientAndRemainder(
    by divisor: Int64
  ) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
