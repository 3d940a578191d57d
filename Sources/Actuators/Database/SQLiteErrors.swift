import GRDB
import Runbook

/// Codes that callers tell apart.
enum DatabaseErrorCode {
  static let missing = "database.missing"
  static let corrupt = "database.corrupt"
  static let busy = "database.busy"
  static let moved = "database.moved"
}

/// What SQLite says, in words for an operator. Bound values are never in it.
struct SQLiteErrors {
  let copy: DatabaseCopy
  let path: String
  let isWriting: Bool

  func described(_ error: any Error) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    return actionError(error)
  }

  private var place: String { "\(copy.subject) (\(path))" }

  private func actionError(_ error: DatabaseError) -> ActionError {
    switch error.extendedResultCode {
    case .SQLITE_READONLY_ROLLBACK, .SQLITE_READONLY_RECOVERY:
      return ActionError(
        "database.hot_journal",
        "\(place) was left in the middle of a transaction, which reading can't roll back",
        advice: "start the site's services, or open the file once with sqlite3")
    case .SQLITE_READONLY_DBMOVED: return moved()
    default: break
    }
    switch error.resultCode {
    case .SQLITE_CANTOPEN: return missing()
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: return corrupt(error.message ?? "no database")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return ActionError(
        DatabaseErrorCode.busy, "\(place) was locked by another program for too long",
        advice: "find out which program holds it, then try again")
    case .SQLITE_CONSTRAINT:
      return ActionError(
        "database.refused", "\(place) refused the change: \(error.message ?? "a constraint")",
        advice: "a replica refuses every change: see which site is the primary")
    case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY:
      return ActionError(
        "database.storage", "\(place): \(error.message ?? "the storage failed")",
        advice: "see the disk's free space and health, and the file's permissions",
        kind: isWriting ? .inDoubt : .failed)
    default:
      return ActionError(
        "database.statement", "\(place): \(error.message ?? "SQLite error \(error.resultCode)")",
        advice: "compare the statement with the database's tables")
    }
  }

  func missing() -> ActionError {
    ActionError(
      DatabaseErrorCode.missing, "\(place): there is no such file",
      advice: "see whether the path in the inventory is right and its disk is mounted")
  }

  func corrupt(_ why: String) -> ActionError {
    ActionError(
      DatabaseErrorCode.corrupt, "\(place) is no intact SQLite database: \(why)",
      advice: "restore the copy, or let replication make it anew")
  }

  /// The file was replaced by another while it was open; nothing was written.
  func moved() -> ActionError {
    ActionError(
      DatabaseErrorCode.moved, "\(place) was replaced by replication at the same moment, each time",
      advice: "try again; if it stays so, stop the replication to this site first")
  }
}
