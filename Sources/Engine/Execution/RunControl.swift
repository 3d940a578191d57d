import Synchronization

/// A person's wish to stop. The first signal lets the step in hand end; cancelling the task stops at once.
public final class RunControl: Sendable {
  private let isStopping = Atomic(false)

  public init() {}

  public func stopAfterStep() { isStopping.store(true, ordering: .sequentiallyConsistent) }
  var shouldStop: Bool { isStopping.load(ordering: .sequentiallyConsistent) }
}
