/// How long a target is given to answer.
///
/// A dead one costs the full time, and a step looks several times. So one that was waited for in vain a moment ago is
/// given little: when it is back, it answers at once.
struct Patience: Sendable {
  private static let short = Duration.seconds(2)
  private static let memory = Duration.seconds(60)

  let full: Duration
  /// On the clock that only rises.
  private var letDownAt: Duration?

  init(full: Duration) { self.full = full }

  func limit(at uptime: Duration) -> Duration {
    guard let letDownAt, uptime - letDownAt < Self.memory else { return full }
    return min(full, Self.short)
  }

  mutating func wasLetDown(at uptime: Duration) { letDownAt = uptime }
  mutating func answered() { letDownAt = nil }
}
