/// What a step's `target` names.
public enum Target: Sendable, Hashable, CustomStringConvertible {
  case host(Host)
  case database(Database)
  case databaseAtSite(Database, site: String)

  public var description: String {
    switch self {
    case .host(let host): host.id
    case .database(let database): database.name
    case .databaseAtSite(let database, let site): "\(database.name)@\(site)"
    }
  }
}

/// In JSON `{"host": …}`, `{"database": …}`, or `{"database": …, "site": "dr"}`.
extension Target: Codable {
  private enum CodingKeys: String, CodingKey { case host, database, site }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if container.contains(.host) {
      self = .host(try container.decode(Host.self, forKey: .host))
      return
    }
    let database = try container.decode(Database.self, forKey: .database)
    let site = try container.decodeIfPresent(String.self, forKey: .site)
    self = site.map { .databaseAtSite(database, site: $0) } ?? .database(database)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .host(let host):
      try container.encode(host, forKey: .host)
    case .database(let database):
      try container.encode(database, forKey: .database)
    case .databaseAtSite(let database, let site):
      try container.encode(database, forKey: .database)
      try container.encode(site, forKey: .site)
    }
  }
}
