internal import Foundation
internal import GRDB

/// A journal in one SQLite file, with a write-ahead log next to it.
///
/// One connection does everything in turn. It writes with `synchronous = FULL`, so that a commit
/// has reached the disk when it returns, and so that commits keep the order of their calls.
public final class SQLiteJournalStore: JournalStore {
  public let path: String
  let queue: DatabaseQueue
  private let rows: SQLiteRows
  private let errors: SQLiteErrors
  /// Set when the file is read without SQLite's locks.
  private let unlockedRead: UnlockedRead?

  private init(path: String, queue: DatabaseQueue, unlockedRead: UnlockedRead?) {
    self.path = path
    self.queue = queue
    self.unlockedRead = unlockedRead
    rows = SQLiteRows(path: path)
    errors = SQLiteErrors(path: path)
  }

  public func state() async throws -> StoreState {
    let rows = rows
    return try await reading { try rows.state($0) }
  }

  public func commit<Result: Sendable>(
    _ decide: @escaping @Sendable (StoreState) throws -> (StoreChange, Result)
  ) async throws -> Result {
    let rows = rows
    return try await perform(on: queue) { db in
      // IMMEDIATE: nobody else can write between reading the state and changing it.
      try db.transaction(.immediate) {
        let state = try rows.state(db)
        let (change, result) = try decide(state)
        try change.write(to: db)
        return result
      }
    }
  }

  public func page(from index: Int, matching filter: EntryFilter) async throws -> [StoredEntry] {
    let query = EntryQuery(from: index, filter: filter)
    let rows = rows
    return try await reading { try query.fetch($0, rows: rows) }
  }

  public func page(
    before index: Int, matching filter: EntryFilter, limit: Int
  ) async throws -> [StoredEntry] {
    let query = EntryQuery(before: index, filter: filter, limit: limit)
    let rows = rows
    return try await reading { try query.fetch($0, rows: rows) }
  }

  public func runs(endingIn suffix: String) async throws -> [String] {
    let query = RunNameQuery(suffix: suffix)
    return try await reading { try query.fetch($0) }
  }

  /// On a connection of its own, so that it doesn't hold up who reads meanwhile; ends early when the task is cancelled.
  public func damage() async throws -> String? {
    do {
      let second = try errors.translating {
        try DatabaseQueue(
          path: unlockedRead?.uri ?? path, configuration: SQLiteJournalStore.reading)
      }
      return try await withTaskCancellationHandler {
        try await reading(on: second) { db in
          let finding = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
          return finding == "ok" ? nil : finding ?? "SQLite's integrity check gave no answer"
        }
      } onCancel: {
        second.interrupt()
      }
    } catch let error as JournalError where error.code == .damaged {
      return error.message
    }
  }

  public func close() throws {
    try errors.translating { try queue.close() }
  }

  /// `connection`: another one than the store's own.
  private func reading<T: Sendable>(
    on connection: DatabaseQueue? = nil, _ body: @escaping @Sendable (Database) throws -> T
  ) async throws -> T {
    let unlockedRead = unlockedRead
    return try await perform(on: connection ?? queue) { db in
      let result = Result { try db.transaction(.deferred) { try body(db) } }
      // Asked also after a failure: what looks like damage may be somebody's writing.
      try unlockedRead?.checkUndisturbed()
      return try result.get()
    }
  }

  /// Runs `body` on the connection, in the order of the calls. Neither blocks a thread of Swift's
  /// pool, nor lets a cancelled task interrupt a commit, as GRDB's own `async` methods would.
  private func perform<T: Sendable>(
    on connection: DatabaseQueue, _ body: @escaping @Sendable (Database) throws -> T
  ) async throws -> T {
    let errors = errors
    return try await withCheckedThrowingContinuation { continuation in
      connection.asyncWriteWithoutTransaction { db in
        continuation.resume(with: Result { try errors.translating { try body(db) } })
      }
    }
  }
}

// MARK: - Opening

extension SQLiteJournalStore {
  /// How long to wait for another process's transaction.
  private static let patience: TimeInterval = 5

  /// Opens the journal in `directory` for appending; creates both when they are missing, for
  /// their owner alone.
  public static func open(directory: String) throws -> SQLiteJournalStore {
    try open(directory: directory, patience: patience)
  }

  static func open(directory: String, patience: TimeInterval) throws -> SQLiteJournalStore {
    let place = JournalDirectory(directory)
    try place.create()
    if !place.fileExists { try place.createFile { try createDatabase($0, errors: place.errors) } }
    try place.requireWritable()
    return try place.errors.translating {
      var configuration = writing
      configuration.busyMode = .timeout(patience)
      let queue = try DatabaseQueue(path: place.path, configuration: configuration)
      try queue.inDatabase { try SQLiteSchema.check($0, path: place.path) }
      return SQLiteJournalStore(path: place.path, queue: queue, unlockedRead: nil)
    }
  }

  /// Opens the journal in `directory` for reading; throws `notFound` when there is none.
  ///
  /// Changes nothing but SQLite's `-wal` and `-shm` files, and needs no right to write as long as
  /// no crashed writer left a `-wal` to be replayed.
  public static func openForReading(directory: String) throws -> SQLiteJournalStore {
    let place = JournalDirectory(directory)
    try place.requireFile()
    do {
      return try openLocked(place)
    } catch let error as JournalError where error.code == .readOnly && !place.isWritable {
      // SQLite shares a write-ahead log through files that it can't make here.
      return try openUnlocked(place)
    }
  }

  private static func openLocked(_ place: JournalDirectory) throws -> SQLiteJournalStore {
    try place.errors.translating {
      let queue = try DatabaseQueue(path: place.path, configuration: reading)
      try queue.inDatabase { try SQLiteSchema.check($0, path: place.path) }
      return SQLiteJournalStore(path: place.path, queue: queue, unlockedRead: nil)
    }
  }

  private static func openUnlocked(_ place: JournalDirectory) throws -> SQLiteJournalStore {
    let unlockedRead = try UnlockedRead(place)
    return try place.errors.translating {
      let queue = try DatabaseQueue(path: unlockedRead.uri, configuration: reading)
      try queue.inDatabase { try SQLiteSchema.check($0, path: place.path) }
      try unlockedRead.checkUndisturbed()
      return SQLiteJournalStore(path: place.path, queue: queue, unlockedRead: unlockedRead)
    }
  }

  private static func createDatabase(_ path: String, errors: SQLiteErrors) throws {
    try errors.translating {
      let queue = try DatabaseQueue(path: path, configuration: creating)
      try queue.write { try SQLiteSchema.create($0) }
      try queue.close()
    }
  }

  private static var common: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(patience)
    configuration.prepareDatabase { db in
      // The file may have been tampered with: no functions from its schema, no unchecked cells.
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    }
    return configuration
  }

  /// A rollback journal, so that the new database is one single file that can be moved.
  private static var creating: Configuration {
    var configuration = common
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL")
    }
    return configuration
  }

  /// Set here and not by GRDB's `journalMode`, which turns FULL into NORMAL.
  private static var writing: Configuration {
    var configuration = common
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    }
    return configuration
  }

  private static var reading: Configuration {
    var configuration = common
    configuration.readonly = true
    return configuration
  }
}
