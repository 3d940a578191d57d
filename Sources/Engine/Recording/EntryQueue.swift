import Journal

/// Appends what steps that run side by side have to write in one go: each waits until its own entry is durable, and they
/// share the wait for the disk. Entries stand in the order in which they came.
actor EntryQueue {
  private enum Turn: Sendable {
    /// Nobody writes now: write what waits.
    case write
    case written(Result<Entry, any Error>)
  }

  private let journal: Journal
  private let lease: Lease?
  private let watch: @Sendable (Entry) -> Void
  private var isWriting = false
  private var waiting: [(draft: EntryDraft, turn: CheckedContinuation<Turn, Never>)] = []

  init(journal: Journal, lease: Lease?, watch: @escaping @Sendable (Entry) -> Void) {
    self.journal = journal
    self.lease = lease
    self.watch = watch
  }

  /// Durable when it returns.
  func append(_ draft: EntryDraft) async throws {
    if isWriting {
      let turn = await withCheckedContinuation { waiting.append((draft, $0)) }
      if case .written(let result) = turn {
        _ = try result.get()
        return
      }
    }
    isWriting = true
    let others = waiting
    waiting = []
    let results = await write([draft] + others.map(\.draft))
    for (other, result) in zip(others, results.dropFirst()) {
      other.turn.resume(returning: .written(result))
    }
    if waiting.isEmpty {
      isWriting = false
    } else {
      waiting.removeFirst().turn.resume(returning: .write)
    }
    _ = try results[0].get()
  }

  private func write(_ drafts: [EntryDraft]) async -> [Result<Entry, any Error>] {
    do {
      let entries = try await journal.append(drafts, under: lease)
      entries.forEach(watch)
      return entries.map { .success($0) }
    } catch let error as JournalError where error.code == .unwritableEntry && drafts.count > 1 {
      // One that can't be written must not keep the others out.
      var results: [Result<Entry, any Error>] = []
      for draft in drafts { results += await write([draft]) }
      return results
    } catch {
      return drafts.map { _ in .failure(error) }
    }
  }
}
