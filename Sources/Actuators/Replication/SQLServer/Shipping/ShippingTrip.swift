import Runbook

/// Sends one backup of the log the whole way, by the jobs that do so all the time: backed up, copied, restored. It shows that
/// the way is free, and leaves little for the tail.
struct ShippingTrip: Sendable {
  let source: ShippingInstance
  let target: ShippingInstance

  func make() async throws {
    let (from, to) = (try await source.look(), try await target.look())
    for (instance, job) in [
      (source, from.sending?.job), (target, to.receiving?.copyJob),
      (target, to.receiving?.restoreJob),
    ] {
      if let job { try await instance.run(job.name) }
    }
  }
}
