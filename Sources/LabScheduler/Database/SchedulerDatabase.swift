import Foundation
import GRDB

/// A site's scheduler database: one SQLite file with a rollback journal, so that a reader never
/// has to create a file.
struct SchedulerDatabase {
  let path: String
  let queue: DatabaseQueue

  /// Opens an existing database. A writer waits five seconds for a lock, a reader too.
  init(path: String, readOnly: Bool = false, busyTimeout: TimeInterval = 5) throws {
    // SQLite would make a missing file, and an empty scheduler database is worse than none.
    guard File.exists(path) else {
      throw LabError(.failed, "\(path): there is no database")
    }
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.busyMode = .timeout(busyTimeout)
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA synchronous = FULL")
    }
    self.path = path
    queue = try DatabaseQueue(path: path, configuration: configuration)
  }

  /// A transaction that sees one state; writers wait for its end.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try queue.read(body)
  }

  /// An immediate transaction: what it has read is still so when it commits.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try queue.write(body)
  }

  /// Finishes what a writer that was killed left half done, as any database engine does at its
  /// start. A reader with read-only access could not.
  static func recover(path: String) throws {
    let database = try SchedulerDatabase(path: path, busyTimeout: 0)
    _ = try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
  }
}

extension LabError {
  /// Whether SQLite only says that another connection was faster.
  static func isBusy(_ error: any Error) -> Bool {
    (error as? DatabaseError)?.resultCode == .SQLITE_BUSY
  }
}
