extension Array where Element: Sendable {
  /// What `body` makes of each element, in the elements' order; up to `limit` at a time.
  func sideBySide<Result: Sendable>(
    _ limit: Int = 16, _ body: @escaping @Sendable (Element) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var results = [Result?](repeating: nil, count: count)
      for (place, element) in enumerated() {
        if place >= limit, let (done, result) = try await group.next() { results[done] = result }
        group.addTask { (place, try await body(element)) }
      }
      for try await (done, result) in group { results[done] = result }
      return results.compactMap(\.self)
    }
  }
}
