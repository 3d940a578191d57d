import ArgumentParser
import Journal
import Runbook

/// A time from and to which things are shown.
struct PeriodOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "From this time on, in UTC: 2026-11-23, 2026-11-23T03:15, 2026-11-23T03:15:02Z; or that long ago: 90m, 7d.",
      valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Before this time; forms as of --since.", valueName: "time"))
  var until: String?

  func since(now: Timestamp) throws -> Timestamp? { try Self.time(since, "--since", now: now) }
  func until(now: Timestamp) throws -> Timestamp? { try Self.time(until, "--until", now: now) }

  /// Throws `InputError` for what is no time.
  private static func time(_ text: String?, _ option: String, now: Timestamp) throws -> Timestamp? {
    guard let text else { return nil }
    if let ago = Duration(runbook: text) { return now.advanced(by: .zero - ago) }
    let bare = text.hasSuffix("Z") ? String(text.dropLast()) : text
    let whole = "0000-01-01T00:00:00.000000"
    // What is left out is the beginning of what is given, which must end where a part of it does.
    guard [10, 16, 19].contains(bare.count) || (21...26).contains(bare.count),
      let time = Timestamp(bare + whole.dropFirst(bare.count) + "Z")
    else {
      throw InputError(
        "input.no_time", "\(option) \(text): this is no time",
        advice: "write 2026-11-23, 2026-11-23T03:15, 2026-11-23T03:15:02Z, or 7d for seven days ago"
      )
    }
    return time
  }
}
