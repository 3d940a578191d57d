/// What `sites.yaml` describes: the sites, and the databases and paths that lie across them.
public struct Inventory: Sendable, Hashable, Codable {
  public let sites: [Site]
  public let databases: [Database]
  public let paths: [SharedPath]
  public let groups: [HostGroup]
  public let witnesses: [Witness]
  /// The file of keys that people sign with, in OpenSSH's format `allowed_signers`; on this machine.
  public let allowedSigners: String?

  public init(
    sites: [Site], databases: [Database] = [], paths: [SharedPath] = [], groups: [HostGroup] = [],
    witnesses: [Witness] = [], allowedSigners: String? = nil
  ) {
    self.sites = sites
    self.databases = databases
    self.paths = paths
    self.groups = groups
    self.witnesses = witnesses
    self.allowedSigners = allowedSigners
  }

  enum CodingKeys: String, CodingKey {
    case sites, databases, paths, groups, witnesses
    case allowedSigners = "allowed_signers"
  }

  public var hosts: [Host] { sites.flatMap(\.hosts) }

  /// `dr.scheduler`
  public func host(_ id: String) -> Host? { hosts.first { $0.id == id } }

  public func site(_ name: String) -> Site? { sites.first { $0.name == name } }

  public func database(_ name: String) -> Database? { databases.first { $0.name == name } }

  public func path(_ name: String) -> SharedPath? { paths.first { $0.name == name } }

  public func group(_ name: String) -> HostGroup? { groups.first { $0.name == name } }

  /// A database's copy at a site, with the host that serves it; or a drill's throw-away copy, by the drill's host: `dr.drill`.
  public func copy(of database: Database, at site: String) -> DatabaseCopy? {
    if let host = host(site), let drill = host.drill, drill.database == database.name {
      return database.placements[host.site].flatMap { drill.location(copying: $0.location) }.map {
        DatabaseCopy(
          database: database, site: host.id, host: host,
          placement: Database.Placement(host: host.name, location: $0))
      }
    }
    guard let placement = database.placements[site], let host = host("\(site).\(placement.host)")
    else { return nil }
    return DatabaseCopy(database: database, site: site, host: host, placement: placement)
  }

  /// The copies of all databases.
  public var copies: [DatabaseCopy] { databases.flatMap(copies(of:)) }

  /// A database's copies, in the order of the sites.
  public func copies(of database: Database) -> [DatabaseCopy] {
    sites.compactMap { copy(of: database, at: $0.name) }
  }

  /// The hosts that run a scheduler: those that have a GUID. Optionally only those of the sites that are not `site`.
  public func schedulerHosts(otherThan site: String? = nil) -> [Host] {
    hosts.filter { $0.isScheduler && $0.site != site }
  }

  /// The hosts whose scheduler works on the copy at a site; or, by the drill's host, on the drill's copy.
  public func schedulers(at place: String) -> [Host] {
    if let host = host(place), host.drill != nil { return [host] }
    return schedulerHosts().filter { $0.site == place }
  }
}

extension Inventory {
  /// Plans are kept for ever, also those that were made before there were witnesses.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      sites: try container.decode([Site].self, forKey: .sites),
      databases: try container.decode([Database].self, forKey: .databases),
      paths: try container.decode([SharedPath].self, forKey: .paths),
      groups: try container.decode([HostGroup].self, forKey: .groups),
      witnesses: try container.decodeIfPresent([Witness].self, forKey: .witnesses) ?? [],
      allowedSigners: try container.decodeIfPresent(String.self, forKey: .allowedSigners))
  }
}

public struct Site: Sendable, Hashable, Codable {
  public let name: String
  public let hosts: [Host]
  /// What runbooks refer to as `${SITE.settings.NAME}`: what differs between the sites and is nothing that Lifeboat knows of.
  public let settings: [String: String]?

  public init(name: String, hosts: [Host], settings: [String: String]? = nil) {
    self.name = name
    self.hosts = hosts
    self.settings = settings
  }
}

/// Hosts that a step may target together, as `agents`.
public struct HostGroup: Sendable, Hashable, Codable {
  public let name: String
  /// Their ids, `dr.agent-1`.
  public let hosts: [String]

  public init(name: String, hosts: [String]) {
    self.name = name
    self.hosts = hosts
  }
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
