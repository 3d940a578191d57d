extension Journal {
  /// Opens the journal in `directory` for appending, in a SQLite file; creates both, for their
  /// owner alone, when they are missing. Every text of an entry's body passes `redact` on its way in.
  public static func open(
    directory: String, redacting redact: @escaping @Sendable (String) -> String = { $0 }
  ) throws -> Journal {
    Journal(store: try SQLiteJournalStore.open(directory: directory), redacting: redact)
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
    EntrySequence(
      store: store, start: index,
      nextPage: { try await $0.page(from: $1, matching: filter) }, following: { $0 + 1 })
  }

  /// The entries that match `filter`, the last one first, in bounded memory; at most `pageSize` are read ahead of what is
  /// asked for. Checked as those of `entries(from:matching:)`.
  public func entriesFromTheEnd(
    matching filter: EntryFilter = .all, pageSize: Int = 32
  ) -> EntrySequence {
    EntrySequence(
      store: store, start: .max,
      nextPage: { try await $0.page(before: $1, matching: filter, limit: pageSize) },
      following: { $0 })
  }

  /// The names of the runs that end in `suffix`.
  public func runs(endingIn suffix: String) async throws -> [String] {
    try await store.runs(endingIn: suffix)
  }

  /// The entries of one run, in order.
  public func entries(run: String) -> EntrySequence {
    entries(matching: EntryFilter(run: run))
  }
}

/// Entries one after the other; see `Journal.entries(from:matching:)` and `Journal.entriesFromTheEnd(matching:)`.
public struct EntrySequence: AsyncSequence, Sendable {
  public typealias Element = Entry

  let store: any JournalStore
  let start: Int
  /// The next entries, counted from a place.
  let nextPage: @Sendable (any JournalStore, Int) async throws -> [StoredEntry]
  /// The place from which those after an entry are counted.
  let following: @Sendable (Int) -> Int

  public func makeAsyncIterator() -> Iterator { Iterator(sequence: self, place: start) }

  public struct Iterator: AsyncIteratorProtocol {
    let sequence: EntrySequence
    var place: Int
    var page: ArraySlice<StoredEntry> = []

    public mutating func next() async throws -> Entry? {
      try Task.checkCancellation()
      if page.isEmpty { page = try await sequence.nextPage(sequence.store, place)[...] }
      guard let stored = page.popFirst() else { return nil }
      place = sequence.following(stored.index)
      return try stored.entry(path: sequence.store.path)
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
    try checkHash()
    let entry = try readEntry()
    try check(EntryHeading(entry))
    return entry
  }

  /// Checks as `checkedEntry` does, without making the entry.
  func check() throws(Defect) {
    try checkHash()
    if let heading = EntryHeading(scanning: bytes) {
      try check(heading)
    } else {
      try check(EntryHeading(try readEntry()))
    }
  }

  private func checkHash() throws(Defect) {
    guard Merkle.leafHash(bytes) == leafHash else { throw .changed }
  }

  private func readEntry() throws(Defect) -> Entry {
    do {
      return try Entry(canonical: bytes)
    } catch {
      throw .notAnEntry(error.message)
    }
  }

  private func check(_ heading: EntryHeading) throws(Defect) {
    guard heading.index == index else { throw .elsewhere(heading.index) }
    guard heading.kind == kind, heading.run == run else { throw .columns }
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
