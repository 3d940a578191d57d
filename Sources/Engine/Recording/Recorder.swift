import Foundation
import Journal
import Runbook

/// Writes a run's entries under its lease, and hands each to whoever watches: what people see live is what the journal
/// holds.
struct Recorder: Sendable {
  let run: String
  /// What answers to gates are bound to.
  let planDigest: String
  /// Nil for a rehearsal, which needs none: it changes nothing.
  let lease: Lease?
  let time: any TimeSource
  private let journal: Journal
  private let queue: EntryQueue

  init(
    journal: Journal, run: String, planDigest: String, lease: Lease?, time: any TimeSource,
    watch: @escaping @Sendable (Entry) -> Void
  ) {
    self.run = run
    self.planDigest = planDigest
    self.lease = lease
    self.time = time
    self.journal = journal
    queue = EntryQueue(journal: journal, lease: lease, watch: watch)
  }

  /// The dead runners from whom the lease was taken over.
  var takenOverFrom: [String] { lease?.replaced.map(\.description) ?? [] }

  /// A text as the journal will hold it.
  func kept(_ text: String) -> String { journal.redacted(text) }

  /// A record as the journal will hold it.
  func kept<R: Record>(_ record: R) throws -> R {
    try journal.redacted(JSON(encoding: record)).decode(R.self)
  }

  /// Durable when it returns. Throws `JournalError`, of code `leaseLost` when another runner has taken over.
  ///
  /// - Parameter other: the run that it belongs to, when it isn't the recorder's own.
  func record<R: Record>(
    _ record: R, step: String? = nil, ofRun other: String? = nil
  ) async throws {
    try await queue.append(
      EntryDraft(
        at: Timestamp(time.now()), kind: R.kind, run: other ?? run, step: step,
        body: try JSON(encoding: record), needsLease: lease != nil))
  }
}

extension Timestamp {
  /// The same instant, as far as a floating-point number of seconds can say it.
  var date: Date { Date(timeIntervalSince1970: Double(microsecondsSince1970) / 1_000_000) }
}
