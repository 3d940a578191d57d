import Runbook

/// A moment on the monotonic clock by which something must be done.
struct Deadline: Sendable {
  let time: any TimeSource
  let limit: Duration
  private let end: Duration

  init(in limit: Duration, time: any TimeSource) {
    self.time = time
    self.limit = limit
    self.end = time.uptime() + limit
  }

  var remaining: Duration { max(.zero, end - time.uptime()) }
  var isOver: Bool { remaining == .zero }

  /// What `work` returns, or nil when the time was up first. `work` is cancelled then, and has returned before this does.
  func run<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await work() }
      group.addTask { [time, remaining] in
        try await time.sleep(for: remaining)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}
