internal import GRDB

/// The tables of a journal in SQLite; docs/journal-format.md describes them.
enum SQLiteSchema {
  /// "LIFB" in SQLite's header: says whose file it is.
  static let applicationID = 0x4C49_4642
  /// `user_version` in SQLite's header: the version of these tables.
  static let version = 1

  /// STRICT keeps values of other types out; the indexes serve the queries of a review.
  private static let statements = [
    """
    CREATE TABLE entries (
      idx INTEGER PRIMARY KEY,
      bytes BLOB NOT NULL,
      leaf_hash BLOB NOT NULL,
      root BLOB NOT NULL,
      kind TEXT NOT NULL,
      run TEXT
    ) STRICT
    """,
    "CREATE INDEX entries_by_run ON entries (run, idx)",
    "CREATE INDEX entries_by_kind ON entries (kind, idx)",
    """
    CREATE TABLE tree (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      size INTEGER NOT NULL,
      root BLOB NOT NULL,
      frontier BLOB NOT NULL,
      last_epoch INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE leases (
      scope TEXT PRIMARY KEY,
      epoch INTEGER NOT NULL,
      tenure TEXT
    ) STRICT
    """,
  ]

  static func create(_ db: Database) throws {
    for statement in statements { try db.execute(sql: statement) }
    let empty = MerkleFrontier()
    try db.execute(
      sql: "INSERT INTO tree (id, size, root, frontier, last_epoch) VALUES (1, 0, ?, x'', 0)",
      arguments: [empty.root.data])
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(version)")
  }

  /// Throws unless the file holds exactly the tables of this version, besides the statistics that
  /// SQLite's ANALYZE leaves. Anything else, as a trigger or a view, could make the journal show
  /// what was never written.
  static func check(_ db: Database, path: String) throws {
    guard try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
      throw JournalError.damaged("this is not a journal of Lifeboat", path: path)
    }
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard found <= version else {
      throw JournalError(
        code: .newerVersion,
        message: "the journal has version \(found); this program knows version \(version)",
        advice: "Use the version of Lifeboat that wrote it, or a later one.", path: path)
    }
    let definitions = try String.fetchSet(
      db,
      sql: """
        SELECT sql FROM sqlite_schema
        WHERE sql IS NOT NULL AND NOT (type = 'table' AND name GLOB 'sqlite_stat[0-9]')
        """)
    guard found == version, definitions == Set(statements) else {
      throw JournalError.damaged(
        "the journal's tables are not those of version \(version)", path: path)
    }
  }
}
