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
