import Foundation
import GRDB
import Testing

@testable import Journal

/// Full and read-only file systems: real ones where this process may mount them.
struct DiskTests {
  /// Appends until the disk is full; answers how many entries were written.
  private func fill(_ journal: Journal) async throws -> Int {
    var draft = EntryDraft.sample(0)
    draft.body = .string(String(repeating: "x", count: 20_000))
    for count in 0..<10_000 {
      do {
        try await journal.append(draft, under: nil)
      } catch let error as JournalError where error.code == .diskFull {
        return count
      }
    }
    Issue.record("the disk was never full")
    return 0
  }

  /// Everything written is there, nothing else, and it can go on.
  private func expectUsable(_ journal: Journal, with count: Int) async throws {
    #expect(count > 0)
    let verification = try await journal.verify()
    #expect(verification.finding == nil)
    #expect(verification.trusted == count)
    #expect(try await journal.append(.sample(1), under: nil).index == count)
    #expect(try await journal.verify().trusted == count + 1)
  }

  @Test func survivesADatabaseThatMayNotGrow() async throws {
    let directory = try TemporaryDirectory()
    let store = try SQLiteJournalStore.open(directory: directory.path)
    try await store.queue.write { try $0.execute(sql: "PRAGMA max_page_count = 60") }
    let journal = Journal(store: store)
    let count = try await fill(journal)
    try await store.queue.write { try $0.execute(sql: "PRAGMA max_page_count = 6000") }
    try await expectUsable(journal, with: count)
    try journal.close()
  }

  @Test(.enabled(if: Mount.isPermitted)) func survivesAFullDisk() async throws {
    let directory = try TemporaryDirectory()
    let disk = try Mount.memory(at: directory.path("disk"), size: "2m")
    let ballast = disk.path + "/ballast"
    try Data(count: 700_000).write(to: URL(fileURLWithPath: ballast))
    let journal = try Journal.open(directory: disk.path + "/state")
    let count = try await fill(journal)
    try FileManager.default.removeItem(atPath: ballast)
    try await expectUsable(journal, with: count)
    try journal.close()
    try disk.unmount()
  }

  @Test(.enabled(if: Mount.isPermitted)) func isNotCreatedHalfOnAFullDisk() async throws {
    let directory = try TemporaryDirectory()
    let disk = try Mount.memory(at: directory.path("disk"), size: "64k")
    let ballast = disk.path + "/ballast"
    // All but one page: room for the file's name, not for its tables.
    try Data(count: 60 * 1024 - 8192).write(to: URL(fileURLWithPath: ballast))
    let path = disk.path + "/state"
    #expect(await journalCode { _ = try Journal.open(directory: path) } == .diskFull)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
    try disk.unmount()
  }

  @Test(.enabled(if: Mount.isPermitted)) func isReadWhereNothingCanBeWritten() async throws {
    let directory = try TemporaryDirectory()
    let state = directory.path("state with ? and # and %41")
    let writer = try Journal.open(directory: state)
    for number in 0..<3 { try await writer.append(.sample(number), under: nil) }
    try writer.close()

    let disk = try Mount.readOnly(state)
    #expect(await journalCode { _ = try Journal.open(directory: state) } == .readOnly)
    #expect(await journalCode { _ = try Journal.open(directory: state + "/new") } == .readOnly)
    let reader = try Journal.openForReading(directory: state)
    #expect(try await reader.verify().trusted == 3)
    #expect(try await reader.entries().collect().count == 3)
    #expect(await journalCode { try await reader.append(.sample(3), under: nil) } == .readOnly)
    try reader.close()
    try disk.unmount()
  }

  /// SQLite would open such a file, and say that it can't be written only at the first append.
  @Test(.enabled(if: Mount.isPermitted)) func isNotOpenedForWritingWhereOnlyTheFileIsReadOnly()
    async throws
  {
    let directory = try TemporaryDirectory()
    let writer = try Journal.open(directory: directory.path)
    try await writer.append(.sample(0), under: nil)
    try writer.close()
    let file = JournalDirectory(directory.path).path
    let mounted = try Mount.readOnly(file)
    #expect(await journalCode { try Journal.open(directory: directory.path).close() } == .readOnly)
    let reader = try Journal.openForReading(directory: directory.path)
    #expect(try await reader.verify().trusted == 1)
    try reader.close()
    try mounted.unmount()
  }

  /// What a crash left in the write-ahead log belongs to the journal: leaving it out, silently,
  /// would show an older state as the whole.
  @Test(.enabled(if: Mount.isPermitted)) func doesNotLeaveOutAWriteAheadLog() async throws {
    let directory = try TemporaryDirectory()
    let state = directory.path("state")
    try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: false)
    let crashed = directory.path("crashed")
    let writer = try Journal.open(directory: crashed)
    try await writer.append(.sample(0), under: nil)
    for name in ["journal.sqlite", "journal.sqlite-wal"] {
      try FileManager.default.copyItem(atPath: crashed + "/" + name, toPath: state + "/" + name)
    }
    try writer.close()

    let disk = try Mount.readOnly(state)
    #expect(await journalCode { _ = try Journal.openForReading(directory: state) } == .readOnly)
    try disk.unmount()
    let reader = try Journal.openForReading(directory: state)
    #expect(try await reader.verify().trusted == 1)
    try reader.close()
  }

  /// Somebody with more rights writes while this process reads without locks.
  @Test(.enabled(if: Mount.isPermitted)) func noticesWritingThatItCannotLockOut() async throws {
    let directory = try TemporaryDirectory()
    let state = directory.path("state")
    try Journal.open(directory: state).close()
    let view = directory.path("view")
    try FileManager.default.createDirectory(atPath: view, withIntermediateDirectories: false)
    let disk = try Mount.readOnly(state, at: view)
    let reader = try Journal.openForReading(directory: view)
    #expect(try await reader.head().size == 0)
    let writer = try Journal.open(directory: state)
    try await writer.append(.sample(0), under: nil)
    #expect(await journalCode { _ = try await reader.head() } == .busy)
    try writer.close()
    #expect(await journalCode { _ = try await reader.head() } == .busy)
    try reader.close()
    try disk.unmount()
  }
}

/// A mounted file system, gone again at the end of its life.
final class Mount {
  let path: String
  private var isMounted = true

  /// Mounts need privileges that not every machine gives to tests.
  static let isPermitted: Bool = {
    do {
      let directory = try TemporaryDirectory()
      try Mount.memory(at: directory.path("probe"), size: "16k").unmount()
      return true
    } catch {
      return false
    }
  }()

  private init(path: String) {
    self.path = path
  }

  /// An empty file system in memory.
  static func memory(at path: String, size: String) throws -> Mount {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try check(mount("tmpfs", path, "tmpfs", 0, "size=\(size)"))
    return Mount(path: path)
  }

  /// The directory `source`, read-only for everybody, at `path` or in its own place.
  static func readOnly(_ source: String, at path: String? = nil) throws -> Mount {
    let path = path ?? source
    try check(mount(source, path, nil, UInt(MS_BIND), nil))
    let mounted = Mount(path: path)
    let flags = UInt(MS_BIND | MS_REMOUNT | MS_RDONLY)
    try check(mount(nil, path, nil, flags, nil))
    return mounted
  }

  func unmount() throws {
    guard isMounted else { return }
    try Mount.check(umount2(path, 0))
    isMounted = false
  }

  private static func check(_ status: CInt) throws {
    guard status == 0 else { throw CocoaError(.featureUnsupported, userInfo: ["errno": errno]) }
  }

  deinit {
    do {
      try unmount()
    } catch {
      Issue.record("\(path) could not be unmounted: \(error)")
    }
  }
}
