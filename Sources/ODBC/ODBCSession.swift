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
    try run(sql, parameters, concealing).rows
  }

  /// How many rows the statement touched; of several, all together.
  @discardableResult
  public func execute(_ sql: String, _ parameters: [ODBCValue] = [], concealing: Bool = false)
    throws
    -> Int
  {
    try run(sql, parameters, concealing).affected
  }

  /// Runs `body` in one transaction: it is committed when `body` returns, and rolled back when it throws.
  public func transaction<Result>(_ body: (ODBCSession) throws -> Result) throws -> Result {
    guard !isInTransaction else { throw invalid("a transaction within a transaction") }
    try setAutocommit(false)
    isInTransaction = true
    defer { isInTransaction = false }
    let result: Result
    do {
      result = try body(self)
    } catch {
      rollBack()
      throw error
    }
    try endTransaction(SQL_COMMIT)
    try setAutocommit(true)
    return result
  }
}

extension ODBCSession {
  private typealias Outcome = (rows: [ODBCRow], affected: Int)

  private func run(_ sql: String, _ parameters: [ODBCValue], _ concealing: Bool) throws -> Outcome {
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
    // A little later than the server itself, whose word settles what was done.
    try watchman.begin(
      statement, limit: settings.statementTimeout + .milliseconds(200),
      leavesDoubt: mayHaveBeenDone(isCommit: false))
    defer { watchman.end() }
    do {
      return try withExtendedLifetime(bound) {
        try check(bound.bind(parameters, to: statement))
        return try executeAll(sql, statement)
      }
    } catch is ResultReader.Refusal {
      throw statementError(
        Diagnostics.read(SQL_HANDLE_STMT, statement), concealing, isCommit: false)
    }
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

  private func endTransaction(_ completion: Int32) throws {
    try onConnection(isCommit: completion == SQL_COMMIT) {
      SQLEndTran(SQLSMALLINT(SQL_HANDLE_DBC), $0, SQLSMALLINT(completion))
    }
  }

  private func setAutocommit(_ isOn: Bool) throws {
    try onConnection(isCommit: false) {
      odbc_set_connection_number(
        $0, SQL_ATTR_AUTOCOMMIT, SQLULEN(isOn ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF))
    }
  }

  /// A connection that can't roll back is no longer of use; its end rolls back as well.
  private func rollBack() {
    do {
      try endTransaction(SQL_ROLLBACK)
      try setAutocommit(true)
    } catch {
      disconnect()
    }
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
    let isConfirmed = kind != .connectionLost
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
      kind: kind, place: settings.place, summary: summary,
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
