import Runbook

/// Counts tries, and waits between them as a step's `retry` says.
struct Tries {
  /// The number of the try in hand, from 1.
  private(set) var count = 1
  private let limit: Int
  private let backoff: Int
  private var interval: Duration

  init(_ retry: PlannedStep.Retry?) {
    limit = retry?.limit ?? 0
    backoff = retry?.backoff ?? 1
    interval = retry.flatMap { Duration(runbook: $0.interval) } ?? .zero
  }

  /// False when there are no more tries.
  mutating func waitForNext(_ time: any TimeSource) async throws -> Bool {
    guard count <= limit else { return false }
    try await time.sleep(for: interval)
    interval *= backoff
    count += 1
    return true
  }
}
