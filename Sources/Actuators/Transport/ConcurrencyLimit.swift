/// Caps how many do something at once: child processes, which take four descriptors and a process slot each, or sessions of
/// one connection.
actor ConcurrencyLimit {
  private var free: Int
  private var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  private var nextID = 0

  init(_ limit: Int) { free = max(1, limit) }

  /// Runs `body` when there is room. Throws `CancellationError` when cancelled while waiting.
  func withPlace<Result: Sendable>(
    _ body: @Sendable () async throws -> Result
  ) async throws -> Result {
    try await enter()
    defer { leave() }
    return try await body()
  }

  private func enter() async throws {
    try Task.checkCancellation()
    guard free == 0 else {
      free -= 1
      return
    }
    nextID += 1
    let id = nextID
    let hasPlace = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Cancelled before this ran: the handler found nobody to wake.
        if Task.isCancelled {
          continuation.resume(returning: false)
        } else {
          waiting.append((id, continuation))
        }
      }
    } onCancel: {
      Task { await self.giveUp(id) }
    }
    guard hasPlace else { throw CancellationError() }
  }

  private func leave() {
    // A place goes straight to the next in line: `free` stays as it is.
    guard !waiting.isEmpty else {
      free += 1
      return
    }
    waiting.removeFirst().continuation.resume(returning: true)
  }

  private func giveUp(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume(returning: false)
  }
}
