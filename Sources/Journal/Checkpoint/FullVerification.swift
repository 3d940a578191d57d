/// A journal held against itself, its checkpoints, and what witnesses kept.
public struct FullVerification: Sendable, Hashable {
  public let entries: Verification
  public let keys: KeyHistory
  /// The keys that signatures were checked with.
  public let acceptedKeys: [VerifierKey]
  /// Whether they were given from outside, and not taken from the journal itself.
  public let arePinned: Bool
  public let sources: [CheckpointReview]

  public var isSound: Bool {
    entries.isSound && keys.problems.isEmpty && unknownPins.isEmpty
      && sources.allSatisfy(\.findings.isEmpty)
  }

  /// Keys that were given, and that the journal doesn't name: it is another journal, or was made anew.
  public var unknownPins: [VerifierKey] {
    // Of a journal that isn't sound its keys may not be known.
    guard arePinned, entries.isSound else { return [] }
    let named = Set(keys.links.map(\.key))
    return acceptedKeys.filter { !named.contains($0) }
  }

  /// The first entry that can't be trusted, by all that was found; nil when all can.
  public var firstUntrusted: Int? {
    let places =
      [entries.finding?.index] + keys.problems.map { $0.entry }
      + sources.flatMap(\.findings).map(\.index) + [unknownPins.isEmpty ? nil : 0]
    return places.compactMap { $0 }.min()
  }

  /// How many entries somebody's signature stands for.
  public var vouchedSize: Int { sources.compactMap(\.vouched?.size).max() ?? 0 }
}

extension Journal {
  /// Verifies everything. `pinned`: verifier keys that the auditor has from elsewhere.
  ///
  /// Throws `JournalError` only for what is no damage, as `busy`.
  public func verify(
    against sources: [CheckpointSource], pinned: [VerifierKey] = [],
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> FullVerification {
    let entries = try await verify(progress: progress)
    let keys = try await keyHistory(ofTrusted: entries.trusted)
    let accepted = keys.accepted(pinned: pinned)
    var reviews: [CheckpointReview] = []
    for source in sources {
      reviews.append(
        try await review(source, acceptedKeys: accepted, trusted: entries.trusted))
    }
    return FullVerification(
      entries: entries, keys: keys, acceptedKeys: accepted, arePinned: !pinned.isEmpty,
      sources: reviews)
  }

  /// As far as it can be relied on.
  private func keyHistory(ofTrusted trusted: Int) async throws -> KeyHistory {
    var history = KeyHistory()
    do {
      for try await entry in entries(matching: EntryFilter(kinds: KeyHistory.kinds)) {
        guard entry.index < trusted else { break }
        history.take(entry)
      }
    } catch let error as JournalError where error.code == .damaged {
      // Said by the verification of the entries.
    }
    return history
  }
}
