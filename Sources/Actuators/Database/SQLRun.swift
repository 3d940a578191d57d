public import Runbook

/// `sql.run`
public struct SQLRun: ActingAction {
  public static let schema = ActionSchema(
    name: "sql.run",
    summary: "Run a statement in a database, unless a query shows that it is done",
    discussion: """
      One statement, in one transaction, on the primary. `unless` is a query that the server itself holds to reading; the
      work is done when it returns a row whose first column is not 0, null or empty. It is asked again in the statement's own
      transaction: if the work has been done meanwhile nothing is changed.

      A drill's copy, `scheduler@dr.drill`, must be one: that is a guard there.

      Values can't be pasted into the statement from parameters: what is written is what runs.
      """,
    target: .databaseAtSite,
    parameters: [
      .init(
        "statement", .string, required: true, "INSERT, UPDATE, DELETE or a change of the schema"),
      .init(
        "unless", .string, required: true,
        why:
          "without it nobody can tell whether the statement's work is done, so the step could not be idempotent",
        "A query that returns a row when the work is done"),
    ],
    effect: .changes,
    isOpaque: true,
    reversibility: .irreversible,
    facts: CopyFacts.notes + DrillDirectory.notes + [
      .init(SQLCondition.holds, "whether the `unless` query shows the work done")
    ],
    guards: [PrimaryGuard.note, DrillDirectory.markedNote],
    example: """
      id: hold-new-jobs
      action: sql.run
      target: scheduler@dr
      with:
        statement: UPDATE jobs SET interval_ms = 60000 WHERE interval_ms < 60000
        unless: SELECT count(*) = 0 FROM jobs WHERE interval_ms < 60000
      """)

  private let copy: DatabaseCopy
  private let statement: SQLStatement
  private let done: SQLCondition
  /// Of a drill's copy alone.
  private let drill: DrillDirectory?

  public init(_ arguments: Arguments) throws {
    copy = try arguments.databaseCopy()
    let text = try arguments.requiredString("statement")
    try StatementKind.check(text, allowed: StatementKind.writing, in: copy.database.kind)
    statement = SQLStatement(verbatim: text, in: copy)
    done = try SQLCondition(try arguments.requiredString("unless"), of: copy)
    drill = DrillDirectory(of: copy)
  }

  public var guards: [Guard] {
    [PrimaryGuard(copy: copy).make()] + (drill.map { [$0.markedGuard()] } ?? [])
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let copyFacts = CopyFacts(copy: copy).observe(observer)
    async let done = done.observe(observer)
    async let marked = drill?.observeServed(observer)
    return Observation(try await copyFacts + done + (marked ?? []))
  }

  public func judge(_ observation: Observation) -> Verdict { done.judge(observation).verdict }

  public func predict(_ observation: Observation) -> Observation? { done.prediction() }

  public func operations(given observation: Observation) -> [Operation] {
    judge(observation).isSatisfied ? [] : [Operation(.statement(statement, in: copy))]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let rows = try await `operator`.transaction(copy) { writer -> Int in
      let state = try copy.database.replicationFamily.state(writer, of: copy)
      guard state.role == .primary else {
        throw ActionError(
          "sql.not_primary", "\(copy.subject) is \(state.role.rawValue) now; nothing was changed",
          advice: "see which site is the primary")
      }
      return try done.holds(writer) ? 0 : writer.execute(statement)
    }
    return Evidence(["rows_changed": .integer(rows)])
  }
}
