public import Runbook

/// `failover_table.truncate`
public struct FailoverTruncate: ActingAction {
  public static let schema = ActionSchema(
    name: "failover_table.truncate",
    summary: "Empty the Failover table, so that the site's own scheduler can take control",
    discussion: """
      A scheduler takes control only when no other server's GUID is in the `Failover` table of its database. After a
      failover the table still holds the GUID of the site that was lost.

      Every row, with every column, is in the journal before the first one is removed: the observation on which the step
      acts holds them all. In one transaction the step reads role and rows again, refuses if they are not those of that
      observation (somebody writes to the table), removes the rows, counts none, and commits.

      SQL Server: by TRUNCATE TABLE. Where the server refuses that (a foreign key refers to the table, it is published,
      temporal, or under a view with an index, or the account may not alter it) the rows go by DELETE, in a second transaction that
      checks the same, and the evidence says why.

      Of a drill's copy, `scheduler@dr.drill`, the guards are that it is a drill's and takes changes: nothing that is real
      depends on its table.

      Nothing is done when the table is empty or holds only GUIDs of the site's own schedulers.
      """,
    target: .databaseAtSite,
    effect: .changes,
    reversibility: .irreversible,
    facts: CopyFacts.notes + [
      FailoverRows.note,
      .init("guid", "of each scheduler host of the site"),
      .init("state", "of the services of every scheduler, at this site and at the others"),
      .init("start_type", "of these services"),
      SchedulerServices.fencedNote,
    ] + DrillDirectory.notes,
    guards: [
      CopyOwnership.note,
      PrimaryGuard.note,
      SchedulerServices.othersStoppedNote,
      .init(
        ownStopped,
        "no scheduler service of the site itself is running: never the live site's table"),
      DrillDirectory.markedNote,
    ],
    example: """
      id: truncate-failover
      action: failover_table.truncate
      target: scheduler@dr
      """)

  private static let ownStopped = "own-scheduler-stopped"

  private let copy: DatabaseCopy
  private let failover: FailoverOwnership
  private let ownership: CopyOwnership
  private let others: SchedulerServices
  private let own: SchedulerServices
  /// Of a drill's copy: what stands in for the guards that keep two real schedulers apart.
  private let drill: DrillDirectory?

  public init(_ arguments: Arguments) throws {
    let inventory = arguments.inventory
    copy = try arguments.databaseCopy()
    failover = FailoverOwnership(of: copy, in: inventory)
    ownership = CopyOwnership(of: copy, in: inventory)
    others = .others(than: copy.site, in: inventory)
    own = .own(of: copy.site, in: inventory)
    drill = DrillDirectory(of: copy)
  }

  public var guards: [Guard] {
    let isPrimary = PrimaryGuard(copy: copy).make()
    if let drill { return [drill.markedGuard(), isPrimary] }
    return [
      ownership.makeGuard(), isPrimary, others.othersStoppedGuard(),
      own.stoppedGuard(
        Self.ownStopped, demand: "the scheduler of \(copy.site), whose table it is, is stopped"),
    ]
  }

  public var rechecked: [FactKey] {
    [FactKey(copy.subject, FactName.role), FactKey(copy.subject, FactName.failoverRows)]
  }

  public var destinations: [Destination] {
    [.writing(copy)] + failover.destinations + (drill == nil ? others.destinations : [])
      + own.destinations
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let table = failover.observe(observer)
    async let here = own.observe(observer)
    if let drill { return Observation(try await table + here + drill.observeServed(observer)) }
    async let copies = ownership.observe(observer)
    async let elsewhere = others.observe(observer)
    return Observation(try await table + copies + elsewhere + here)
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = failover.gap(observation) { return .unknown(gap) }
    let foreign = failover.foreign(observation)
    guard !foreign.isEmpty else {
      return .satisfied("Failover of \(copy.subject) holds no foreign GUID")
    }
    return .needed(
      "remove \(foreign.joined(separator: ", ")) from Failover of \(copy.subject), by emptying it")
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    result.state(copy.subject, FactName.failoverRows, [])
    return result
  }

  private var deletion: SQLStatement { "DELETE FROM \(table: copy.failoverTable)" }

  /// Nil where the database's kind has none that is one with a transaction.
  private var truncation: SQLStatement? {
    copy.database.kind == .sqlserver ? "TRUNCATE TABLE \(table: copy.failoverTable)" : nil
  }

  public func operations(given observation: Observation) -> [Operation] {
    guard let truncation else { return [Operation(.statement(deletion, in: copy))] }
    return [
      Operation(.statement(truncation, in: copy)),
      Operation(.statement(deletion, in: copy), if: "the server refuses to truncate the table"),
    ]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let expected = observation[copy.subject, FactName.failoverRows]
    guard let truncation else { return try await empty(by: deletion, expected, `operator`) }
    do {
      return try await empty(by: truncation, expected, `operator`)
    } catch let error as ActionError where error.code == SQLServerErrors.truncationRefused {
      var evidence = try await empty(by: deletion, expected, `operator`)
      evidence.details["truncation_refused"] = .string(error.message)
      return evidence
    }
  }

  private func empty(
    by statement: SQLStatement, _ expected: Value?, _ operator: any Operator
  ) async throws -> Evidence {
    let removed = try await `operator`.transaction(copy) {
      try empty($0, by: statement, expecting: expected)
    }
    return Evidence(["rows_removed": .integer(removed)])
  }

  /// The role is read again where the rows are: between the guards and here the world may have moved.
  private func empty(
    _ writer: any SQLWriter, by statement: SQLStatement, expecting expected: Value?
  ) throws -> Int {
    let state = try copy.database.replicationFamily.state(writer, of: copy)
    guard state.role == .primary else { throw moved("it is \(state.role.rawValue) now") }
    let rows = try failover.rows.read(writer)
    guard FailoverRows.value(rows) == expected else {
      throw moved("its Failover table is not what it was a moment ago: somebody writes to it")
    }
    try writer.execute(statement)
    let left = try writer.query(
      "SELECT count(*) AS rows_left FROM \(table: copy.failoverTable)")
    guard left.first?["rows_left"] == 0 else { throw moved("rows are left in its Failover table") }
    return rows.count
  }

  /// A drill's copy goes as a whole.
  public var undoability: Undoability {
    drill == nil
      ? .inexact("what \(Self.schema.name) changes can't be brought back")
      : .exact(by: DrillRemove.schema.name)
  }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    drill == nil ? nil : []
  }

  private func moved(_ why: String) -> ActionError {
    ActionError(
      "failover_table.moved", "\(copy.subject): \(why); nothing was removed",
      advice: "find out which server is alive, then run the step again")
  }
}
