import Foundation
import Synchronization

/// Work that can be done side by side, most of which is waiting.
enum Together {
  /// More at once would only get into each other's way.
  private static let limit = 24

  /// Does all of it, and then throws the first failure, if any. After a failure nothing more is
  /// begun.
  static func run(_ work: [@Sendable () throws -> Void]) throws {
    let progress = Progress(work)
    let threads = DispatchGroup()
    for _ in 0..<min(limit, work.count) {
      threads.enter()
      Thread.detachNewThread {
        progress.workOff()
        threads.leave()
      }
    }
    threads.wait()
    if let error = progress.failure { throw error }
  }

  private final class Progress: Sendable {
    private struct State {
      var rest: ArraySlice<@Sendable () throws -> Void>
      var failure: (any Error)?
    }

    private let state: Mutex<State>

    init(_ work: [@Sendable () throws -> Void]) {
      state = Mutex(State(rest: work[...]))
    }

    var failure: (any Error)? { state.withLock(\.failure) }

    func workOff() {
      while let next = state.withLock({ $0.failure == nil ? $0.rest.popFirst() : nil }) {
        do {
          try next()
        } catch {
          state.withLock { $0.failure = $0.failure ?? error }
        }
      }
    }
  }
}
