public struct Host: Sendable, Hashable, Codable {
  public let site: String
  public let name: String
  public let connection: Connection
  /// How commands get the rights that they need there.
  public let elevation: Elevation
  public let serviceManager: ServiceManager?
  /// In the order of starting; stopping is the reverse.
  public let services: [String]
  /// Where the GUID of the scheduler on this host is read from; nil when none runs here.
  public let guid: GUIDSource?
  /// What drills do here, on a host that is there for nothing else; nil on every other.
  public let drill: DrillPlace?

  public init(
    site: String, name: String, connection: Connection, elevation: Elevation = .none,
    serviceManager: ServiceManager? = nil, services: [String] = [], guid: GUIDSource? = nil,
    drill: DrillPlace? = nil
  ) {
    self.site = site
    self.name = name
    self.connection = connection
    self.elevation = elevation
    self.serviceManager = serviceManager
    self.services = services
    self.guid = guid
    self.drill = drill
  }

  /// `dr.scheduler`
  public var id: String { "\(site).\(name)" }

  /// Whether it runs a scheduler that takes control of its site's database: a drill's never does.
  public var isScheduler: Bool { guid != nil && drill == nil }

  /// The machine that Lifeboat runs on, where no host of an inventory is meant.
  public static let thisMachine = Host(site: "this", name: "machine", connection: .local)

  enum CodingKeys: String, CodingKey {
    case site, name, connection, elevation, services, guid, drill
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
  /// The system's OpenSSH client, so that `ssh_config`, jump hosts, agents and certificates work as the operator knows them.
  case ssh(settings: SSHSettings)
}

/// What Lifeboat adds to what `ssh_config` says of a host.
public struct SSHSettings: Sendable, Hashable, Codable {
  public static let defaultConnectTimeout = "10s"
  public static let defaultSilenceTimeout = "15s"

  /// The host as `ssh` is told it: an alias of `ssh_config`, a name or an address.
  public let destination: String
  public let user: String?
  public let port: Int?
  /// A file to read in place of the operator's `ssh_config`.
  public let configuration: String?
  /// How long connecting may take, as `10s`.
  public let connectTimeout: String
  /// How long the host may be silent before the connection counts as lost, as `15s`.
  public let silenceTimeout: String

  public init(
    destination: String, user: String? = nil, port: Int? = nil, configuration: String? = nil,
    connectTimeout: String = defaultConnectTimeout, silenceTimeout: String = defaultSilenceTimeout
  ) {
    self.destination = destination
    self.user = user
    self.port = port
    self.configuration = configuration
    self.connectTimeout = connectTimeout
    self.silenceTimeout = silenceTimeout
  }

  enum CodingKeys: String, CodingKey {
    case destination, user, port, configuration
    case connectTimeout = "connect_timeout"
    case silenceTimeout = "silence_timeout"
  }
}

/// How commands on a host get the rights of root, or of another account.
public enum Elevation: String, Sendable, Hashable, Codable, CaseIterable {
  /// They have them: the login is root's, or needs no more than it has.
  case none
  /// Every command runs behind `sudo -n`, which must not ask for a password.
  case sudo
}

/// What starts and stops services on a host.
public enum ServiceManager: Sendable, Hashable, Codable {
  /// The lab's: `control` and a verb, then `directory` and names of services.
  case process(control: [String], directory: String)
  case systemd
}

public enum GUIDSource: Sendable, Hashable, Codable {
  case value(String)
  /// The text of the first element of that name in an XML file on the host.
  case file(path: String, element: String)
}

/// What a drill at a host works on.
public struct DrillPlace: Sendable, Hashable, Codable {
  /// Of this database, the copy at the host's site is copied.
  public let database: String
  /// Holds all that a drill makes, and is there only for as long as one is under way.
  public let directory: String

  public init(database: String, directory: String) {
    self.database = database
    self.directory = directory
  }

  /// The throw-away copy.
  public var file: String { "\(directory)/\(database).sqlite" }
}
