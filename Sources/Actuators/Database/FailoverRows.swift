import Runbook

/// The rows of the `Failover` table of one copy.
struct FailoverRows: Sendable {
  static let note = ActionSchema.Note(
    FactName.failoverRows, "every row of the copy's Failover table, with every column",
    motion: .heartbeatsMove)

  let copy: DatabaseCopy

  /// Every row with every column, whatever the columns are. Throws when the table isn't what the inventory says.
  func read(_ reader: any SQLReader) throws -> [SQLRow] {
    let database = copy.database
    let columns = try reader.query(
      SQLDialect(database.kind).columns(of: copy.failoverTable)
    ).compactMap { $0["name"]?.string }
    guard !columns.isEmpty else {
      throw ActionError(
        "failover_table.missing", "\(copy.subject) has no table '\(database.failoverTable)'",
        advice: "see 'failover_table' in the inventory")
    }
    guard columns.contains(database.guidColumn) else {
      throw ActionError(
        "failover_table.guid_column",
        "the table '\(database.failoverTable)' of \(copy.subject) has no column "
          + "'\(database.guidColumn)'",
        advice: "it has \(columns.joined(separator: ", ")): see 'guid_column' in the inventory")
    }
    return try reader.query(
      """
      SELECT * FROM \(table: copy.failoverTable) \
      ORDER BY \(identifier: database.guidColumn)
      """)
  }

  /// As a fact keeps them.
  static func value(_ rows: [SQLRow]) -> Value { .list(rows.map(\.value)) }

  /// Role and rows, from one transaction.
  func observe(_ observer: any Observer) async throws -> [Fact] {
    let rows = self
    return try await CopyFacts(copy: copy).observe(
      observer,
      and: { reader in
        [Fact(rows.copy.subject, FactName.failoverRows, Self.value(try rows.read(reader)))]
      }, gapsIn: [FactName.failoverRows])
  }

  /// The GUIDs of the rows that were observed; nil when those are not known.
  func guids(_ observation: Observation) -> [String]? {
    observation[copy.subject, FactName.failoverRows]?.list?.map { row in
      GUIDText.normalised(row.mapping?[copy.database.guidColumn]?.description ?? "")
    }
  }
}

/// Whose GUIDs a site's `Failover` table may hold.
struct FailoverOwnership: Sendable {
  static let note = ActionSchema.Note(
    "no-foreign-guid", "the Failover table holds no GUID of another site's server")

  let rows: FailoverRows
  let own: OwnGUIDs

  init(of copy: DatabaseCopy, in inventory: Inventory) {
    rows = FailoverRows(copy: copy)
    own = OwnGUIDs(of: copy.site, in: inventory)
  }

  var destinations: [Destination] { [.reading(rows.copy)] + own.hosts.map(Destination.host) }

  /// Role, rows and the GUIDs of the site's own schedulers.
  func observe(_ observer: any Observer) async throws -> [Fact] {
    try await rows.observe(observer) + own.observe(observer)
  }

  /// Why it can't be told whose the rows are; nil when it can.
  func gap(_ observation: Observation) -> String? {
    if let gap = observation.gap(rows.copy.subject, FactName.failoverRows) { return gap }
    // An empty table holds nobody's GUID, whatever the own one is.
    guard rows.guids(observation)?.isEmpty == false else { return nil }
    guard !own.hosts.isEmpty else { return "\(rows.copy.site) has no host with a guid" }
    return observation.firstGap(own.hosts.map { FactKey($0.id, FactName.ownGUID) })
  }

  /// The GUIDs in the table that belong to no scheduler of the site. Call it when there is no gap.
  func foreign(_ observation: Observation) -> [String] {
    let own = ownGUIDs(observation)
    return (rows.guids(observation) ?? []).filter { !own.contains($0) }
  }

  func ownGUIDs(_ observation: Observation) -> Set<String> {
    Set(
      own.hosts.compactMap { observation[$0.id, FactName.ownGUID]?.string }
        .map(GUIDText.normalised))
  }

  func noForeignGuard() -> Guard {
    Guard(Self.note.name, demand: "Failover of \(rows.copy.subject) holds no foreign GUID") {
      if let gap = gap($0) { return .unknown(gap) }
      let foreign = foreign($0)
      return foreign.isEmpty
        ? .holds
        : .violated(
          "Failover of \(rows.copy.subject) holds \(foreign.joined(separator: ", "))")
    }
  }
}
