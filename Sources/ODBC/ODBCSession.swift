import CODBC

/// A connection as its own queue sees it: calls that block. Got from `ODBCConnection.perform`, and of no use outside it.
public final class ODBCSession {
  /// What came with the last statement although it succeeded: a server's warnings and notices. MariaDB's driver tells none:
  /// `SHOW WARNINGS` is the way there.
  public internal(set) var warnings: [ODBCDiagnostic] = []

  let settings: ODBCSettings
  let watchman: Watchman
  var environment: SQLHENV?
  var connection: SQLHDBC?
  private(set) var isInTransaction = false
  /// Whether connecting has come to its end.
  var isReady = false

  init(_ settings: ODBCSettings, _ watchman: Watchman) {
    self.settings = settings
    self.watchman = watchman
  }

  /// The statement's rows; of several results, those of the first that has columns.
  ///
  /// - Parameter concealing: whether the statement or its values hold a secret. A server may quote them in its messages, so
  ///   these are left out of errors then.
  public func query(_ sql: String, _ parameters: [ODBCValue] = [], concealing: Bool = false) throws
    -> [ODBCRow]
  {
    try inItsTransaction { try run(sql, parameters, concealing).rows }
  }

  /// How many rows the statement touched; of several, all together.
  @discardableResult
  public func execute(_ sql: String, _ parameters: [ODBCValue] = [], concealing: Bool = false)
    throws
    -> Int
  {
    try inItsTransaction { try run(sql, parameters, concealing).affected }
  }

  /// Runs `body` in one transaction: it is committed when `body` returns, and rolled back when it throws.
  public func transaction<Result>(_ body: (ODBCSession) throws -> Result) throws -> Result {
    guard !isInTransaction else { throw invalid("a transaction within a transaction") }
    // From here on: what breaks while it begins has done nothing.
    isInTransaction = true
    defer { isInTransaction = false }
    try beginTransaction()
    let result: Result
    do {
      result = try body(self)
    } catch {
      rollBack()
      throw error
    }
    try endTransaction(undoesWhatItDid ? SQL_ROLLBACK : SQL_COMMIT)
    return result
  }

  /// SQL Server holds nobody to reading: what shall only read is undone.
  private var undoesWhatItDid: Bool { settings.server == .sqlServer && settings.mode == .readOnly }

  private func inItsTransaction<Result>(_ body: () throws -> Result) throws -> Result {
    guard undoesWhatItDid, !isInTransaction, isReady else { return try body() }
    return try transaction { _ in try body() }
  }
}

extension ODBCSession {
  private typealias Outcome = (rows: [ODBCRow], affected: Int)

  private func run(
    _ sql: String, _ parameters: [ODBCValue] = [], _ concealing: Bool = false,
    isCommit: Bool = false
  ) throws -> Outcome {
    warnings = []
    guard let connection else { throw invalid("the connection has ended; open a new one") }
    guard !sql.contains("\0"), !parameters.contains(where: \.hasNUL) else {
      throw invalid("text with a NUL can't be sent")
    }
    var statement: SQLHSTMT?
    guard succeeded(SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_STMT), connection, &statement)) else {
      throw statementError(
        Diagnostics.read(SQL_HANDLE_DBC, connection), concealing, isCommit: false)
    }
    defer { _ = SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_STMT), statement) }
    // What stands in braces belongs to the server's language, not to ODBC's.
    _ = odbc_set_statement_number(statement, SQL_ATTR_NOSCAN, SQLULEN(SQL_NOSCAN_ON))
    let bound = BoundParameters()
    limitTime(of: statement)
    // A little later than the server itself (or the driver, by whole seconds), whose word settles what was done.
    try watchman.begin(
      statement, limit: settings.statementLimit + .milliseconds(200),
      leavesDoubt: mayHaveBeenDone(isCommit: isCommit))
    defer { watchman.end() }
    do {
      return try withExtendedLifetime(bound) {
        try check(bound.bind(parameters, to: statement))
        return try executeAll(sql, statement)
      }
    } catch is ResultReader.Refusal {
      throw statementError(
        Diagnostics.read(SQL_HANDLE_STMT, statement), concealing, isCommit: isCommit)
    }
  }

  /// SQL Server has no limit of its own that a client could set: the driver asks it to stop.
  private func limitTime(of statement: SQLHSTMT?) {
    guard settings.server == .sqlServer else { return }
    _ = odbc_set_statement_number(
      statement, SQL_ATTR_QUERY_TIMEOUT, SQLULEN(settings.statementTimeout.wholeSeconds))
  }

  /// All results are read to their end: a server may stop half-way through a statement whose results nobody takes.
  private func executeAll(_ sql: String, _ statement: SQLHSTMT?) throws -> Outcome {
    var units = Array(sql.utf16)
    let reader = ResultReader(statement: statement)
    var rows: [ODBCRow]?
    var affected = 0
    var code = SQLExecDirectW(statement, &units, SQLINTEGER(units.count))
    while code != SQL_NO_DATA {
      try check(code)
      if code == SQL_SUCCESS_WITH_INFO { warnings += Diagnostics.read(SQL_HANDLE_STMT, statement) }
      if try reader.columnCount > 0 {
        let found = try reader.rows()
        rows = rows ?? found
      } else {
        var count: SQLLEN = 0
        try check(SQLRowCount(statement, &count))
        affected += max(0, Int(count))
      }
      code = SQLMoreResults(statement)
    }
    return (rows ?? [], affected)
  }

  private func check(_ code: SQLRETURN) throws {
    guard succeeded(code) else { throw ResultReader.Refusal(code: code) }
  }

  /// SQL Server's by its own statements: FreeTDS's driver doesn't notice that the server has rolled back by itself, as it does
  /// when a statement fails.
  private func beginTransaction() throws {
    guard settings.server == .sqlServer else { return try setAutocommit(false) }
    _ = try run("BEGIN TRANSACTION")
  }

  private func endTransaction(_ completion: Int32) throws {
    guard settings.server != .sqlServer else {
      let isCommit = completion == SQL_COMMIT
      let told = warnings
      defer { warnings = told + warnings }
      _ = try run(
        isCommit ? "COMMIT TRANSACTION" : "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION",
        isCommit: isCommit)
      return
    }
    try onConnection(isCommit: completion == SQL_COMMIT) {
      SQLEndTran(SQLSMALLINT(SQL_HANDLE_DBC), $0, SQLSMALLINT(completion))
    }
    try setAutocommit(true)
  }

  private func setAutocommit(_ isOn: Bool) throws {
    try onConnection(isCommit: false) {
      odbc_set_connection_number(
        $0, SQL_ATTR_AUTOCOMMIT, SQLULEN(isOn ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF))
    }
  }

  /// A connection that can't roll back is no longer of use; its end rolls back as well.
  private func rollBack() {
    do { try endTransaction(SQL_ROLLBACK) } catch { disconnect() }
  }

  private func onConnection(isCommit: Bool, _ call: (SQLHDBC) -> SQLRETURN) throws {
    guard let connection else { throw invalid("the connection has ended; open a new one") }
    try watchman.begin(
      nil, limit: settings.statementTimeout, leavesDoubt: mayHaveBeenDone(isCommit: isCommit))
    defer { watchman.end() }
    guard succeeded(call(connection)) else {
      throw statementError(Diagnostics.read(SQL_HANDLE_DBC, connection), false, isCommit: isCommit)
    }
  }

  private func statementError(
    _ diagnostics: [ODBCDiagnostic], _ concealing: Bool, isCommit: Bool
  ) -> ODBCError {
    var kind = Failure(diagnostics: diagnostics).kindOfStatement
    // Of what SQL Server was asked to stop, a part may have been done: a batch goes statement by statement.
    let mayBeHalfDone = settings.server == .sqlServer && [.timedOut, .cancelled].contains(kind)
    let isConfirmed = kind != .connectionLost && !mayBeHalfDone
    // Without an interruption of ours it was somebody else who ended the statement.
    if let interruption = watchman.interruption, kind == .cancelled || kind == .connectionLost {
      kind = interruption
    }
    let summary =
      switch kind {
      case .timedOut: "the statement took too long"
      case .connectionLost: "the connection broke"
      case .cancelled: "the statement was ended from outside"
      default: "the server refused the statement"
      }
    return ODBCError(
      kind: kind, place: settings.place, server: settings.server, summary: summary,
      diagnostics: concealing ? diagnostics.map(\.concealed) : diagnostics,
      isInDoubt: !isConfirmed && mayHaveBeenDone(isCommit: isCommit))
  }

  /// Whether a statement whose answer never came may have been done. Before its commit PostgreSQL undoes everything; in
  /// MariaDB some statements (`TRUNCATE`, `ALTER`) commit by themselves.
  private func mayHaveBeenDone(isCommit: Bool) -> Bool {
    guard settings.mode == .readWrite else { return false }
    return isCommit || !isInTransaction || settings.server == .mariaDB
  }
}

extension ODBCValue {
  fileprivate var hasNUL: Bool {
    if case .string(let text) = self { text.contains("\0") } else { false }
  }
}

extension ODBCDiagnostic {
  fileprivate var concealed: ODBCDiagnostic {
    ODBCDiagnostic(
      state: state, nativeError: nativeError,
      message: "(the message is left out: the statement holds a secret)")
  }
}
