/// What was waited for was not seen before the deadline.
public struct NeverSeen: Error, CustomStringConvertible {
  public let what: String
  public let limit: Duration

  public var description: String { "not seen within \(limit): \(what)" }
}

/// Waits for what another process brings about, by asking again and again until a deadline that only a defect reaches.
/// Where no other process is involved, inject the clock instead.
public func eventually(
  _ what: String, within limit: Duration = .seconds(120), _ isSo: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let end = clock.now + limit
  while try await !isSo() {
    guard clock.now < end else { throw NeverSeen(what: what, limit: limit) }
    try await clock.sleep(for: .milliseconds(10))
  }
}

/// Lets a random while pass: for what must be right at any moment.
public func randomMoment(
  upTo longest: Duration, using generator: inout some RandomNumberGenerator
) async throws {
  let share = Double.random(in: 0...1, using: &generator)
  try await ContinuousClock().sleep(for: longest * share)
}
