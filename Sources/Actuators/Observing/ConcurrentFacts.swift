import Runbook

extension Collection where Element: Sendable {
  /// Asks all at the same time, as a dead one costs its time-out; the facts come in the collection's order.
  func concurrentFacts(
    _ observe: @escaping @Sendable (Element) async throws -> [Fact]
  ) async throws -> [Fact] {
    try await withThrowingTaskGroup(of: (Int, [Fact]).self) { group in
      for (index, element) in enumerated() {
        group.addTask { (index, try await observe(element)) }
      }
      return try await group.reduce(into: [(Int, [Fact])]()) { $0.append($1) }
        .sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }
}
