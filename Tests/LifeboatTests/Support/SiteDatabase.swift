import Foundation
import GRDB
import TestSupport
import Testing

/// A site's database, which may have lost its power in the middle of a transaction.
enum SiteDatabase {
  static func read<Value>(_ path: String, _ body: (Database) throws -> Value) throws -> Value {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    do {
      return try DatabaseQueue(path: path, configuration: configuration).read(body)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
      return try readRolledBack(path, body)
    }
  }

  /// Of a dead site's database: a copy is rolled back and read.
  private static func readRolledBack<Value>(
    _ path: String, _ body: (Database) throws -> Value
  ) throws -> Value {
    let manager = FileManager.default
    let copy = manager.temporaryDirectory.path + "/history-\(UUID().uuidString)"
    try manager.createDirectory(atPath: copy, withIntermediateDirectories: true)
    defer { do { try manager.removeItem(atPath: copy) } catch { Issue.record(error) } }
    try manager.copyItem(atPath: path + "-journal", toPath: copy + "/db-journal")
    try manager.copyItem(atPath: path, toPath: copy + "/db")
    return try DatabaseQueue(path: copy + "/db").read(body)
  }
}
