public struct Database: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    case sqlite, postgresql, mariadb, sqlserver

    /// The kinds of replication that this kind of database has here.
    public var replications: [Replication.Kind] {
      switch self {
      case .sqlite: [.logShipping]
      case .postgresql: [.streaming]
      case .mariadb: [.gtid]
      case .sqlserver: [.mirroring, .availabilityGroup, .logShipping]
      }
    }

    /// One row, one column: what the server says it is.
    public var versionQuery: SQLStatement {
      switch self {
      case .sqlite: "SELECT sqlite_version() AS version"
      case .postgresql, .mariadb: "SELECT version() AS version"
      case .sqlserver: "SELECT @@VERSION AS version"
      }
    }
  }

  public struct Replication: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
      /// Of SQL Server by backups of its log; of SQLite the lab's, by `replication_state`.
      case logShipping = "log_shipping"
      /// PostgreSQL's physical streaming replication, with a slot a standby.
      case streaming
      /// MariaDB's, by global transaction ids.
      case gtid
      /// SQL Server's database mirroring.
      case mirroring
      /// SQL Server's availability groups.
      case availabilityGroup = "availability_group"
    }

    public let kind: Kind
    /// The database account that a replica logs in to the primary with.
    public let user: String?
    /// Its password. PostgreSQL has none here: it names a `passfile` among the options, as a password in
    /// `primary_conninfo` could be read by anybody who may read the settings.
    public let password: SecretReference?
    /// Further words for a replica's connection to the primary: libpq's connection parameters, or MariaDB's `MASTER_…` options.
    public let options: [String: String]
    /// SQL Server's log shipping: how often a job that is made for it runs, as `15m`.
    public let interval: String?

    public init(
      kind: Kind, user: String? = nil, password: SecretReference? = nil,
      options: [String: String] = [:], interval: String? = nil
    ) {
      self.kind = kind
      self.user = user
      self.password = password
      self.options = options
      self.interval = interval
    }
  }

  /// Where one copy is.
  public struct Placement: Sendable, Hashable, Codable {
    public enum Location: Sendable, Hashable, Codable {
      /// The database file, on the host.
      case file(path: String)
      /// A server on the host, reached over the network.
      case server(settings: DatabaseServer)

      /// Where the data is, on the host.
      public var path: String {
        switch self {
        case .file(let path): path
        case .server(let settings): settings.installation.dataDirectory
        }
      }
    }

    /// The host's name within the site.
    public let host: String
    public let location: Location

    public init(host: String, location: Location) {
      self.host = host
      self.location = location
    }

    public init(host: String, file: String) {
      self.init(host: host, location: .file(path: file))
    }
  }

  public let name: String
  public let kind: Kind
  public let replication: Replication?
  /// The site that is the primary in normal times.
  public let primary: String
  public let failoverTable: String
  public let guidColumn: String
  /// The column of that table in which a server that is in control writes the time, again and again; nil when there is none.
  public let heartbeatColumn: String?
  /// By site.
  public let placements: [String: Placement]

  public init(
    name: String, kind: Kind, replication: Replication?, primary: String,
    failoverTable: String = "Failover", guidColumn: String = "guid",
    heartbeatColumn: String? = nil,
    placements: [String: Placement]
  ) {
    self.name = name
    self.kind = kind
    self.replication = replication
    self.primary = primary
    self.failoverTable = failoverTable
    self.guidColumn = guidColumn
    self.heartbeatColumn = heartbeatColumn
    self.placements = placements
  }

  enum CodingKeys: String, CodingKey {
    case name, kind, replication, primary, placements
    case failoverTable = "failover_table"
    case guidColumn = "guid_column"
    case heartbeatColumn = "heartbeat_column"
  }
}

/// A database server on one host: how clients reach it, and where it lives on the host.
public struct DatabaseServer: Sendable, Hashable, Codable {
  /// A login of the server.
  public struct Login: Sendable, Hashable, Codable {
    public let user: String
    public let password: SecretReference?

    public init(user: String, password: SecretReference? = nil) {
      self.user = user
      self.password = password
    }
  }

  public struct TLS: Sendable, Hashable, Codable {
    public enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
      /// No encryption: for a server on this machine.
      case disable
      /// Encrypted, and the server not verified: proof against listening, not against an impostor.
      case require
      /// The certificate must be of the authority and name the address.
      case verifyFull = "verify-full"
    }

    public let mode: Mode
    /// The authority's certificate, a file on this machine.
    public let authority: String?

    public init(mode: Mode = .verifyFull, authority: String? = nil) {
      self.mode = mode
      self.authority = authority
    }
  }

  /// What runs it, on its host.
  public struct Installation: Sendable, Hashable, Codable {
    /// Its service, as the host's service manager names it.
    public let service: String
    /// The operating system account that owns its files.
    public let account: String
    public let dataDirectory: String
    /// Where its programs are when PATH doesn't lead there, as `/usr/lib/postgresql/15/bin`.
    public let programDirectory: String?
    /// Where a file that ends with `.cnf` becomes part of the server's configuration at its next start: MariaDB only.
    public let configurationDirectory: String?

    public init(
      service: String, account: String, dataDirectory: String, programDirectory: String? = nil,
      configurationDirectory: String? = nil
    ) {
      self.service = service
      self.account = account
      self.dataDirectory = dataDirectory
      self.programDirectory = programDirectory
      self.configurationDirectory = configurationDirectory
    }

    /// A program of the server's.
    public func program(_ name: String) -> String {
      programDirectory.map { "\($0)/\(name)" } ?? name
    }

    enum CodingKeys: String, CodingKey {
      case service, account
      case dataDirectory = "data_directory"
      case programDirectory = "program_directory"
      case configurationDirectory = "configuration_directory"
    }
  }

  /// SQL Server's log shipping: where backups of the log go and come from, as this server sees it. What SQL Server has set up
  /// already goes before it.
  public struct ShippingPlaces: Sendable, Hashable, Codable {
    /// Where this server, as the primary, writes backups of its log.
    public let backupDirectory: String
    /// The same, as the other servers reach it.
    public let backupShare: String
    /// Where this server, as a secondary, copies the primary's backups to.
    public let copyDirectory: String

    public init(backupDirectory: String, backupShare: String, copyDirectory: String) {
      self.backupDirectory = backupDirectory
      self.backupShare = backupShare
      self.copyDirectory = copyDirectory
    }

    enum CodingKeys: String, CodingKey {
      case backupDirectory = "backup_directory"
      case backupShare = "backup_share"
      case copyDirectory = "copy_directory"
    }
  }

  public let address: String
  public let port: Int
  /// The database's name on the server.
  public let database: String
  /// The ODBC driver, by its file or its name in `odbcinst.ini`; nil: Debian's.
  public let driver: String?
  public let tls: TLS
  /// For probes: an account that the server itself lets look, and do nothing else. A read-only transaction isn't enough:
  /// PostgreSQL promotes a standby in one.
  public let observer: Login
  /// For acts.
  public let `operator`: Login
  public let installation: Installation
  /// Of a database whose log is shipped.
  public let shipping: ShippingPlaces?

  public init(
    address: String, port: Int, database: String, driver: String? = nil, tls: TLS,
    observer: Login, operator: Login,
    installation: Installation, shipping: ShippingPlaces? = nil
  ) {
    self.address = address
    self.port = port
    self.database = database
    self.driver = driver
    self.tls = tls
    self.observer = observer
    self.operator = `operator`
    self.installation = installation
    self.shipping = shipping
  }
}

/// A database at one site: `scheduler@dr`.
public struct DatabaseCopy: Sendable, Hashable {
  public let database: Database
  public let site: String
  public let host: Host
  public let placement: Database.Placement

  public init(database: Database, site: String, host: Host, placement: Database.Placement) {
    self.database = database
    self.site = site
    self.host = host
    self.placement = placement
  }

  /// The subject of its facts.
  public var subject: String { "\(database.name)@\(site)" }

  /// Whether it is a drill's throw-away copy.
  public var isDrills: Bool { site == host.id }

  /// Its server; nil when it is a file.
  public var server: DatabaseServer? {
    if case .server(let settings) = placement.location { settings } else { nil }
  }

  /// Where the schedulers write who is in control. In SQL Server `schema.table` names the schema, too.
  public var failoverTable: TableName {
    let words = database.failoverTable.split(separator: ".", maxSplits: 1).map(String.init)
    let namesSchema = database.kind == .sqlserver && words.count == 2
    return TableName(
      database: server?.database ?? "", schema: namesSchema ? words[0] : "dbo",
      name: namesSchema ? words[1] : database.failoverTable)
  }
}
