import Glibc

/// The text that makes a driver connect. It holds the password: it is made when connecting and shown to nobody.
///
/// Time-outs, the read-only mode and the time zone of no session may depend on a statement that is sent later and could fail:
/// both drivers can pass them along with the connecting itself.
struct ConnectionString {
  /// A setting that has no place in a connection string.
  struct Unwritable: Error { let key: String }

  private(set) var text = ""

  init(_ settings: ODBCSettings, driver: String, password: String) throws {
    try addPlain("Driver", driver)
    switch settings.server {
    case .postgreSQL: try describePostgreSQL(settings)
    case .mariaDB: try describeMariaDB(settings)
    case .sqlServer: try describeSQLServer(settings, driver: driver)
    }
    try addPlain("UID", settings.user)
    if settings.server == .sqlServer, !Self.isMicrosofts(driver) {
      try addForFreeTDS("PWD", password)
    } else {
      try addQuoted("PWD", password)
    }
  }

  /// The drivers don't all understand quotes around each value.
  mutating func addPlain(_ key: String, _ value: String) throws {
    guard !value.contains(where: { ";{}\0".contains($0) }) else { throw Unwritable(key: key) }
    text += "\(key)=\(value);"
  }

  mutating func addRaw(_ key: String, _ value: String) throws {
    guard !value.contains("\0") else { throw Unwritable(key: key) }
    text += "\(key)=\(value);"
  }

  private mutating func addQuoted(_ key: String, _ value: String) throws {
    try addRaw(key, "{\(value.replacing("}", with: "}}"))}")
  }

  /// https://odbc.postgresql.org/docs/config-opt.html
  private mutating func describePostgreSQL(_ settings: ODBCSettings) throws {
    try addPlain("Server", settings.host)
    try addPlain("Port", String(settings.port))
    try addPlain("Database", settings.database)
    // After an error the driver neither rolls back by itself nor goes on behind a savepoint: the caller ends the transaction.
    try addPlain("Protocol", "7.4-0")
    try addPlain("BoolsAsChar", "0")
    try addPlain("Debug", "0")
    try addPlain("CommLog", "0")
    var options = [
      "application_name": settings.applicationName,
      "connect_timeout": String(max(2, settings.connectTimeout.wholeSeconds)),
      "options": serverOptions(settings),
      // A network that swallows packets: an unanswered packet ends the connection soon after the caller has gone.
      "tcp_user_timeout": String((settings.statementTimeout + .seconds(5)).wholeMilliseconds),
      "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
    ]
    switch settings.encryption {
    case .preferred: try addPlain("SSLmode", "prefer")
    case .disabled: try addPlain("SSLmode", "disable")
    case .required: try addPlain("SSLmode", "require")
    case .verified(let authorityFile):
      try addPlain("SSLmode", "verify-full")
      options["sslrootcert"] = authorityFile
    }
    try addQuoted(
      "pqopt", options.sorted { $0.key < $1.key }.map(Self.libpqPair).joined(separator: " "))
  }

  private func serverOptions(_ settings: ODBCSettings) -> String {
    let timeout = "-c statement_timeout=\(settings.statementTimeout.wholeMilliseconds)"
    // Never "off": that a whole server or database is to be read only is its own setting, which a client must not undo.
    return settings.mode == .readOnly ? timeout + " -c default_transaction_read_only=on" : timeout
  }

  /// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING
  private static func libpqPair(_ key: String, _ value: String) -> String {
    let quoted = value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    return "\(key)='\(quoted)'"
  }

  /// https://mariadb.com/kb/en/about-mariadb-connector-odbc/
  private mutating func describeMariaDB(_ settings: ODBCSettings) throws {
    try addPlain("SERVER", settings.host)
    try addPlain("PORT", String(settings.port))
    // The client would take `localhost` for a socket in the file system.
    try addPlain("TCPIP", "1")
    try addPlain("DATABASE", settings.database)
    try addPlain("CHARSET", "utf8mb4")
    try addPlain("CONN_TIMEOUT", String(max(1, settings.connectTimeout.wholeSeconds)))
    // A server that hangs keeps nothing from the caller, who has gone by then; it is the driver's thread that this ends.
    let reserve = String((settings.statementTimeout + .seconds(5)).wholeSeconds)
    try addPlain("READ_TIMEOUT", reserve)
    try addPlain("WRITE_TIMEOUT", reserve)
    let timeout = Double(settings.statementTimeout.wholeMilliseconds) / 1000
    let readOnly = settings.mode == .readOnly ? ", tx_read_only=1" : ""
    try addQuoted("INITSTMT", "SET SESSION max_statement_time=\(timeout)\(readOnly)")
    switch settings.encryption {
    case .preferred, .disabled: break
    case .required: try addPlain("FORCETLS", "1")
    case .verified(let authorityFile):
      try addPlain("FORCETLS", "1")
      try addPlain("SSLVERIFY", "1")
      try addPlain("SSLCA", authorityFile)
    }
  }
}

extension ODBCSettings {
  /// The driver's file, which the driver manager takes without an entry in `odbcinst.ini`; else the name in there.
  func resolvedDriver() -> String {
    if let driver { return driver }
    let (file, name) =
      switch server {
      case .postgreSQL: ("psqlodbcw.so", "PostgreSQL Unicode")
      case .mariaDB: ("libmaodbc.so", "MariaDB Unicode")
      case .sqlServer: ("libtdsodbc.so", "FreeTDS")
      }
    let folders = [
      "/usr/lib/x86_64-linux-gnu/odbc", "/usr/lib/aarch64-linux-gnu/odbc", "/usr/lib64", "/usr/lib",
    ]
    return folders.map { "\($0)/\(file)" }.first { access($0, R_OK) == 0 } ?? name
  }

  var driverPackage: String {
    switch server {
    case .postgreSQL: "odbc-postgresql"
    case .mariaDB: "odbc-mariadb"
    case .sqlServer: "tdsodbc"
    }
  }
}

extension Duration {
  var wholeMilliseconds: Int {
    max(1, Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000))
  }

  /// Rounded up: a limit of no seconds would be no limit.
  var wholeSeconds: Int { (wholeMilliseconds + 999) / 1000 }
}
