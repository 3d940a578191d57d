public import Foundation
public import Runbook

/// The machine's time. The only place that asks for it.
public struct SystemTime: TimeSource {
  private let start = ContinuousClock.now

  public init() {}

  public func now() -> Date { Date() }
  public func uptime() -> Duration { ContinuousClock.now - start }
  public func sleep(for duration: Duration) async throws {
    try await Task.sleep(for: duration, clock: .continuous)
  }
}
