import Glibc

/// The text that makes a driver connect. It holds the password: it is made when connecting and shown to nobody.
///
/// Time-outs, the read-only mode and the time zone of no session may depend on a statement that is sent later and could fail:
/// both drivers can pass them along with the connecting itself.
struct ConnectionString {
  private var pairs: [(key: String, value: String)] = []

  init(_ settings: ODBCSettings, driver: String, password: String) {
    // The driver manager wants its own key first and unquoted.
    pairs.append(("Driver", driver))
    switch settings.server {
    case .postgreSQL: describePostgreSQL(settings)
    case .mariaDB: describeMariaDB(settings)
    }
    add("UID", settings.user)
    add("PWD", password)
  }

  var text: String {
    let head = "\(pairs[0].key)=\(pairs[0].value);"
    return head + pairs.dropFirst().map { "\($0.key)={\($0.value)};" }.joined()
  }

  private mutating func add(_ key: String, _ value: String) {
    pairs.append((key, value.replacing("}", with: "}}")))
  }

  /// https://odbc.postgresql.org/docs/config-opt.html
  private mutating func describePostgreSQL(_ settings: ODBCSettings) {
    add("Server", settings.host)
    add("Port", String(settings.port))
    add("Database", settings.database)
    // After an error the driver neither rolls back by itself nor goes on behind a savepoint: the caller ends the transaction.
    add("Protocol", "7.4-0")
    add("BoolsAsChar", "0")
    add("Debug", "0")
    add("CommLog", "0")
    var options = [
      "application_name": settings.applicationName,
      "connect_timeout": String(max(2, settings.connectTimeout.wholeSeconds)),
      "options": serverOptions(settings),
      // A network that swallows packets: an unanswered packet ends the connection soon after the caller has gone.
      "tcp_user_timeout": String((settings.statementTimeout + .seconds(5)).wholeMilliseconds),
      "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
    ]
    switch settings.encryption {
    case .preferred: add("SSLmode", "prefer")
    case .disabled: add("SSLmode", "disable")
    case .required: add("SSLmode", "require")
    case .verified(let authorityFile):
      add("SSLmode", "verify-full")
      options["sslrootcert"] = authorityFile
    }
    add("pqopt", options.sorted { $0.key < $1.key }.map(Self.libpqPair).joined(separator: " "))
  }

  private func serverOptions(_ settings: ODBCSettings) -> String {
    let timeout = settings.statementTimeout.wholeMilliseconds
    let readOnly = settings.mode == .readOnly ? "on" : "off"
    return
      "-c statement_timeout=\(timeout) -c default_transaction_read_only=\(readOnly) -c lc_messages=C"
  }

  /// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING
  private static func libpqPair(_ key: String, _ value: String) -> String {
    let quoted = value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    return "\(key)='\(quoted)'"
  }

  /// https://mariadb.com/kb/en/about-mariadb-connector-odbc/
  private mutating func describeMariaDB(_ settings: ODBCSettings) {
    add("SERVER", settings.host)
    add("PORT", String(settings.port))
    // The client would take `localhost` for a socket in the file system.
    add("TCPIP", "1")
    add("DATABASE", settings.database)
    add("CHARSET", "utf8mb4")
    add("CONN_TIMEOUT", String(max(1, settings.connectTimeout.wholeSeconds)))
    // A server that hangs keeps nothing from the caller, who has gone by then; it is the driver's thread that this ends.
    let reserve = String((settings.statementTimeout + .seconds(5)).wholeSeconds)
    add("READ_TIMEOUT", reserve)
    add("WRITE_TIMEOUT", reserve)
    let timeout = Double(settings.statementTimeout.wholeMilliseconds) / 1000
    let readOnly = settings.mode == .readOnly ? 1 : 0
    add("INITSTMT", "SET SESSION max_statement_time=\(timeout), tx_read_only=\(readOnly)")
    switch settings.encryption {
    case .preferred, .disabled: break
    case .required: add("FORCETLS", "1")
    case .verified(let authorityFile):
      add("FORCETLS", "1")
      add("SSLVERIFY", "1")
      add("SSLCA", authorityFile)
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
