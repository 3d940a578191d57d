import struct Foundation.Date

/// Times as RFC 3339 writes them, in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
enum Timestamp {
  private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  static func text(_ date: Date) -> String { date.formatted(style) }

  /// Nil when it isn't one; the fraction may be left out.
  static func date(_ text: String) -> Date? {
    if let date = try? style.parse(text) { return date }
    return try? Date.ISO8601FormatStyle().parse(text)
  }

  /// How long ago a written time was; negative when it is to come. Nil when it isn't one.
  static func age(of text: String, at now: Date) -> Duration? {
    date(text).map { .milliseconds(Int((now.timeIntervalSince($0) * 1000).rounded())) }
  }
}
