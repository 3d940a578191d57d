import Foundation
import GRDB
import Synchronization
import Testing

@testable import Journal

/// A journal of seven entries, tampered with through SQL: whatever is done, the first entry that
/// can't be trusted is named.
struct TamperTests {
  static let count = 7
  let directory: TemporaryDirectory
  let journal: Journal
  let raw: RawDatabase

  init() async throws {
    directory = try TemporaryDirectory()
    let writer = try Journal.open(directory: directory.path)
    for number in 0..<Self.count { try await writer.append(.sample(number), under: nil) }
    try writer.close()
    journal = try Journal.openForReading(directory: directory.path)
    raw = try RawDatabase(directory: directory.path)
  }

  private func expect(
    _ kind: Verification.Kind, at index: Int, _ location: SourceLocation = #_sourceLocation
  ) async throws {
    let verification = try await journal.verify()
    #expect(verification.finding?.kind == kind, sourceLocation: location)
    #expect(verification.finding?.index == index, sourceLocation: location)
    #expect(verification.trusted == index, sourceLocation: location)
    #expect(verification.consequence?.isEmpty == false, sourceLocation: location)
  }

  @Test func findsNothingInASoundJournal() async throws {
    let verification = try await journal.verify()
    #expect(verification.finding == nil)
    #expect(verification.consequence == nil)
    #expect(verification.trusted == Self.count)
    #expect(try await verification.head == journal.head())
  }

  @Test func findsEveryChangedByte() async throws {
    for index in 0..<Self.count {
      let original = try raw.bytes(ofEntry: index)
      for offset in original.indices {
        for flip in [UInt8(0x01), 0x80] {
          var changed = original
          changed[offset] ^= flip
          try set(bytes: changed, ofEntry: index)
          let finding = try await journal.verify().finding
          #expect(finding?.index == index, "entry \(index), byte \(offset)")
          #expect(finding?.kind == .changed, "entry \(index), byte \(offset)")
        }
      }
      try set(bytes: original, ofEntry: index)
    }
    #expect(try await journal.verify().isSound)
  }

  private func set(bytes: Data, ofEntry index: Int) throws {
    try raw.execute("UPDATE entries SET bytes = ? WHERE idx = ?", [bytes, index])
  }

  private func forged(_ index: Int, at place: Int? = nil) throws -> Data {
    let entry = Entry(
      index: place ?? index, at: Timestamp(microsecondsSince1970: 0), kind: "sample.0", run: "r-1",
      step: nil, epoch: 0, body: ["number": 99])
    return try entry.json.canonical
  }

  @Test(arguments: 0..<count)
  func findsAForgeryWithItsHash(index: Int) async throws {
    let bytes = try forged(index)
    try raw.execute(
      "UPDATE entries SET bytes = ?, leaf_hash = ?, kind = 'sample.0', run = 'r-1' WHERE idx = ?",
      [bytes, Merkle.leafHash(bytes).data, index])
    try await expect(.changed, at: index)
  }

  /// With its root recomputed too, the forged entry stands until the next root, or the tree's record.
  @Test func findsAForgeryWithItsRoot() async throws {
    var entries = try await journal.store.page(from: 0, matching: .all)
    for index in entries.indices.reversed() {
      let bytes = try forged(index)
      var tree = MerkleFrontier()
      for entry in entries.prefix(index) { tree.append(entry.leafHash) }
      tree.append(Merkle.leafHash(bytes))
      try raw.execute(
        """
        UPDATE entries SET bytes = ?, leaf_hash = ?, root = ?, kind = 'sample.0', run = 'r-1'
        WHERE idx = ?
        """,
        [bytes, Merkle.leafHash(bytes).data, tree.root.data, index])
      if index == entries.count - 1 {
        try await expect(.tree, at: 0)
      } else {
        try await expect(.changed, at: index + 1)
      }
      entries = try await journal.store.page(from: 0, matching: .all)
    }
  }

  @Test(arguments: 0..<count)
  func findsARemovedEntry(index: Int) async throws {
    try raw.execute("DELETE FROM entries WHERE idx = ?", [index])
    try await expect(.missing, at: index)
  }

  @Test(arguments: 0..<count - 1)
  func findsAnEntryRemovedWithoutAGap(index: Int) async throws {
    try raw.execute("DELETE FROM entries WHERE idx = ?", [index])
    try raw.execute("UPDATE entries SET idx = -idx WHERE idx > ?", [index])
    try raw.execute("UPDATE entries SET idx = -idx - 1 WHERE idx < 0")
    try await expect(.misplaced, at: index)
  }

  @Test(arguments: 0..<count)
  func findsACutTail(index: Int) async throws {
    try raw.execute("DELETE FROM entries WHERE idx >= ?", [index])
    try await expect(.missing, at: index)
  }

  @Test(arguments: 0..<count, 0..<count)
  func findsSwappedEntries(first: Int, second: Int) async throws {
    guard first < second else { return }
    try raw.execute("UPDATE entries SET idx = -99 WHERE idx = ?", [first])
    try raw.execute("UPDATE entries SET idx = ? WHERE idx = ?", [first, second])
    try raw.execute("UPDATE entries SET idx = ? WHERE idx = -99", [second])
    try await expect(.misplaced, at: first)
  }

  @Test(arguments: 0..<count)
  func findsARepeatedEntryAtTheEnd(index: Int) async throws {
    try raw.execute(
      """
      INSERT INTO entries SELECT ?, bytes, leaf_hash, root, kind, run FROM entries WHERE idx = ?
      """, [Self.count, index])
    try await expect(.added, at: Self.count)
  }

  @Test(arguments: 0..<count)
  func findsAnInsertedEntry(place: Int) async throws {
    try raw.execute("UPDATE entries SET idx = -idx - 2 WHERE idx >= ?", [place])
    try raw.execute("UPDATE entries SET idx = -idx - 1 WHERE idx < 0")
    let bytes = try forged(place)
    let hash = Merkle.leafHash(bytes).data
    try raw.execute(
      "INSERT INTO entries VALUES (?, ?, ?, ?, 'sample.0', 'r-1')", [place, bytes, hash, hash])
    // A tree of one leaf has the leaf's hash as its root: at place 0 the next entry gives it away.
    try await place == 0 ? expect(.misplaced, at: 1) : expect(.changed, at: place)
  }

  @Test(arguments: [-1, 9, Int.min])
  func findsAnEntryOutsideTheTree(place: Int) async throws {
    let bytes = try forged(0, at: max(0, place))
    let hash = Merkle.leafHash(bytes).data
    try raw.execute(
      "INSERT INTO entries VALUES (?, ?, ?, ?, 'sample.0', 'r-1')", [place, bytes, hash, hash])
    try await expect(.added, at: place < 0 ? 0 : Self.count)
  }

  /// An entry hidden from its run, or shown in another, is a lie to whoever reads the run.
  @Test(arguments: ["kind = 'other'", "run = 'r-2'", "run = NULL"])
  func findsAnEntryFiledElsewhere(assignment: String) async throws {
    try raw.execute("UPDATE entries SET \(assignment) WHERE idx = 4")
    try await expect(.misfiled, at: 4)
  }

  @Test func findsChangedHashes() async throws {
    try raw.execute("UPDATE entries SET root = randomblob(32) WHERE idx = 5")
    try await expect(.changed, at: 5)
    try raw.execute("UPDATE entries SET leaf_hash = randomblob(32) WHERE idx = 3")
    try await expect(.changed, at: 3)
    try raw.execute("UPDATE entries SET leaf_hash = x'00' WHERE idx = 2")
    try await expect(.store, at: 2)
  }

  @Test(arguments: [
    "{ }", "[]", "null", #"{"v":1}"#,
    #"{"at":"2026-11-23T03:15:02.000000Z","body":{},"epoch":0,"index":0,"kind":"k","run":null,"step":null,"v":2}"#,
    #"{"at":"2026-11-23T03:15:02.0Z","body":{},"epoch":0,"index":0,"kind":"k","run":null,"step":null,"v":1}"#,
    #"{"at":"2026-11-23T03:15:02.000000Z","body":{},"epoch":-1,"index":0,"kind":"k","run":null,"step":null,"v":1}"#,
    #"{"at":"2026-11-23T03:15:02.000000Z","body":{},"epoch":0,"index":0,"kind":"k","run":null,"step":null, "v":1}"#,
    #"{"at":"2026-11-23T03:15:02.000000Z","body":{},"epoch":0,"index":0,"kind":"k","run":null,"step":null,"v":1,"z":0}"#,
  ])
  func findsBytesThatAreNoEntry(text: String) async throws {
    // With all hashes right, so that only the form is wrong.
    try raw.execute("DELETE FROM entries WHERE idx > 0")
    let hash = Merkle.leafHash(Data(text.utf8)).data
    try raw.execute(
      "UPDATE entries SET bytes = ?, leaf_hash = ?, root = ?", [Data(text.utf8), hash, hash])
    try raw.execute("UPDATE tree SET size = 1, root = ?, frontier = ?", [hash, hash])
    try await expect(.changed, at: 0)
  }

  @Test(arguments: [
    "root = randomblob(32)", "frontier = randomblob(96)",
  ])
  func findsAChangedTree(assignment: String) async throws {
    try raw.execute("UPDATE tree SET \(assignment)")
    try await expect(.tree, at: 0)
  }

  @Test(arguments: [
    "UPDATE tree SET size = 6", "UPDATE tree SET size = -1", "UPDATE tree SET root = x''",
    "UPDATE tree SET frontier = x''", "DELETE FROM tree", "DROP TABLE tree", "DROP TABLE entries",
  ])
  func findsATreeThatCannotBeRead(sql: String) async throws {
    try raw.execute(sql)
    try await expect(.store, at: 0)
  }

  @Test func refusesToAppendToADamagedTree() async throws {
    try raw.execute("UPDATE tree SET root = randomblob(32)")
    let writer = try Journal.open(directory: directory.path)
    let code = await journalCode { try await writer.append(.sample(9), under: nil) }
    #expect(code == .damaged)
    #expect(try await writer.head().size == Self.count)
    try writer.close()
  }

  @Test func refusesToReadAChangedEntry() async throws {
    try set(bytes: try forged(4), ofEntry: 4)
    var read: [Int] = []
    let code = await journalCode {
      for try await entry in journal.entries() { read.append(entry.index) }
    }
    #expect(code == .damaged)
    #expect(read == [0, 1, 2, 3])
  }

  /// What no journal can show by itself: a root that was noted elsewhere does.
  @Test func aConsistentCutShowsOnlyAgainstANotedRoot() async throws {
    let noted = try await journal.head()
    var tree = MerkleFrontier()
    for entry in try await journal.store.page(from: 0, matching: .all).prefix(5) {
      tree.append(entry.leafHash)
    }
    try raw.execute("DELETE FROM entries WHERE idx >= 5")
    try raw.execute(
      "UPDATE tree SET size = 5, root = ?, frontier = ?",
      [tree.root.data, Data(tree.hashes.flatMap(\.bytes))])
    let verification = try await journal.verify()
    #expect(verification.isSound)
    #expect(verification.head != noted)
  }

  @Test func reportsProgress() async throws {
    let steps = Steps()
    _ = try await journal.verify { done, total in steps.add((done, total)) }
    #expect(steps.all.last?.0 == Self.count)
    #expect(steps.all.last?.1 == Self.count)
  }
}

/// What a callback was told. Locked, because it may be called from any thread.
private final class Steps: Sendable {
  private let steps = Mutex<[(Int, Int)]>([])
  func add(_ step: (Int, Int)) { steps.withLock { $0.append(step) } }
  var all: [(Int, Int)] { steps.withLock { $0 } }
}
