import Runbook

/// The Agent's jobs of log shipping: switched on and off, and run to their end.
extension ShippingInstance {
  static let jobFailed = "replication.job_failed"

  /// Each is left alone where it is so already.
  func enable(_ jobs: [ShippingState.Job?]) async throws {
    for job in jobs.compactMap({ $0 }) where !job.isEnabled {
      try await send(ShippingStatement.enable(job.name))
    }
  }

  /// A job that runs goes on although it is disabled: its end is waited for.
  func disable(_ jobs: [ShippingState.Job?]) async throws {
    for job in jobs.compactMap({ $0 }) {
      if job.isEnabled { try await send(ShippingStatement.disable(job.name)) }
      _ = try await end(of: job.name) { !$0.isRunning }
    }
  }

  /// Runs it now, whatever its schedule says, and throws where it failed. One that doesn't end in time is stopped.
  func run(_ job: String) async throws {
    let before = try await end(of: job) { !$0.isRunning }
    try await send(ShippingStatement.start(job))
    let ended: Activity
    do {
      ended = try await end(of: job) { !$0.isRunning && $0.started != before.started }
    } catch let error as ActionError {
      try await send(ShippingStatement.stop(job))
      throw error
    }
    guard ended.outcome == 1 else {
      throw ActionError(
        Self.jobFailed,
        "job '\(job)' at \(copy.subject) failed\(ended.message.map { ": \($0)" } ?? "")",
        advice: "see the job's history at that server; then run the step again")
    }
  }

  // MARK: - Looking

  private struct Activity: Sendable {
    let started: String?
    let isRunning: Bool
    let outcome: Int?
    let message: String?
  }

  private func end(of job: String, _ isSo: @escaping @Sendable (Activity) -> Bool) async throws
    -> Activity
  {
    try await SQLServerWait(
      time: `operator`.observer.time, timeout: timeout, look: { try await activity(of: job) },
      words: { $0.isRunning ? "it runs since \($0.started ?? "?")" : "it doesn't run" }
    ).until(
      "job '\(job)' at \(copy.subject) has ended",
      advice: "see at that server whether SQL Server Agent runs, and what the job waits for", isSo)
  }

  /// Of the Agent's present session; a job that it hasn't started has no row there, or one without times.
  private func activity(of job: String) async throws -> Activity {
    try await `operator`.observer.read(copy) { reader in
      let rows = try reader.query(
        """
        SELECT TOP 1 a.start_execution_date AS started, a.stop_execution_date AS stopped, \
        CAST(s.last_run_outcome AS int) AS outcome, s.last_outcome_message AS message \
        FROM msdb.dbo.sysjobs j JOIN msdb.dbo.sysjobactivity a ON a.job_id = j.job_id \
        LEFT JOIN msdb.dbo.sysjobservers s ON s.job_id = j.job_id \
        WHERE j.name = \(job) ORDER BY a.session_id DESC
        """)
      let row = rows.first
      let started = row?["started"]?.string
      return Activity(
        started: started, isRunning: started != nil && row?["stopped"]?.string == nil,
        outcome: row?["outcome"]?.integer, message: row?["message"]?.string)
    }
  }
}
