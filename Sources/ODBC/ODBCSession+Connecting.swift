import CODBC

extension ODBCSession {
  func connect() throws {
    let password: String
    do { password = try settings.password.reveal() } catch {
      throw ODBCError(
        kind: .authentication, place: settings.place,
        summary: "the password of \(settings.user) can't be had: \(error)")
    }
    let driver = settings.resolvedDriver()
    var units: [SQLWCHAR]
    do {
      units = Array(try ConnectionString(settings, driver: driver, password: password).text.utf16)
    } catch let error as ConnectionString.Unwritable {
      throw invalid("\(error.key) holds a character that can't be handed to the driver")
    }
    try allocateConnection()
    if settings.server == .sqlServer {
      _ = odbc_set_connection_number(
        connection, SQL_ATTR_LOGIN_TIMEOUT, SQLULEN(settings.connectTimeout.wholeSeconds))
    }
    // The driver's own limit counts whole seconds, and not all that it does.
    try watchman.begin(nil, limit: settings.connectTimeout, leavesDoubt: false)
    let code = SQLDriverConnectW(
      connection, nil, &units, SQLSMALLINT(units.count), nil, 0, nil,
      SQLUSMALLINT(SQL_DRIVER_NOPROMPT))
    watchman.end()
    let diagnostics = Diagnostics.read(SQL_HANDLE_DBC, connection)
    guard succeeded(code) else {
      disconnect()
      throw connectError(kindOfConnecting(diagnostics), diagnostics)
    }
    try requireEncryption()
    try endTransactionsAtErrors()
    isReady = true
    warnings = diagnostics
  }

  private func kindOfConnecting(_ diagnostics: [ODBCDiagnostic]) -> ODBCError.Kind {
    let kind = Failure(diagnostics: diagnostics).kindOfConnecting
    // FreeTDS doesn't say why it breaks off a connection that was made: it does so when it doesn't like the certificate.
    let wasBrokenOff = diagnostics.contains { $0.nativeError == 20002 }
    return kind == .unreachable && settings.encryption.isDemanded && wasBrokenOff
      ? .encryption : kind
  }

  /// MariaDB's client falls back to plain text when it was only told to encrypt and the server doesn't offer it. What has gone
  /// over the line by then is the answer to a challenge, not the password.
  private func requireEncryption() throws {
    guard settings.server == .mariaDB, settings.encryption.isDemanded else { return }
    guard let cipher = try query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").first?["Value"],
      cipher != .string("")
    else {
      disconnect()
      throw connectError(.encryption)
    }
  }

  /// Else SQL Server goes on behind a failed statement, and leaves half of a transaction to be committed.
  private func endTransactionsAtErrors() throws {
    guard settings.server == .sqlServer else { return }
    try execute("SET XACT_ABORT ON")
  }

  private func connectError(_ kind: ODBCError.Kind, _ diagnostics: [ODBCDiagnostic] = [])
    -> ODBCError
  {
    let summary =
      switch kind {
      case .driverMissing:
        "the driver \(settings.resolvedDriver()) can't be loaded; apt-get install \(settings.driverPackage)"
      case .authentication: "the server doesn't let \(settings.user) in"
      case .encryption: "no connection can be made that is encrypted as it must be"
      case .timedOut: "the server gave no answer in time"
      case .refused: "the server refuses the connection"
      default: "the server can't be reached"
      }
    return ODBCError(
      kind: kind, place: settings.place, server: settings.server, summary: summary,
      diagnostics: diagnostics)
  }

  private func allocateConnection() throws {
    // An environment for each connection: the driver manager shares nothing between them then.
    guard succeeded(SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_ENV), nil, &environment)),
      succeeded(odbc_use_version_3(environment)),
      succeeded(SQLAllocHandle(SQLSMALLINT(SQL_HANDLE_DBC), environment, &connection))
    else { throw invalid("the driver manager gives no handle") }
  }

  /// Ends the connection, and with it what wasn't committed. May be called again.
  func disconnect() {
    // These calls only give back what is ours: a failure leaves nothing to do.
    if let connection {
      if isInTransaction {
        _ = SQLEndTran(SQLSMALLINT(SQL_HANDLE_DBC), connection, SQLSMALLINT(SQL_ROLLBACK))
      }
      _ = SQLDisconnect(connection)
      _ = SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_DBC), connection)
    }
    if let environment { _ = SQLFreeHandle(SQLSMALLINT(SQL_HANDLE_ENV), environment) }
    connection = nil
    environment = nil
  }

  func invalid(_ summary: String) -> ODBCError {
    ODBCError(kind: .invalidCall, place: settings.place, summary: summary)
  }

  func succeeded(_ code: SQLRETURN) -> Bool {
    code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO
  }
}
