import Dispatch

extension CurlTransfer {
  /// Each blocks a thread of its own, none of the few that run tasks.
  private static let threads = DispatchQueue(label: "lifeboat.http", attributes: .concurrent)

  func ending() async -> Ending {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        Self.threads.async { continuation.resume(returning: self.perform()) }
      }
    } onCancel: {
      cancel()
    }
  }
}
