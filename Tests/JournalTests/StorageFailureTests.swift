import Foundation
import GRDB
import TestSupport
import Testing

@testable import Journal

/// Files that aren't what they should be, and neighbours that don't let go.
struct DamagedFileTests {
  let directory: TemporaryDirectory
  let file: String

  init() throws {
    directory = try TemporaryDirectory()
    file = JournalDirectory(directory.path).path
  }

  private func write(_ count: Int) async throws {
    let journal = try Journal.open(directory: directory.path)
    for number in 0..<count { try await journal.append(.sample(number), under: nil) }
    try journal.close()
  }

  private func expectBothToFail(_ code: JournalError.Code) async {
    let path = directory.path
    #expect(await journalCode { try Journal.open(directory: path).close() } == code)
    #expect(await journalCode { try Journal.openForReading(directory: path).close() } == code)
  }

  @Test func aMissingJournalIsNotCreatedByReading() async throws {
    let absent = directory.path("absent/state")
    #expect(await journalCode { _ = try Journal.openForReading(directory: absent) } == .notFound)
    #expect(
      await journalCode { _ = try Journal.openForReading(directory: directory.path) } == .notFound)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
  }

  @Test func garbageIsDamage() async throws {
    let garbage = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
    try garbage.write(to: URL(fileURLWithPath: file))
    await expectBothToFail(.damaged)
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == garbage)
  }

  /// An empty file is what is left of a journal, not a journal that is yet to be.
  @Test func anEmptyFileIsDamage() async throws {
    try Data().write(to: URL(fileURLWithPath: file))
    await expectBothToFail(.damaged)
  }

  @Test func aDirectoryInItsPlaceIsAnError() async throws {
    try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
    let code = await journalCode { _ = try Journal.openForReading(directory: directory.path) }
    #expect(code != nil && code != .notFound)
  }

  @Test func anotherDatabaseIsDamage() async throws {
    let other = try DatabaseQueue(path: file)
    try await other.write { try $0.execute(sql: "CREATE TABLE entries (idx INTEGER)") }
    try other.close()
    await expectBothToFail(.damaged)
  }

  @Test(arguments: [
    "CREATE TRIGGER forge AFTER INSERT ON entries BEGIN DELETE FROM entries WHERE idx = 0; END",
    "CREATE VIEW shadow AS SELECT * FROM entries", "DROP INDEX entries_by_run",
    "ALTER TABLE entries ADD COLUMN extra TEXT", "DROP TABLE leases",
  ])
  func aChangedSchemaIsDamage(sql: String) async throws {
    try await write(1)
    try RawDatabase(directory: directory.path).execute(sql)
    await expectBothToFail(.damaged)
  }

  @Test func statisticsAreNoDamage() async throws {
    try await write(3)
    try RawDatabase(directory: directory.path).execute("ANALYZE")
    let journal = try Journal.openForReading(directory: directory.path)
    #expect(try await journal.verify().isSound)
    try journal.close()
  }

  @Test func aNewerJournalIsLeftAlone() async throws {
    try await write(1)
    try RawDatabase(directory: directory.path).execute("PRAGMA user_version = 2")
    await expectBothToFail(.newerVersion)
  }

  /// Whatever byte of the file is changed: never a crash, never a changed entry passed off as sound.
  @Test func aChangedFileIsNeverTakenForSound() async throws {
    try await write(20)
    let url = URL(fileURLWithPath: file)
    let original = try Data(contentsOf: url)
    let journal = try Journal.openForReading(directory: directory.path)
    let entries = try await journal.entries(run: "r-1").collect()
    #expect(entries.count == 20)
    try journal.close()

    let seed = UInt64.random(in: .min ... .max)
    print("seed of aChangedFileIsNeverTakenForSound: \(seed)")
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<150 {
      let offset = Int.random(in: original.indices, using: &generator)
      var changed = original
      changed[offset] ^= UInt8.random(in: 1...255, using: &generator)
      try changed.write(to: url)
      if let read = try await readIfSound() { #expect(read == entries, "byte \(offset)") }
    }
  }

  /// A search that leaves entries out lies as much as a changed entry.
  @Test func aChangedIndexIsDamage() async throws {
    let journal = try Journal.open(directory: directory.path)
    try await journal.append(.sample(0, run: "hidden"), under: nil)
    try journal.close()
    var content = try Data(contentsOf: URL(fileURLWithPath: file))
    // In the entry's bytes the name stands in quotes, in its row behind the kind; else it's the index.
    let name = Data("hidden".utf8)
    let place = try #require(
      content.indices.dropLast(name.count).first { offset in
        content[offset..<offset + name.count] == name
          && content[offset - 1] != UInt8(ascii: "\"") && content[offset - 1] != UInt8(ascii: "0")
      })
    content[place] = UInt8(ascii: "X")
    try content.write(to: URL(fileURLWithPath: file))

    let changed = try Journal.openForReading(directory: directory.path)
    #expect(try await changed.entries(run: "hidden").collect() == [])
    let finding = try await changed.verify().finding
    #expect(finding?.kind == .store)
    #expect(finding?.index == 1)
    try changed.close()
  }

  @Test func aFileCutShortIsNeverTakenForSound() async throws {
    try await write(40)
    let url = URL(fileURLWithPath: file)
    let original = try Data(contentsOf: url)
    for size in stride(from: 0, to: original.count, by: 1_500) {
      try original.prefix(size).write(to: url)
      #expect(try await readIfSound() == nil, "\(size) bytes")
    }
  }

  /// nil when the journal is refused or found to be damaged.
  private func readIfSound() async throws -> [Entry]? {
    // SQLite would replay what an earlier look left behind.
    for suffix in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: file + suffix) {
      try FileManager.default.removeItem(atPath: file + suffix)
    }
    do {
      let journal = try Journal.openForReading(directory: directory.path)
      let isSound = try await journal.verify().isSound
      let entries = isSound ? try await journal.entries(run: "r-1").collect() : nil
      try journal.close()
      return entries
    } catch let error as JournalError {
      let foreseen: Set<JournalError.Code> = [.damaged, .newerVersion, .readOnly, .storageFailed]
      #expect(foreseen.contains(error.code), "\(error)")
      return nil
    }
  }

  @Test func aWriterThatDoesNotLetGoIsReported() async throws {
    try await write(1)
    let store = try SQLiteJournalStore.open(directory: directory.path, patience: 0.05)
    let journal = Journal(store: store)
    let raw = try RawDatabase(directory: directory.path)
    try await raw.queue.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
    #expect(await journalCode { try await journal.append(.sample(1), under: nil) } == .busy)
    #expect(try await journal.entries().collect().count == 1)
    try await raw.queue.writeWithoutTransaction { try $0.rollback() }
    try await journal.append(.sample(1), under: nil)
    #expect(try await journal.verify().trusted == 2)
    try journal.close()
  }

  @Test func aReaderCannotAppend() async throws {
    try await write(1)
    let journal = try Journal.openForReading(directory: directory.path)
    #expect(await journalCode { try await journal.append(.sample(1), under: nil) } == .readOnly)
    #expect(try await journal.head().size == 1)
    try journal.close()
  }

  /// Reading follows a writer, also into its write-ahead log.
  @Test func aReaderSeesWhatIsAppendedMeanwhile() async throws {
    let writer = try Journal.open(directory: directory.path)
    let reader = try Journal.openForReading(directory: directory.path)
    for number in 0..<3 {
      try await writer.append(.sample(number), under: nil)
      #expect(try await reader.head() == writer.head())
      #expect(try await reader.verify().trusted == number + 1)
    }
    try reader.close()
    try writer.close()
  }

  @Test func aClosedJournalAnswersWithAnError() async throws {
    let journal = try Journal.open(directory: directory.path)
    try journal.close()
    #expect(
      await journalCode { try await journal.append(.sample(0), under: nil) } == .storageFailed)
  }
}
