import Foundation
import Journal
import Runbook

extension Executor {
  /// Holds the lease on the sites for as long as `body` runs, and renews it meanwhile.
  func underLease<Result: Sendable>(
    run: String, _ plan: Plan, _ body: @escaping @Sendable (Recorder) async throws -> Result
  ) async throws -> Result {
    let lease = try await surroundings.journal.acquire(
      Set(plan.sites), for: try Holder.current(), at: now, until: expiry)
    let recorder = Recorder(
      journal: surroundings.journal, run: run, planDigest: try plan.digest(), lease: lease,
      time: surroundings.time,
      watch: surroundings.watch)
    do {
      let result = try await renewing(lease) { try await body(recorder) }
      try await surroundings.journal.release(lease)
      return result
    } catch let failure {
      // The failure is what counts; a lease that can't be given back is found to be a dead process's.
      _ = try? await surroundings.journal.release(lease)
      throw failure
    }
  }

  /// Runs `body`, renewing the lease beside it. A lease that is lost ends `body`.
  private func renewing<Result: Sendable>(
    _ lease: Lease, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await keepRenewing(lease)
        return nil
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  /// Returns when the task is cancelled: how a run ends that was stopped is `body`'s to say.
  private func keepRenewing(_ lease: Lease) async throws {
    do {
      while true {
        try await surroundings.time.sleep(for: Self.leaseLifetime / 3)
        try await renewUnlessBusy(lease)
      }
    } catch is CancellationError {}
  }

  /// A busy journal is no reason to stop: three renewals fit into the lease's life, and every append checks it.
  private func renewUnlessBusy(_ lease: Lease) async throws {
    do {
      _ = try await surroundings.journal.renew(lease, until: expiry)
    } catch let error as JournalError where error.code == .busy {}
  }

  private var now: Timestamp { Timestamp(surroundings.time.now()) }
  private var expiry: Timestamp { now.advanced(by: Self.leaseLifetime) }
}
