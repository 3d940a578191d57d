/// Where a database is and how it is reached.
public struct ODBCSettings: Sendable {
  /// The kinds of server that the client knows the ways of.
  public enum Server: String, Sendable, Hashable, CaseIterable {
    case postgreSQL = "postgresql"
    case mariaDB = "mariadb"
    case sqlServer = "sqlserver"
  }

  /// What the server lets a connection's statements do.
  public enum Mode: String, Sendable, Hashable {
    /// Every transaction is a read-only one, and the server holds it to that. Functions that need a privilege rather than a
    /// transaction, such as PostgreSQL's `pg_promote`, are bound by the user's privileges only.
    ///
    /// SQL Server has no read-only transactions. There the client itself undoes what such a connection does: every statement
    /// runs in a transaction that is rolled back, in which role commands, backups and changes of databases are refused by the
    /// server. What a rollback doesn't undo (a job that was started) only the login's own permissions prevent: give it none.
    case readOnly
    case readWrite
  }

  public enum Encryption: Sendable, Hashable {
    /// Encrypted when the server offers it, unverified.
    case preferred
    case disabled
    /// Encrypted; nobody's certificate is checked.
    case required
    /// Encrypted, and the server's certificate is for `host` and from this authority. Microsoft's driver can't be told an
    /// authority: it asks the system's.
    case verified(authorityFile: String)

    /// Whether there is no connection without it.
    var isDemanded: Bool {
      switch self {
      case .preferred, .disabled: false
      case .required, .verified: true
      }
    }
  }

  public var server: Server
  /// The driver's file, or its name in `odbcinst.ini`. Nil: Debian's driver for that server.
  public var driver: String?
  public var host: String
  public var port: Int
  public var database: String
  public var user: String
  public var password: ODBCPassword
  public var mode: Mode
  public var encryption: Encryption
  public var connectTimeout: Duration
  /// For each statement. The server itself ends it then; the client asks it to a little later, and waits for nobody after that.
  public var statementTimeout: Duration
  /// How long a statement that the client has asked the server to end may take to come back, before nobody waits any more.
  public var grace: Duration
  /// What the server's list of connections shows.
  public var applicationName: String

  public init(
    server: Server, driver: String? = nil, host: String, port: Int, database: String, user: String,
    password: ODBCPassword, mode: Mode, encryption: Encryption = .preferred,
    connectTimeout: Duration = .seconds(5), statementTimeout: Duration = .seconds(30),
    grace: Duration = .seconds(1), applicationName: String = "lifeboat"
  ) {
    self.server = server
    self.driver = driver
    self.host = host
    self.port = port
    self.database = database
    self.user = user
    self.password = password
    self.mode = mode
    self.encryption = encryption
    self.connectTimeout = connectTimeout
    self.statementTimeout = statementTimeout
    self.grace = grace
    self.applicationName = applicationName
  }

  /// When the server or its driver ends a statement.
  var statementLimit: Duration {
    server == .sqlServer ? .seconds(statementTimeout.wholeSeconds) : statementTimeout
  }

  /// The name for messages: `server:port/database`.
  public var place: String { "\(host):\(port)/\(database)" }
}

/// A password, asked for only when a connection is made. It prints as `•••`.
public struct ODBCPassword: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  let reveal: @Sendable () throws -> String

  public init(_ reveal: @escaping @Sendable () throws -> String) { self.reveal = reveal }

  public var description: String { "•••" }
  public var debugDescription: String { "•••" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
