public import Journal
import Synchronization

/// A store in front of another one: it loses its power, or fails, when it is told to.
public final class FaultyJournalStore: JournalStore {
  private struct State {
    var hasPower = true
    var appends = 0
    var failingAppend: Int?
    var latest: [String: Entry] = [:]
    /// What was stored since somebody asked for the latest entries.
    var unread: [StoredEntry] = []

    mutating func read() {
      for stored in unread {
        do {
          let entry = try Entry(canonical: stored.bytes)
          if let step = entry.step { latest[step] = entry }
        } catch {
          preconditionFailure("what the journal wrote is no entry: \(error)")
        }
      }
      unread = []
    }
  }

  private let base: any JournalStore
  private let state = Mutex(State())

  public init(_ base: any JournalStore = MemoryJournalStore()) { self.base = base }

  public var path: String { base.path }

  /// From now on nothing of this runner reaches the disk, as if it had been killed.
  public func cutPower() { state.withLock { $0.hasPower = false } }
  public func restorePower() { state.withLock { $0.hasPower = true } }

  /// The n-th append from now, from 1, fails, and nothing of it is written.
  public func failAppend(_ number: Int) {
    state.withLock { $0.failingAppend = $0.appends + number }
  }

  /// How many commits have brought entries; leases don't count.
  public var appends: Int { state.withLock(\.appends) }

  /// The last entry of a step, whatever run it is of.
  public func latestEntry(ofStep step: String) -> Entry? {
    state.withLock { state in
      state.read()
      return state.latest[step]
    }
  }

  public func state() async throws -> StoreState {
    try await ManualClock.outside { try await base.state() }
  }

  public func commit<Result: Sendable>(
    _ decide: @escaping @Sendable (StoreState) throws -> (StoreChange, Result)
  ) async throws -> Result {
    try await ManualClock.outside {
      let (change, result) = try await base.commit { [self] state in
        let (change, result) = try decide(state)
        try allow(change)
        return (change, (change, result))
      }
      state.withLock { $0.unread += change.entries }
      return result
    }
  }

  private func allow(_ change: StoreChange) throws {
    try state.withLock { state in
      guard state.hasPower else { throw failure("the machine has no power") }
      guard !change.entries.isEmpty else { return }
      if state.failingAppend == state.appends + 1 {
        state.failingAppend = nil
        throw failure("the disk said no")
      }
      state.appends += 1
    }
  }

  private func failure(_ message: String) -> JournalError {
    JournalError(code: .storageFailed, message: message, advice: "This is a test.", path: path)
  }

  public func page(from index: Int, matching filter: EntryFilter) async throws -> [StoredEntry] {
    try await ManualClock.outside { try await base.page(from: index, matching: filter) }
  }

  public func page(
    before index: Int, matching filter: EntryFilter, limit: Int
  ) async throws -> [StoredEntry] {
    try await ManualClock.outside {
      try await base.page(before: index, matching: filter, limit: limit)
    }
  }

  public func runs(endingIn suffix: String) async throws -> [String] {
    try await ManualClock.outside { try await base.runs(endingIn: suffix) }
  }

  public func damage() async throws -> String? {
    try await ManualClock.outside { try await base.damage() }
  }

  public func close() throws { try base.close() }
}
