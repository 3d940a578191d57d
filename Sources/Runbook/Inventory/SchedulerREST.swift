/// How the REST server of the scheduler on a host is asked. Endpoints that the vendor has published are Lifeboat's own
/// knowledge; those that it hasn't are settings, and what needs them can't be done without.
public struct SchedulerREST: Sendable, Hashable, Codable {
  /// The resource that jobs need to start, and that has none to give during maintenance.
  public struct MaintenanceWindow: Sendable, Hashable, Codable {
    public static let defaultResource = "MaintenanceWindow"
    /// Stands in a path for the resource's name.
    public static let placeholder = "{resource}"

    public let resource: String
    /// Where it is read.
    public let path: String
    /// Where it is put as a whole.
    public let updatePath: String
    /// The field that holds how many there are to give.
    public let quantityField: String

    public init(
      resource: String = defaultResource, path: String, updatePath: String? = nil,
      quantityField: String
    ) {
      self.resource = resource
      self.path = path
      self.updatePath = updatePath ?? path
      self.quantityField = quantityField
    }

    enum CodingKeys: String, CodingKey {
      case resource, path
      case updatePath = "update"
      case quantityField = "quantity"
    }
  }

  /// Where the jobs are listed, and by which names of fields.
  public struct Jobs: Sendable, Hashable, Codable {
    public let path: String
    public let nameField: String
    public let agentField: String
    /// The agent that is part of the scheduler itself: what it runs ends with the scheduler.
    public let localAgent: String

    public init(path: String, nameField: String, agentField: String, localAgent: String) {
      self.path = path
      self.nameField = nameField
      self.agentField = agentField
      self.localAgent = localAgent
    }

    enum CodingKeys: String, CodingKey {
      case path
      case nameField = "name"
      case agentField = "agent"
      case localAgent = "local_agent"
    }
  }

  /// Where the server tells its version.
  public struct Version: Sendable, Hashable, Codable {
    public let path: String
    /// Nil: the whole answer is the version.
    public let field: String?

    public init(path: String, field: String? = nil) {
      self.path = path
      self.field = field
    }
  }

  /// Without a slash at its end: `https://jams-1.example:6371/jams`.
  public let url: String
  public let user: String
  public let password: SecretReference
  /// A file with the certificates of the authorities that are trusted; nil: those of this machine.
  public let authority: String?
  public let maintenanceWindow: MaintenanceWindow?
  public let jobs: Jobs?
  public let version: Version?

  public init(
    url: String, user: String, password: SecretReference, authority: String? = nil,
    maintenanceWindow: MaintenanceWindow? = nil, jobs: Jobs? = nil, version: Version? = nil
  ) {
    self.url = url
    self.user = user
    self.password = password
    self.authority = authority
    self.maintenanceWindow = maintenanceWindow
    self.jobs = jobs
    self.version = version
  }

  /// The name or address in the URL.
  public var address: String { HTTPSURL.address(in: url) }

  enum CodingKeys: String, CodingKey {
    case url, user, password, jobs, version
    case authority = "ca"
    case maintenanceWindow = "maintenance_window"
  }
}

/// URLs as an inventory takes them: of TLS alone, and without a name and password, which would be shown wherever the URL is.
enum HTTPSURL {
  static func isPlain(_ url: String) -> Bool {
    url.wholeMatch(of: /https:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?(\/[\w\/.-]*)?/)
      != nil
  }

  /// The name or address in it.
  static func address(in url: String) -> String {
    let afterScheme = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first
    let authority = afterScheme.map(String.init) ?? ""
    if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
    return String(authority.prefix { $0 != ":" })
  }
}
