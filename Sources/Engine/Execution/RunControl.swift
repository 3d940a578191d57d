import Synchronization

/// A person's wish to stop. The first signal lets the step in hand end; cancelling the task stops at once.
public final class RunControl: Sendable {
  private let wish = Atomic(false)

  public init() {}

  public func stopAfterStep() { wish.store(true, ordering: .sequentiallyConsistent) }
  public var isStopping: Bool { wish.load(ordering: .sequentiallyConsistent) }
}
