public struct Host: Sendable, Hashable, Codable {
  public let site: String
  public let name: String
  public let connection: Connection
  /// Nil: Linux.
  public let os: OperatingSystem?
  /// How commands get the rights that they need there.
  public let elevation: Elevation
  /// A program, with its arguments, behind which every command runs on the host, as `nsenter --net=/run/netns/lifeboat-drill --`;
  /// nil: none.
  public let inside: [String]?
  public let serviceManager: ServiceManager?
  /// In the order of starting; stopping is the reverse.
  public let services: [String]
  /// What they are set to where they run, in normal times; nil: automatic.
  public let startType: StartType?
  /// Where the GUID of the scheduler on this host is read from; nil when none runs here.
  public let guid: GUIDSource?
  /// The REST server of the scheduler on this host; nil when it isn't asked.
  public let rest: SchedulerREST?
  /// What drills do here, on a host that is there for nothing else; nil on every other.
  public let drill: DrillPlace?

  public init(
    site: String, name: String, connection: Connection, os: OperatingSystem? = nil,
    elevation: Elevation = .none, inside: [String]? = nil, serviceManager: ServiceManager? = nil,
    services: [String] = [], startType: StartType? = nil, guid: GUIDSource? = nil,
    rest: SchedulerREST? = nil, drill: DrillPlace? = nil
  ) {
    self.site = site
    self.name = name
    self.connection = connection
    self.os = os
    self.elevation = elevation
    self.inside = inside
    self.serviceManager = serviceManager
    self.services = services
    self.startType = startType
    self.guid = guid
    self.rest = rest
    self.drill = drill
  }

  /// `dr.scheduler`
  public var id: String { "\(site).\(name)" }

  /// Whether it runs a scheduler that takes control of its site's database: a drill's never does.
  public var isScheduler: Bool { guid != nil && drill == nil }

  public var isWindows: Bool { os == .windows }

  /// The machine that Lifeboat runs on, where no host of an inventory is meant.
  public static let thisMachine = Host(site: "this", name: "machine", connection: .local)

  enum CodingKeys: String, CodingKey {
    case site, name, connection, os, elevation, inside, services, guid, rest, drill
    case serviceManager = "service_manager"
    case startType = "start_type"
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
  /// WinRM, of a Windows host.
  case winrm(settings: WinRMSettings)
}

/// What a host runs, where it isn't Linux.
public enum OperatingSystem: String, Sendable, Hashable, Codable, CaseIterable {
  case windows
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

/// What becomes of services that run when their host boots.
public enum StartType: String, Sendable, Hashable, Codable, CaseIterable {
  case automatic
  /// They stay down until somebody starts them.
  case manual
}

/// What starts and stops services on a host.
public enum ServiceManager: Sendable, Hashable, Codable {
  /// The lab's: `control` and a verb, then `directory` and names of services.
  case process(control: [String], directory: String)
  case systemd
  /// Windows' own, by scripts of ours.
  case windows
}

public enum GUIDSource: Sendable, Hashable, Codable {
  case value(String)
  /// The text of the first element of that name in an XML file on the host.
  case file(path: String, element: String)
}
