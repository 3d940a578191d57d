import Runbook

extension TimeSource {
  /// Runs `body` and cancels it when the time is up: nil then. Either way it has ended when this returns. Without a limit
  /// it may take as long as it likes.
  @discardableResult func within<Result: Sendable>(
    _ limit: Duration?, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result? {
    guard let limit else { return try await body() }
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}
