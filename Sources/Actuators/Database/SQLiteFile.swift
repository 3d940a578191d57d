import Dispatch
import GRDB
import Glibc
import Runbook

/// A copy of a database, opened for one transaction. Replication replaces the file, so no connection is kept.
struct SQLiteFile: Sendable {
  private static let busyTimeoutSeconds = 5.0
  /// How often a change begins anew because replication replaced the file under it.
  private static let attempts = 5
  /// Opening reads the file's schema, which may wait for a lock: not on one of the few threads that run tasks.
  private static let opening = DispatchQueue(
    label: "lifeboat.sqlite.open", attributes: .concurrent)

  let copy: DatabaseCopy
  let path: String

  /// One read-only transaction: the file is opened for reading only, and the connection is told to refuse changes.
  func read<Result: Sendable>(
    _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    let errors = SQLiteErrors(copy: copy, path: path, isWriting: false)
    do {
      let queue = try await open(.reading)
      return try await queue.read { try body(SQLiteTransaction(database: $0)) }
    } catch {
      throw errors.described(error)
    }
  }

  /// Statements outside of a transaction. Of a file that is `VACUUM INTO` alone, which writes another one: this one is opened
  /// for reading only.
  func session<Result: Sendable>(
    _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    let errors = SQLiteErrors(copy: copy, path: path, isWriting: false)
    do {
      let queue = try await open(.copying)
      return try await queue.writeWithoutTransaction {
        try body(SQLiteTransaction(database: $0, writing: StatementKind.copying))
      }
    } catch {
      throw errors.described(error)
    }
  }

  /// One transaction that holds the write lock from its start.
  func transaction<Result: Sendable>(
    _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    let errors = SQLiteErrors(copy: copy, path: path, isWriting: true)
    for _ in 1...Self.attempts {
      do {
        return try await attempt(body)
      } catch let error as DatabaseError
        where error.extendedResultCode == .SQLITE_READONLY_DBMOVED
      {
        // Nothing was written: SQLite noticed before its first change.
      } catch let error as ActionError where error.code == DatabaseErrorCode.moved {
        // The same, noticed here.
      } catch {
        throw errors.described(error)
      }
    }
    throw errors.moved()
  }

  private func attempt<Result: Sendable>(
    _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    let before = try identity()
    let queue = try await open(.writing)
    return try await queue.writeWithoutTransaction { database in
      try database.beginTransaction(.immediate)
      do {
        // From here on replication can't replace the file, as that takes the lock that is held now. A file that was
        // replaced before is a deleted one, and what is written there is lost.
        guard try identity() == before else {
          throw SQLiteErrors(copy: copy, path: path, isWriting: true).moved()
        }
        let result = try body(SQLiteTransaction(database: database))
        try database.commit()
        return result
      } catch {
        if database.isInsideTransaction { try database.rollback() }
        throw error
      }
    }
  }

  private enum Purpose { case reading, copying, writing }

  private func open(_ purpose: Purpose) async throws -> DatabaseQueue {
    var configuration = GRDB.Configuration()
    configuration.readonly = purpose != .writing
    configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
    // Where even rolling back fails, closing the connection does it: no reason for GRDB to end the whole process.
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { database in
      switch purpose {
      case .reading: try database.execute(sql: "PRAGMA query_only = ON")
      // It would keep VACUUM INTO from writing its new file, too.
      case .copying: break
      case .writing: try database.execute(sql: "PRAGMA synchronous = FULL")
      }
    }
    return try await withCheckedThrowingContinuation { continuation in
      Self.opening.async { [configuration, path] in
        continuation.resume(
          with: Swift.Result { try DatabaseQueue(path: path, configuration: configuration) })
      }
    }
  }

  /// Device and inode of the file on this machine, as `stat` prints them; nil when there is none.
  func identityHere() -> [String]? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return [String(status.st_dev), String(status.st_ino)]
  }

  private struct Identity: Equatable {
    let device: dev_t
    let inode: ino_t
  }

  /// By `stat`: opening the file once more and closing it would drop SQLite's locks on it.
  private func identity() throws -> Identity {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw SQLiteErrors(copy: copy, path: path, isWriting: true).missing()
    }
    return Identity(device: status.st_dev, inode: status.st_ino)
  }
}
