import Dispatch
import Synchronization

extension ManualClock {
  /// Runs `body` and all child tasks of it one at a time, in the order in which they became ready, and lets time pass
  /// whenever none of them is: a sleep takes no time, and a deadline is over exactly when everybody waits for it. What a
  /// run does is then the same every time.
  ///
  /// Unstructured tasks are not seen: time may pass while one of them works. Work that `body` awaits outside Swift's tasks
  /// (a database's queue, a child process) goes into `outside`.
  public func autoAdvancing<Result: Sendable>(
    _ body: @Sendable () async throws -> Result
  ) async rethrows -> Result {
    let executor = ClockExecutor(clock: self)
    return try await ClockExecutor.$current.withValue(executor) {
      try await withTaskExecutorPreference(executor) { try await body() }
    }
  }

  /// Awaits `work` that goes on where an auto-advancing clock can't see it; no time passes meanwhile.
  public static func outside<Result>(
    _ work: () async throws -> Result
  ) async rethrows -> Result {
    guard let executor = ClockExecutor.current else { return try await work() }
    executor.beginOutside()
    defer { executor.endOutside() }
    return try await work()
  }
}

/// Runs jobs one after the other, and moves its clock when there is none left.
private final class ClockExecutor: TaskExecutor {
  @TaskLocal static var current: ClockExecutor?

  private let clock: ManualClock
  private let queue = DispatchQueue(label: "lifeboat.manual-clock")
  /// Jobs that are ready or running, and work outside.
  private let active = Mutex(0)

  init(clock: ManualClock) { self.clock = clock }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    active.withLock { $0 += 1 }
    queue.async {
      job.runSynchronously(on: self.asUnownedTaskExecutor())
      let isIdle = self.active.withLock { active in
        active -= 1
        return active == 0
      }
      if isIdle { self.clock.advanceToNextSleeper() }
    }
  }

  func beginOutside() { active.withLock { $0 += 1 } }

  /// Called by a job, so the executor isn't idle yet.
  func endOutside() { active.withLock { $0 -= 1 } }
}
