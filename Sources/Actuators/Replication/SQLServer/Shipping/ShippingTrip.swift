import Runbook

/// Sends one backup of the log the whole way, by the jobs that do so all the time: backed up, copied, restored. It shows that
/// the way is free, and leaves little for the tail.
struct ShippingTrip: Sendable {
  let source: DatabaseCopy
  let target: DatabaseCopy
  let timeout: Duration
  let `operator`: any Operator

  func make() async throws {
    let from = try await ShippingState.look(at: source, `operator`.observer)
    let to = try await ShippingState.look(at: target, `operator`.observer)
    for (copy, job) in [
      (source, from.sending?.job), (target, to.receiving?.copyJob),
      (target, to.receiving?.restoreJob),
    ] {
      guard let job else { continue }
      try await ShippingJobs(copy: copy, timeout: timeout, operator: `operator`).run(job.name)
    }
  }
}
