import Foundation
import Testing

@testable import Journal

/// Journals of real runs (Fixtures/journals), tampered with exhaustively: whatever is done to them, the first entry that can't
/// be trusted is named. The rows are read from the file once, and handed to the verifier as a tamperer would leave them.
@Suite("Tampering with the journals of real runs")
struct RealJournalTamperTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/journals")

  /// A fixture's rows and state, from a copy: reading in WAL mode leaves files behind.
  private func rows(of name: String) async throws -> TamperedStore {
    let directory = try TemporaryDirectory()
    let file = Self.fixtures.appending(path: "\(name)/journal.sqlite")
    try FileManager.default.copyItem(atPath: file.path, toPath: directory.path("journal.sqlite"))
    let journal = try Journal.open(directory: directory.path)
    var entries: [StoredEntry] = []
    while case let page = try await journal.store.page(from: entries.count, matching: .all),
      !page.isEmpty
    {
      entries += page
    }
    let store = TamperedStore(entries: entries, kept: try await journal.store.state())
    try journal.close()
    return store
  }

  private func finding(_ store: TamperedStore) async throws -> Verification.Finding? {
    try await Journal(store: store).verify().finding
  }

  @Test(
    "untouched they are sound",
    arguments: ["done", "failed", "in-doubt-resumed", "waiting", "refused"])
  func sound(name: String) async throws {
    #expect(try await finding(rows(of: name)) == nil)
  }

  @Test("every byte flipped, in turn")
  func everyByte() async throws {
    let store = try await rows(of: "waiting")
    for (index, entry) in store.entries.enumerated() {
      for offset in entry.bytes.indices {
        var bytes = entry.bytes
        bytes[offset] ^= 0x01
        var tampered = store
        tampered.entries[index] = entry.with(bytes: bytes)
        // What comes after isn't looked at.
        tampered.entries.removeSubrange((index + 1)...)
        let found = try await finding(tampered)
        guard found?.kind == .changed, found?.index == index else {
          Issue.record("entry \(index), byte \(offset): \(String(describing: found))")
          return
        }
      }
    }
  }

  /// With the leaf's hash made to fit, so that only the tree tells.
  @Test("every byte of every hash and root flipped, in turn")
  func everyHash() async throws {
    let store = try await rows(of: "in-doubt-resumed")
    for (index, entry) in store.entries.enumerated() {
      for byte in 0..<Digest.byteCount {
        for changed in [
          entry.with(leafHash: entry.leafHash.flipped(byte)),
          entry.with(root: entry.root.flipped(byte)),
        ] {
          var tampered = store
          tampered.entries[index] = changed
          #expect(try await finding(tampered)?.index == index, "entry \(index), byte \(byte)")
        }
      }
    }
  }

  @Test("every entry removed, with the gap and without")
  func removed() async throws {
    let store = try await rows(of: "in-doubt-resumed")
    for index in store.entries.indices {
      var tampered = store
      tampered.entries.remove(at: index)
      #expect(try await finding(tampered)?.index == index, "\(index)")
      tampered.entries = tampered.entries.renumbered
      #expect(try await finding(tampered)?.index == index, "\(index), closed")
    }
  }

  @Test("every two entries swapped")
  func swapped() async throws {
    let store = try await rows(of: "in-doubt-resumed")
    for first in store.entries.indices {
      for second in store.entries.indices where second > first {
        var tampered = store
        tampered.entries.swapAt(first, second)
        tampered.entries = tampered.entries.renumbered
        #expect(try await finding(tampered)?.index == first, "\(first) and \(second)")
      }
    }
  }

  @Test("every entry repeated, at every place")
  func repeated() async throws {
    let store = try await rows(of: "done")
    for index in store.entries.indices {
      for place in 0...store.entries.count {
        var tampered = store
        tampered.entries.insert(store.entries[index], at: place)
        tampered.entries = tampered.entries.renumbered
        // The same entry twice in a row: the second is the one too many.
        let expected = place == index ? index + 1 : place
        #expect(try await finding(tampered)?.index == expected, "\(index) at \(place)")
      }
    }
  }

  @Test("every length of the tail cut off")
  func cut() async throws {
    let store = try await rows(of: "in-doubt-resumed")
    for count in 0..<store.entries.count {
      var tampered = store
      tampered.entries.removeSubrange(count...)
      #expect(try await finding(tampered)?.index == count, "cut to \(count)")
    }
  }

  /// What hides a cut from the journal itself: every hash made to fit. The witness's copy of the last checkpoint tells.
  @Test("every length of the tail cut off, and the record made to fit, with the key at hand")
  func cutToFit() async throws {
    let store = try await rows(of: "in-doubt-resumed")
    let key = try #require(SigningKey(newFor: "lab/lifeboat/0001"))
    let witness = CheckpointSource(
      name: "far",
      checkpoints: [
        SignedCheckpoint(
          signing: Checkpoint(
            origin: key.verifier.name, head: try await Journal(store: store).head()),
          with: key)
      ], isWitness: true)
    for count in 0..<store.entries.count {
      let tampered = store.cutToFit(count)
      let found = try await Journal(store: tampered).verify(
        against: [witness], pinned: [key.verifier])
      #expect(found.entries.isSound, "it agrees with itself")
      #expect(found.sources[0].findings.map(\.kind) == [.cut])
      #expect(found.sources[0].findings.first?.index == count)
    }
  }
}

/// The rows of a journal, as a tamperer left them.
private struct TamperedStore: JournalStore {
  var entries: [StoredEntry]
  var kept: StoreState
  var path: String { "a copy in memory" }

  func state() -> StoreState { kept }
  func damage() -> String? { nil }
  func close() {}

  func page(from index: Int, matching filter: EntryFilter) -> [StoredEntry] {
    entries.filter { entry in
      entry.index >= index && (filter.run == nil || filter.run == entry.run)
        && (filter.kinds?.contains(entry.kind) ?? true)
    }
  }

  func page(before index: Int, matching filter: EntryFilter, limit: Int) -> [StoredEntry] {
    let before = page(from: .min, matching: filter).filter { $0.index < index }
    return before.suffix(limit).reversed()
  }

  func runs(endingIn suffix: String) -> [String] {
    Set(entries.compactMap(\.run)).filter { $0.hasSuffix(suffix) }.sorted()
  }

  func commit<Result: Sendable>(
    _ decide: @escaping @Sendable (StoreState) throws -> (StoreChange, Result)
  ) throws -> Result { fatalError("nothing is written here") }

  func cutToFit(_ count: Int) -> TamperedStore {
    var tree = MerkleFrontier()
    for entry in entries.prefix(count) { tree.append(entry.leafHash) }
    return TamperedStore(
      entries: Array(entries.prefix(count)),
      kept: StoreState(
        tree: tree, root: tree.root, lastEpoch: kept.lastEpoch, leases: kept.leases))
  }
}

extension StoredEntry {
  fileprivate func with(
    index: Int? = nil, bytes: Data? = nil, leafHash: Digest? = nil, root: Digest? = nil
  ) -> StoredEntry {
    StoredEntry(
      index: index ?? self.index, bytes: bytes ?? self.bytes, leafHash: leafHash ?? self.leafHash,
      root: root ?? self.root, kind: kind, run: run)
  }
}

extension [StoredEntry] {
  /// The rows where they now stand.
  fileprivate var renumbered: [StoredEntry] {
    enumerated().map { index, entry in entry.with(index: index) }
  }
}

extension Digest {
  fileprivate func flipped(_ byte: Int) -> Digest {
    var bytes = bytes
    bytes[byte] ^= 0x01
    return Digest(bytes: bytes) ?? self
  }
}
