public import Foundation
public import Runbook
import Synchronization

/// Time that passes only when it is told to: by `advance`, or by itself under `autoAdvancing`. The wall clock and the
/// monotonic clock are set apart, as they are on a real machine.
public final class ManualClock: TimeSource {
  private struct Sleeper {
    let wake: Duration
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var wall: Date
    var uptime = Duration.zero
    var sleepers: [Int: Sleeper] = [:]
    var cancelled: Set<Int> = []
    var lastID = 0

    mutating func pass(to moment: Duration) {
      let passed = max(.zero, moment - uptime)
      uptime += passed
      wall += Double(passed.milliseconds) / 1000
    }
  }

  private let state: Mutex<State>

  /// 2027-01-15T08:00:00Z unless said otherwise.
  public init(startingAt wall: Date = Date(timeIntervalSince1970: 1_800_000_000)) {
    state = Mutex(State(wall: wall))
  }

  public func now() -> Date { state.withLock(\.wall) }
  public func uptime() -> Duration { state.withLock(\.uptime) }
  /// How many tasks sleep.
  public var sleeperCount: Int { state.withLock(\.sleepers.count) }

  /// Sets the wall clock, as an administrator or NTP does; nobody wakes.
  public func setWall(_ wall: Date) { state.withLock { $0.wall = wall } }

  /// Lets time pass on both clocks, and wakes whoever has slept enough, the earliest first.
  public func advance(by duration: Duration) {
    let end = uptime() + duration
    while let woken = wakeNext(until: end) { woken.resume() }
    state.withLock { $0.pass(to: end) }
  }

  /// Moves to the moment at which the next sleeper wakes, and wakes it. False when nobody sleeps.
  @discardableResult
  public func advanceToNextSleeper() -> Bool {
    guard let woken = wakeNext(until: nil) else { return false }
    woken.resume()
    return true
  }

  private func wakeNext(until end: Duration?) -> CheckedContinuation<Void, any Error>? {
    state.withLock { state -> CheckedContinuation<Void, any Error>? in
      // Of those that wake at one moment, the one that went to sleep first.
      let next = state.sleepers.min { ($0.value.wake, $0.key) < ($1.value.wake, $1.key) }
      guard let next, end.map({ next.value.wake <= $0 }) ?? true else { return nil }
      state.pass(to: next.value.wake)
      state.sleepers[next.key] = nil
      return next.value.continuation
    }
  }

  public func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    guard duration > .zero else { return }
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    defer { state.withLock { _ = $0.cancelled.remove(id) } }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          if state.cancelled.contains(id) { return true }
          state.sleepers[id] = Sleeper(wake: state.uptime + duration, continuation: continuation)
          return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        state.cancelled.insert(id)
        return state.sleepers.removeValue(forKey: id)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }
}
