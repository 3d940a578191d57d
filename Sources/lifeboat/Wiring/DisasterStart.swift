import Foundation
import Journal
import Runbook

/// When the disaster began, as a person says it on the command line.
struct DisasterStart {
  let at: Timestamp

  /// `text` is a time as RFC 3339 writes it, `HH:MM` of today in `zone`, or a duration before `now`, with or without "ago".
  /// Throws `InputError` for anything else, and for a time that is still to come.
  init(_ text: String, now: Date, zone: TimeZone) throws {
    guard
      let date = Self.instant(text) ?? Self.timeOfDay(text, now: now, zone: zone)
        ?? Self.ago(text, now: now)
    else {
      throw InputError(
        "input.since", "--since \(text): this is no time",
        advice: "write it as 2026-11-23T03:02:00Z, as 03:02 of today, or as 12m, how long ago")
    }
    guard date <= now else {
      throw InputError(
        "input.since", "--since \(text): \(Timestamp(date)) is still to come",
        advice: "give the date, too, when it was not today: 2026-11-22T23:55:00+01:00")
    }
    at = Timestamp(date)
  }

  private static func instant(_ text: String) -> Date? {
    let strategies = [false, true].map {
      Date.ISO8601FormatStyle(includingFractionalSeconds: $0)
    }
    // Foundation's parser passes over what follows a time: only the whole text counts.
    let shape = #/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})/#
    guard text.wholeMatch(of: shape) != nil else { return nil }
    return strategies.lazy.compactMap { try? $0.parse(text) }.first
  }

  private static func timeOfDay(_ text: String, now: Date, zone: TimeZone) -> Date? {
    guard let match = text.wholeMatch(of: #/(\d{1,2}):(\d{2})/#), let hour = Int(match.1),
      let minute = Int(match.2), hour < 24, minute < 60
    else { return nil }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    return calendar.date(bySettingHour: hour, minute: minute, second: 0, of: now)
  }

  private static func ago(_ text: String, now: Date) -> Date? {
    let words = text.split(separator: " ")
    guard words.count == 1 || words.count == 2 && words[1] == "ago" else { return nil }
    guard let duration = Duration(runbook: String(words[0])) else { return nil }
    return now.addingTimeInterval(-Double(duration.milliseconds) / 1000)
  }
}
