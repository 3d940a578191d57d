extension Journal {
  /// Opens the journal in `directory` for appending, in a SQLite file; creates both, for their
  /// owner alone, when they are missing.
  public static func open(directory: String) throws -> Journal {
    Journal(store: try SQLiteJournalStore.open(directory: directory))
  }

  /// Opens the journal in `directory` to look at; throws `notFound` when there is none. Appending
  /// to it throws `readOnly`.
  public static func openForReading(directory: String) throws -> Journal {
    Journal(store: try SQLiteJournalStore.openForReading(directory: directory))
  }

  /// The entries from place `index` on that match `filter`, in order, in bounded memory. Entries
  /// that are appended meanwhile are read too.
  ///
  /// Each is checked against its own leaf hash: one that was changed ends the sequence with
  /// `damaged`. Only `verify` checks what surrounds it.
  public func entries(from index: Int = 0, matching filter: EntryFilter = .all) -> EntrySequence {
    EntrySequence(store: store, start: index, filter: filter)
  }

  /// Size and root of the journal as they were once the entry at `index` was written. Throws `damaged` when there is none.
  public func head(after index: Int) async throws -> TreeHead {
    guard let stored = try await store.page(from: index, matching: .all).first,
      stored.index == index
    else {
      throw JournalError.damaged("entry \(index) is missing", path: store.path)
    }
    return TreeHead(size: index + 1, root: stored.root)
  }

  /// The entries of one run, in order.
  public func entries(run: String) -> EntrySequence {
    entries(matching: EntryFilter(run: run))
  }
}

/// Entries in the journal's order; see `Journal.entries(from:matching:)`.
public struct EntrySequence: AsyncSequence, Sendable {
  public typealias Element = Entry

  let store: any JournalStore
  let start: Int
  let filter: EntryFilter

  public func makeAsyncIterator() -> Iterator {
    Iterator(store: store, filter: filter, next: start)
  }

  public struct Iterator: AsyncIteratorProtocol {
    let store: any JournalStore
    let filter: EntryFilter
    var next: Int
    var page: ArraySlice<StoredEntry> = []

    init(store: any JournalStore, filter: EntryFilter, next: Int) {
      self.store = store
      self.filter = filter
      self.next = next
    }

    public mutating func next() async throws -> Entry? {
      try Task.checkCancellation()
      if page.isEmpty { page = try await store.page(from: next, matching: filter)[...] }
      guard let stored = page.popFirst() else { return nil }
      next = stored.index + 1
      return try stored.entry(path: store.path)
    }
  }

  /// All of them at once.
  public func collect() async throws -> [Entry] {
    try await reduce(into: []) { $0.append($1) }
  }
}

extension StoredEntry {
  /// What is wrong between the bytes and what is derived from them; nil when nothing is.
  enum Defect: Error, Equatable {
    case changed
    case notAnEntry(String)
    case elsewhere(Int)
    case columns
  }

  /// The entry that the bytes are, checked against the hash and the columns next to them.
  func checkedEntry() throws(Defect) -> Entry {
    guard Merkle.leafHash(bytes) == leafHash else { throw .changed }
    let entry: Entry
    do {
      entry = try Entry(canonical: bytes)
    } catch {
      throw .notAnEntry(error.message)
    }
    guard entry.index == index else { throw .elsewhere(entry.index) }
    guard entry.kind == kind, entry.run == run else { throw .columns }
    return entry
  }

  fileprivate func entry(path: String) throws -> Entry {
    do {
      return try checkedEntry()
    } catch {
      throw JournalError.damaged("entry \(index) \(error.text)", path: path)
    }
  }
}

extension StoredEntry.Defect {
  /// Continues "entry 7 …".
  var text: String {
    switch self {
    case .changed: "is not what was written: its bytes don't have their hash"
    case .notAnEntry(let reason): "is no entry in canonical form: \(reason)"
    case .elsewhere(let index): "stands in the wrong place: its bytes are those of entry \(index)"
    case .columns: "is filed under a kind or run that its bytes don't name"
    }
  }
}
