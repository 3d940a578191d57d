internal import Foundation
internal import GRDB

/// One page of entries.
struct EntryQuery {
  enum Direction: String {
    case forwards = "ASC"
    case backwards = "DESC"
  }

  /// Bounds of what a page holds in memory; a larger single entry makes a page of its own.
  private static let maximumCount = 256
  private static let maximumBytes = 4 * 1024 * 1024

  private let sql: String
  private let arguments: StatementArguments

  /// Forwards, from `index` on.
  init(from index: Int, filter: EntryFilter) {
    self.init(.forwards, from: index, filter: filter, limit: EntryQuery.maximumCount)
  }

  /// Backwards, from before `index`.
  init(before index: Int, filter: EntryFilter, limit: Int) {
    self.init(
      .backwards, from: index, filter: filter, limit: min(max(1, limit), EntryQuery.maximumCount))
  }

  private init(_ direction: Direction, from index: Int, filter: EntryFilter, limit: Int) {
    let order = "ORDER BY idx \(direction.rawValue)"
    let places = Self.branches(of: filter).map { branch in
      "SELECT * FROM (SELECT idx FROM entries \(branch.index) "
        + "WHERE idx \(direction == .forwards ? ">=" : "<") ? AND \(branch.condition) "
        + "\(order) LIMIT \(limit))"
    }
    // The places first: sorting whole entries by kind would hold all of them in memory.
    sql = """
      SELECT idx, bytes, leaf_hash, root, kind, run FROM entries WHERE idx IN (
        SELECT idx FROM (\(places.joined(separator: " UNION ALL "))) \(order) LIMIT \(limit)
      ) \(order)
      """
    arguments = Self.branches(of: filter).reduce(into: StatementArguments()) {
      $0 += StatementArguments([index]) + $1.arguments
    }
  }

  private struct Branch {
    let index: String
    let condition: String
    let arguments: StatementArguments
  }

  /// Each goes along one index in its order, so that a page costs the entries that it looks at, however long the journal
  /// is. Several kinds are a branch each: together they would be sorted as a whole, again for every page.
  private static func branches(of filter: EntryFilter) -> [Branch] {
    let (content, contentArguments) = conditions(onContentBy: filter)
    func branch(_ index: String, _ conditions: [String], _ values: [String]) -> Branch {
      Branch(
        index: index, condition: (conditions + content).joined(separator: " AND "),
        arguments: StatementArguments(values) + contentArguments)
    }
    let kinds = filter.kinds?.sorted()
    if let run = filter.run {
      let list = kinds.map { "kind IN (\($0.map { _ in "?" }.joined(separator: ",")))" }
      return [
        branch(
          "INDEXED BY entries_by_run", ["run = ?"] + (list.map { [$0] } ?? []),
          [run] + (kinds ?? []))
      ]
    }
    guard let kinds else { return [branch("NOT INDEXED", ["TRUE"], [])] }
    guard !kinds.isEmpty else { return [branch("NOT INDEXED", ["FALSE"], [])] }
    return kinds.map { branch("INDEXED BY entries_by_kind", ["kind = ?"], [$0]) }
  }

  /// What the canonical bytes say. They begin with the time: `at` is the first of an entry's members.
  private static func conditions(
    onContentBy filter: EntryFilter
  ) -> ([String], StatementArguments) {
    var conditions: [String] = []
    var arguments = StatementArguments()
    for (bound, comparison) in [(filter.since, ">="), (filter.until, "<")] {
      guard let bound else { continue }
      conditions.append("substr(bytes, 8, 27) \(comparison) ?")
      arguments += [Data(bound.description.utf8)]
    }
    for text in filter.containing {
      conditions.append("CAST(bytes AS TEXT) LIKE ? ESCAPE '\\'")
      arguments += ["%\(text.escapedForLike)%"]
    }
    return (conditions, arguments)
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

/// The names of runs.
struct RunNameQuery {
  let suffix: String

  /// From one name to the next by the index, without reading the entries between them.
  func fetch(_ db: Database) throws -> [String] {
    try String.fetchAll(
      db,
      sql: """
        WITH RECURSIVE names (run) AS (
          SELECT min(run) FROM entries
          UNION ALL
          SELECT (SELECT min(run) FROM entries WHERE run > names.run) FROM names
          WHERE names.run IS NOT NULL
        )
        SELECT run FROM names WHERE substr(run, -length(:suffix)) = :suffix
        """, arguments: ["suffix": suffix])
  }
}

extension String {
  fileprivate var escapedForLike: String {
    reduce(into: "") { $0 += "\\%_".contains($1) ? "\\\($1)" : String($1) }
  }
}
