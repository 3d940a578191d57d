import Dispatch
import Synchronization

/// Work that can be done side by side.
enum Together {
  /// Does all of it, and then throws the first failure, if any.
  static func run(_ work: [@Sendable () throws -> Void]) throws {
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: work.count) { index in
      do {
        try work[index]()
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
