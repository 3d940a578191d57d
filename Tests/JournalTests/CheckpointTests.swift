import Foundation
import Testing

@testable import Journal

/// Checkpoints of a real journal, kept beside it and by a witness: what is done to the journal afterwards is found.
struct CheckpointTests {
  static let count = 7
  static let origin = "lab/lifeboat/0001"
  let directory = try! TemporaryDirectory()
  let journal: Journal
  let key: SigningKey

  var folder: CheckpointFolder { .own(home: directory.path) }
  var keys: SigningKeys { SigningKeys(home: directory.path) }
  static let author = SigningKeys.Author(
    person: PersonRecord(user: "olga", host: "ops"), version: "1",
    at: Timestamp(microsecondsSince1970: 1_795_000_000_000_000))

  init() async throws {
    journal = try Journal.open(directory: directory.path)
    key = try await SigningKeys(home: directory.path)
      .currentOrNew(named: Self.origin, journal, by: Self.author)
  }

  private func grow(by count: Int) async throws {
    for number in 0..<count { try await journal.append(.sample(number), under: nil) }
  }

  private func own() throws -> CheckpointSource {
    let kept = try folder.checkpoints(of: Self.origin)
    return CheckpointSource(
      name: "own", checkpoints: kept.checkpoints, unreadable: kept.unreadable, isWitness: false)
  }

  /// A journal that was written anew by somebody who has its key.
  private func rewritten(of count: Int, from index: Int) async throws -> Journal {
    let other = try Journal.open(directory: directory.path("other-\(UUID().uuidString)"))
    for entry in try await journal.entries().collect().prefix(count) {
      let body: JSON = entry.index < index ? entry.body : ["forged": .integer(Int64(entry.index))]
      try await other.append(
        EntryDraft(
          at: entry.at, kind: entry.kind, run: entry.run, step: entry.step, body: body,
          needsLease: false), under: nil)
    }
    return other
  }

  @Test func eachGrowthIsSigned() async throws {
    for _ in 0..<3 {
      try await grow(by: 2)
      try await journal.checkpoint(with: key, in: folder)
      try await journal.checkpoint(with: key, in: folder)
    }
    let found = try await journal.verify(against: [own()])
    #expect(found.isSound)
    #expect(found.sources.first?.agreeing == 3)
    #expect(try await found.sources.first?.vouched == journal.head())
    #expect(found.acceptedKeys == [key.verifier])
  }

  /// With the key, without the witness: each cut and each rewriting is found by the witness's copies alone.
  @Test func whatTheWitnessSawCannotBeRewritten() async throws {
    var seen: [SignedCheckpoint] = []
    for _ in 0..<Self.count {
      try await grow(by: 1)
      seen.append(try #require(try await journal.checkpoint(with: key, in: folder)))
    }
    let size = try await journal.head().size
    let witness = CheckpointSource(name: "far", checkpoints: seen, isWitness: true)
    for index in 2..<size {
      let forged = try await rewritten(of: size, from: index)
      let found = try await forged.verify(against: [witness], pinned: [key.verifier])
      #expect(found.entries.isSound, "it agrees with itself")
      #expect(!found.isSound)
      #expect(found.firstUntrusted == index, "rewritten from \(index)")
      #expect(found.sources[0].findings.first?.kind == .rewritten)
    }
    for count in 1..<size {
      let cut = try await rewritten(of: count, from: size)
      let found = try await cut.verify(against: [witness], pinned: [key.verifier])
      #expect(found.entries.isSound, "it agrees with itself")
      #expect(found.firstUntrusted == count, "cut to \(count)")
      #expect(found.sources[0].findings.map(\.kind).allSatisfy { $0 == .cut })
    }
  }

  @Test func aRestoredJournalIsNotSignedFor() async throws {
    try await grow(by: 3)
    try await journal.checkpoint(with: key, in: folder)
    let older = try await rewritten(of: 2, from: 9)
    #expect(
      await journalCode { try await older.checkpoint(with: key, in: folder) } == .rewritten)
    let other = try await rewritten(of: 4, from: 2)
    #expect(
      await journalCode { try await other.checkpoint(with: key, in: folder) } == .rewritten)
    #expect(try own().checkpoints.count == 1)
  }

  @Test func whatNobodyKnownSignedDoesNotCount() async throws {
    try await grow(by: 3)
    let head = try await journal.head()
    let stranger = try #require(SigningKey(newFor: Self.origin))
    let checkpoint = Checkpoint(origin: Self.origin, head: head)
    let strange = SignedCheckpoint(signing: checkpoint, with: stranger)
    let genuine = SignedCheckpoint(signing: checkpoint, with: key)
    let altered = genuine.text.replacingOccurrences(of: "\n4\n", with: "\n3\n")
    let forged = try #require(SignedCheckpoint(altered))
    for (copy, kind) in [(strange, CheckpointReview.Kind.unsigned), (forged, .forged)] {
      let found = try await journal.verify(
        against: [CheckpointSource(name: "far", checkpoints: [copy], isWitness: true)])
      #expect(found.sources[0].findings.map(\.kind) == [kind])
      #expect(!found.isSound)
    }
  }

  @Test func aWitnessWithoutACopyIsNoWitness() async throws {
    try await grow(by: 1)
    let found = try await journal.verify(
      against: [CheckpointSource(name: "far", checkpoints: [], isWitness: true)])
    #expect(found.sources[0].findings.map(\.kind) == [.none])
  }

  @Test func aDamagedFileIsNoCheckpoint() async throws {
    try await grow(by: 1)
    try await journal.checkpoint(with: key, in: folder)
    let folder = try #require(
      FileManager.default.subpaths(atPath: directory.path("checkpoints"))?
        .first { $0.hasSuffix(".checkpoint") })
    try Data("nothing".utf8).write(to: URL(filePath: directory.path("checkpoints/\(folder)")))
    let found = try await journal.verify(against: [own()])
    #expect(found.sources[0].findings.map(\.kind) == [.unreadable])
  }

  @Test func aKeyIsRotatedByItself() async throws {
    try await grow(by: 1)
    try await journal.checkpoint(with: key, in: folder)
    let next = try #require(try await keys.rotate(journal, by: Self.author))
    #expect(next.verifier != key.verifier)
    #expect(try keys.current()?.verifier == next.verifier)
    try await grow(by: 1)
    try await journal.checkpoint(with: next, in: folder)
    for pin in [key.verifier, next.verifier] {
      let found = try await journal.verify(against: [own()], pinned: [pin])
      #expect(found.isSound, "\(pin) vouches for both")
      #expect(found.sources[0].agreeing == 2)
    }
    let stranger = try #require(SigningKey(newFor: Self.origin))
    let found = try await journal.verify(against: [own()], pinned: [stranger.verifier])
    #expect(found.unknownPins == [stranger.verifier])
    #expect(found.firstUntrusted == 0)
  }

  /// Who has the journal, and not the key, can't bring in a key of their own.
  @Test func aRotationWithoutTheOldKeyIsFound() async throws {
    let thief = try #require(SigningKey(newFor: Self.origin))
    let note = SignedNote(
      signing: KeyHistory.text(from: key.verifier, to: thief.verifier), with: [thief])
    let record = KeyRotated(
      key: thief.verifier.description, previous: key.verifier.description,
      note: note.description, person: PersonRecord(user: "thief", host: "ops"), version: "1")
    try await journal.append(
      EntryDraft(
        at: Timestamp(microsecondsSince1970: 1), kind: KeyRotated.kind,
        body: try JSON(encoding: record), needsLease: false), under: nil)
    let copy = SignedCheckpoint(
      signing: Checkpoint(origin: Self.origin, head: try await journal.head()), with: thief)
    let found = try await journal.verify(
      against: [CheckpointSource(name: "own", checkpoints: [copy], isWitness: false)],
      pinned: [key.verifier])
    #expect(found.keys.problems.map(\.entry) == [1])
    #expect(found.sources[0].findings.map(\.kind) == [.unsigned])
    #expect(found.firstUntrusted == 1)
  }

  /// Killed between writing the key and the journal, or between the journal and putting it in force.
  @Test func aRotationThatWasInterruptedIsFinishedOrForgotten() async throws {
    let file = directory.path("keys/signing-key")
    let stray = try #require(SigningKey(newFor: Self.origin))
    try write(stray, to: file + ".next")
    let same = try await keys.currentOrNew(named: Self.origin, journal, by: Self.author)
    #expect(same.verifier == key.verifier)
    #expect(!FileManager.default.fileExists(atPath: file + ".next"))

    let next = try #require(try await keys.rotate(journal, by: Self.author))
    try FileManager.default.moveItem(atPath: file, toPath: file + ".next")
    try write(key, to: file)
    let settled = try await keys.currentOrNew(named: Self.origin, journal, by: Self.author)
    #expect(settled.verifier == next.verifier)
  }

  private func write(_ key: SigningKey, to path: String) throws {
    #expect(
      FileManager.default.createFile(
        atPath: path, contents: Data((key.secretText + "\n").utf8),
        attributes: [.posixPermissions: 0o600]))
  }

  @Test func aKeyThatOthersReadIsRefused() async throws {
    let file = directory.path("keys/signing-key")
    #expect(chmod(file, 0o640) == 0)
    #expect(await journalCode { _ = try keys.current() } == .keyUnusable)
    #expect(chmod(file, 0o600) == 0)
    #expect(try keys.current()?.verifier == key.verifier)
  }

  @Test func twoAtOnceMakeOneKey() async throws {
    let home = directory.path("both")
    let journal = try Journal.open(directory: home)
    let made = try await withThrowingTaskGroup(of: VerifierKey.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await SigningKeys(home: home)
            .currentOrNew(named: Self.origin, journal, by: Self.author).verifier
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(made.count == 1)
    #expect(try await journal.keyHistory().links.count == 1)
  }

  @Test func aShareThatIsNotThereIsNotMade() async throws {
    try await grow(by: 1)
    let checkpoint = try #require(try await journal.checkpoint(with: key, in: folder))
    let missing = CheckpointFolder(witness: directory.path("not-mounted"))
    #expect(await journalCode { try missing.keep(checkpoint) } == .storageFailed)
  }

  @Test(arguments: [".", "..", "../../etc", "a/b", "é", ".hidden"])
  func anOriginIsNoPath(_ origin: String) throws {
    let key = try #require(SigningKey(newFor: origin))
    let head = TreeHead(size: 1, root: Digest(of: [1]))
    let checkpoint = SignedCheckpoint(signing: Checkpoint(origin: origin, head: head), with: key)
    try folder.keep(checkpoint)
    #expect(try folder.checkpoints(of: origin).checkpoints == [checkpoint])
    let made = try FileManager.default.contentsOfDirectory(atPath: directory.path("checkpoints"))
    #expect(made.count == 1 && !made[0].hasPrefix("."))
  }
}
