internal import GRDB

/// SQLite's result codes in the journal's words. Arguments of statements never reach the message.
struct SQLiteErrors {
  let path: String

  /// Runs `body`, and turns SQLite's errors into `JournalError`; others pass as they are.
  func translating<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw translate(error)
    }
  }

  private func translate(_ error: DatabaseError) -> JournalError {
    let reason = "\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))"
    switch error.extendedResultCode {
    case .SQLITE_IOERR_SHMSIZE: return .diskFull(reason, path: path)
    default: break
    }
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: return busy(reason)
    case .SQLITE_FULL: return .diskFull(reason, path: path)
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: return .readOnly(reason, path: path)
    // A statement of ours fails in itself only when the tables are not ours any more.
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_ERROR, .SQLITE_SCHEMA,
      .SQLITE_MISMATCH, .SQLITE_FORMAT:
      return .damaged(reason, path: path)
    default: return .storageFailed(reason, path: path)
    }
  }

  private func busy(_ reason: String) -> JournalError {
    JournalError(
      code: .busy, message: "another process is using the journal: \(reason)",
      advice: "Try again. If it lasts, find the process with: fuser \(path)", path: path)
  }
}
