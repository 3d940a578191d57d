internal import Foundation
internal import GRDB

extension Database {
  /// Runs `body` in a transaction, committed when it returns and rolled back when it throws.
  func transaction<T>(_ kind: TransactionKind, _ body: () throws -> T) throws -> T {
    var result: T?
    try inTransaction(kind) {
      result = try body()
      return .commit
    }
    guard let result else { throw DatabaseError(message: "a transaction ended without a result") }
    return result
  }
}

extension StoreChange {
  /// Inside a transaction.
  func write(to db: Database) throws {
    for entry in entries { try entry.insert(into: db) }
    try db.execute(
      sql: "UPDATE tree SET size = ?, root = ?, frontier = ?, last_epoch = ? WHERE id = 1",
      arguments: [
        tree.size, tree.root.data, Data(tree.hashes.flatMap(\.bytes)), lastEpoch,
      ])
    for lease in leases { try lease.save(to: db) }
  }
}

extension StoredEntry {
  fileprivate func insert(into db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO entries (idx, bytes, leaf_hash, root, kind, run) VALUES (?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: [index, bytes, leafHash.data, root.data, kind, run])
  }
}

extension LeaseRecord {
  fileprivate func save(to db: Database) throws {
    let text = try tenure.map { tenure in
      String(decoding: try JSON(encoding: tenure).canonical, as: UTF8.self)
    }
    try db.execute(
      sql: """
        INSERT INTO leases (scope, epoch, tenure) VALUES (?, ?, ?)
        ON CONFLICT (scope) DO UPDATE SET epoch = excluded.epoch, tenure = excluded.tenure
        """,
      arguments: [scope, epoch, text])
  }
}

/// One page of entries.
struct EntryQuery {
  /// Bounds of what a page holds in memory; a larger single entry makes a page of its own.
  private static let maximumCount = 256
  private static let maximumBytes = 4 * 1024 * 1024

  private let sql: String
  private let arguments: StatementArguments

  init(from index: Int, filter: EntryFilter) {
    var conditions = ["idx >= ?"]
    var arguments: StatementArguments = [index]
    if let run = filter.run {
      conditions.append("run = ?")
      arguments += [run]
    }
    if let kinds = filter.kinds {
      conditions.append("kind IN (\(kinds.map { _ in "?" }.joined(separator: ",")))")
      arguments += StatementArguments(kinds.sorted())
    }
    // The places first: sorting whole entries by kind would hold all of them in memory.
    sql = """
      SELECT idx, bytes, leaf_hash, root, kind, run FROM entries WHERE idx IN (
        SELECT idx FROM entries WHERE \(conditions.joined(separator: " AND "))
        ORDER BY idx LIMIT \(EntryQuery.maximumCount)
      ) ORDER BY idx
      """
    self.arguments = arguments
  }

  func fetch(_ db: Database, rows: SQLiteRows) throws -> [StoredEntry] {
    let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
    var entries: [StoredEntry] = []
    var bytes = 0
    do {
      while bytes < EntryQuery.maximumBytes, let row = try cursor.next() {
        let entry = try rows.entry(row)
        entries.append(entry)
        bytes += entry.bytes.count
      }
    } catch  where !entries.isEmpty {
      // What comes before damage is good: the next page begins with the error.
    }
    return entries
  }
}
