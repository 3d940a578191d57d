import Foundation
public import Journal
import Synchronization

/// A journal's bytes in memory, under the rules that every store keeps. For tests whose subject isn't the disk.
public final class MemoryJournalStore: JournalStore {
  private struct Content {
    var state = StoreState(
      tree: MerkleFrontier(), root: MerkleFrontier().root, lastEpoch: 0, leases: [])
    var entries: [StoredEntry] = []

    mutating func take(_ change: StoreChange) {
      let replaced = Set(change.leases.map(\.scope))
      entries += change.entries
      state = StoreState(
        tree: change.tree, root: change.tree.root, lastEpoch: change.lastEpoch,
        leases: state.leases.filter { !replaced.contains($0.scope) } + change.leases)
    }
  }

  public let path = "memory"
  private let content = Mutex(Content())

  public init() {}

  public func state() async throws -> StoreState { content.withLock(\.state) }

  public func commit<Result: Sendable>(
    _ decide: @escaping @Sendable (StoreState) throws -> (StoreChange, Result)
  ) async throws -> Result {
    let before = content.withLock(\.state)
    // Decided outside the lock, so that `decide` may look at the store; tried again when it has moved meanwhile.
    let (change, result) = try decide(before)
    let isCommitted = content.withLock { content in
      guard content.state == before else { return false }
      content.take(change)
      return true
    }
    return isCommitted ? result : try await commit(decide)
  }

  public func page(from index: Int, matching filter: EntryFilter) async throws -> [StoredEntry] {
    content.withLock { content in
      content.entries.dropFirst(index).filter { filter.matches($0) }
    }
  }

  public func page(
    before index: Int, matching filter: EntryFilter, limit: Int
  ) async throws -> [StoredEntry] {
    content.withLock { content in
      content.entries.filter { $0.index < index && filter.matches($0) }.reversed().prefix(limit)
        .map(\.self)
    }
  }

  public func runs(endingIn suffix: String) async throws -> [String] {
    content.withLock { content in
      Set(content.entries.compactMap(\.run)).filter { $0.hasSuffix(suffix) }.sorted()
    }
  }

  public func damage() async throws -> String? { nil }
  public func close() throws {}
}

extension EntryFilter {
  fileprivate func matches(_ entry: StoredEntry) -> Bool {
    (run == nil || entry.run == run) && (kinds?.contains(entry.kind) ?? true)
      && matches(contentOf: entry)
  }

  private func matches(contentOf entry: StoredEntry) -> Bool {
    guard since != nil || until != nil || !containing.isEmpty else { return true }
    let text = String(decoding: entry.bytes, as: UTF8.self).lowercased()
    guard let at = Timestamp(String(text.dropFirst(7).prefix(27)).uppercased()) else {
      return false
    }
    return since.map { at >= $0 } ?? true && until.map { at < $0 } ?? true
      && containing.allSatisfy { text.contains($0.lowercased()) }
  }
}
