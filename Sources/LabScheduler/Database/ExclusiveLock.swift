import GRDB

extension Database {
  /// Runs `body` while no other connection can read or write. The lock outlasts a transaction,
  /// because a backup into a database cannot begin inside one.
  func holdingExclusiveLock(_ body: () throws -> Void) throws {
    try execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
    let result = Result {
      try inTransaction(.exclusive) { .commit }
      try body()
    }
    // The lock goes with the first access after the mode has changed.
    try execute(sql: "PRAGMA locking_mode = NORMAL")
    _ = try Int.fetchOne(self, sql: "SELECT count(*) FROM sqlite_master")
    try result.get()
  }
}
