/// What `sites.yaml` describes: the sites, and the databases and paths that lie across them.
public struct Inventory: Sendable, Hashable, Codable {
  public let sites: [Site]
  public let databases: [Database]
  public let paths: [SharedPath]

  public init(sites: [Site], databases: [Database] = [], paths: [SharedPath] = []) {
    self.sites = sites
    self.databases = databases
    self.paths = paths
  }

  public var hosts: [Host] { sites.flatMap(\.hosts) }

  /// `dr.scheduler`
  public func host(_ id: String) -> Host? { hosts.first { $0.id == id } }

  public func site(_ name: String) -> Site? { sites.first { $0.name == name } }

  public func database(_ name: String) -> Database? { databases.first { $0.name == name } }

  public func path(_ name: String) -> SharedPath? { paths.first { $0.name == name } }

  /// A database's copy at a site, with the host that serves it.
  public func copy(of database: Database, at site: String) -> DatabaseCopy? {
    guard let placement = database.placements[site], let host = host("\(site).\(placement.host)")
    else { return nil }
    return DatabaseCopy(database: database, site: site, host: host, placement: placement)
  }

  /// The hosts that run a scheduler: those that have a GUID. Optionally only those of the sites that are not `site`.
  public func schedulerHosts(otherThan site: String? = nil) -> [Host] {
    hosts.filter { $0.guid != nil && $0.site != site }
  }
}

public struct Site: Sendable, Hashable, Codable {
  public let name: String
  public let hosts: [Host]

  public init(name: String, hosts: [Host]) {
    self.name = name
    self.hosts = hosts
  }
}

public struct Host: Sendable, Hashable, Codable {
  public let site: String
  public let name: String
  public let connection: Connection
  public let serviceManager: ServiceManager?
  /// In the order of starting; stopping is the reverse.
  public let services: [String]
  /// Where the GUID of the scheduler on this host is read from; nil when none runs here.
  public let guid: GUIDSource?

  public init(
    site: String, name: String, connection: Connection, serviceManager: ServiceManager? = nil,
    services: [String] = [], guid: GUIDSource? = nil
  ) {
    self.site = site
    self.name = name
    self.connection = connection
    self.serviceManager = serviceManager
    self.services = services
    self.guid = guid
  }

  /// `dr.scheduler`
  public var id: String { "\(site).\(name)" }

  enum CodingKeys: String, CodingKey {
    case site, name, connection, services, guid
    case serviceManager = "service_manager"
  }
}

/// How commands reach a host.
public enum Connection: Sendable, Hashable, Codable {
  /// The machine that Lifeboat runs on.
  case local
  /// Commands run behind a prefix: a program that enters the host and runs the rest of its arguments there, and exits
  /// with 255 when it can't, as `ssh` does.
  case exec(through: [String])
}

/// What starts and stops services on a host.
public enum ServiceManager: Sendable, Hashable, Codable {
  /// The lab's: `control` and a verb, then `directory` and names of services.
  case process(control: [String], directory: String)
}

public enum GUIDSource: Sendable, Hashable, Codable {
  case value(String)
  /// The text of the first element of that name in an XML file on the host.
  case file(path: String, element: String)
}

public struct Database: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    case sqlite
  }

  public enum Replication: String, Sendable, Hashable, Codable, CaseIterable {
    /// The lab's, by `replication_state`.
    case logShipping = "log_shipping"
  }

  public struct Placement: Sendable, Hashable, Codable {
    /// The host's name within the site.
    public let host: String
    /// The database file, on that host.
    public let file: String

    public init(host: String, file: String) {
      self.host = host
      self.file = file
    }
  }

  public let name: String
  public let kind: Kind
  public let replication: Replication?
  /// The site that is the primary in normal times.
  public let primary: String
  public let failoverTable: String
  public let guidColumn: String
  /// By site.
  public let placements: [String: Placement]

  public init(
    name: String, kind: Kind, replication: Replication?, primary: String,
    failoverTable: String = "Failover", guidColumn: String = "guid",
    placements: [String: Placement]
  ) {
    self.name = name
    self.kind = kind
    self.replication = replication
    self.primary = primary
    self.failoverTable = failoverTable
    self.guidColumn = guidColumn
    self.placements = placements
  }

  enum CodingKeys: String, CodingKey {
    case name, kind, replication, primary, placements
    case failoverTable = "failover_table"
    case guidColumn = "guid_column"
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
}

/// A directory that hosts reach under paths of their own.
public struct SharedPath: Sendable, Hashable, Codable {
  public let name: String
  /// By host id, `dr.scheduler`.
  public let at: [String: String]

  public init(name: String, at: [String: String]) {
    self.name = name
    self.at = at
  }
}
