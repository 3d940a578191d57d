/// One of the Windows hosts of `JAMSSites`, as it is at the beginning.
struct JAMSHost: Sendable {
  enum Part: Sendable { case primary, secondary, standby, database, agent }

  static let partner = "production.partner"
  static let all = [
    JAMSHost(id: "production.scheduler", address: "jams-1.example", part: .primary),
    JAMSHost(id: partner, address: "jams-2.example", part: .secondary),
    JAMSHost(id: "production.database", address: "sql-1.example", part: .database),
    JAMSHost(id: "dr.scheduler", address: "jams-dr.example", part: .standby),
    JAMSHost(id: "dr.database", address: "sql-2.example", part: .database),
    JAMSHost(id: "dr.agent-1", address: "agent-1.example", part: .agent, isBySSH: true),
    JAMSHost(id: "dr.agent-2", address: "agent-2.example", part: .agent),
  ]
  static let production = all.map(\.id).filter { $0.hasPrefix("production.") }
  static let services = ["JAMSServer", "JAMSExecutor", "JAMSScheduler"]

  static let folder = #"C:\Program Files\MVPSI\JAMS\Scheduler"#
  static let serverConfig = folder + #"\Server.config"#
  static let failoverConfig = folder + #"\Failover.config"#
  static let commonConfig = #"C:\ProgramData\MVPSI\JAMS\Common.config"#
  static let hostsFile = #"C:\Windows\System32\drivers\etc\hosts"#
  static let defaultLogs = folder + #"\Log"#
  static let share = #"\\files.example\jams-logs"#
  static let queues = ["jamsrequests", "jamsrequestssubmitcancel"]
  static let addresses = ["production": "192.0.2.11", "dr": "198.51.100.11"]

  let id: String
  /// In the shipped inventory.
  let address: String
  let part: Part
  var isBySSH = false

  var site: String { String(id.prefix { $0 != "." }) }
  var isScheduler: Bool { [.primary, .secondary, .standby].contains(part) }
  /// As the pair's configuration names it, and its certificate of the domain.
  var name: String { String(address.prefix { $0 != "." }).uppercased() }
  /// The machine's account, which its services run under.
  var account: String? { isScheduler ? #"EXAMPLE\\#(name)$"# : nil }
  var guid: String {
    "\(String(repeating: "\(Self.all.firstIndex { $0.id == id }! + 1)", count: 8))-0000-4000-8000-000000000000"
  }

  static func named(_ id: String) -> JAMSHost { all.first { $0.id == id }! }

  // MARK: - The stand-in for JAMS

  static var world: [String: Any] {
    [
      "scheduler_name": "jams.example", "beat": 0.05, "version": ["version": "7.6.1"],
      "addresses": Dictionary(uniqueKeysWithValues: addresses.map { ($1, $0) }),
      "databases": [
        "sql-1.example": ["host": "production.database", "instance": "production"],
        "sql-2.example": ["host": "dr.database", "instance": "dr"],
      ],
      "schedulers": Dictionary(
        uniqueKeysWithValues: all.filter(\.isScheduler).map {
          ($0.id, ["name": $0.name, "site": $0.site])
        }),
      "agents": agents(in: .pair),
      "open": [
        "resource": "/api/resource/{resource}", "resource_update": "/api/resource",
        "jobs": "/api/job", "version": "/api/version",
      ],
      "database": [
        "jobs": [["jobName": "nightly", "agentName": "AGENT-1"]],
        "resources": [["resourceName": "MaintenanceWindow", "quantityAvailable": usualQuantity]],
      ],
    ]
  }
  static let usualQuantity = 999_999

  /// As JAMS knows them: a scheduler's own one is online while its executor runs.
  static func agents(in shape: JAMSSites.Shape) -> [[String: Any]] {
    let own: [[String: Any]] = [
      ["name": "JAMS-1", "host": "production.scheduler", "is_local": true],
      ["name": "localhost", "host": partner, "is_local": true],
    ]
    return Array(own.prefix(shape == .pair ? 2 : 1)) + remoteAgents
  }

  static var remoteAgents: [[String: Any]] {
    [["name": "AGENT-1", "host": "dr.agent-1"], ["name": "AGENT-2", "host": "dr.agent-2"]]
  }

  // MARK: - Its state

  /// As the double of Windows hosts takes it.
  func state(in shape: JAMSSites.Shape, share: String) -> [String: Any] {
    if part == .secondary, shape == .single { return [:] }
    var state: [String: Any] = ["services": services]
    switch part {
    case .database: break
    case .agent: state["files"] = [Self.hostsFile: hosts("production")]
    default:
      state["files"] = files(isPair: shape == .pair && site == "production")
      state["directories"] = [Self.defaultLogs: [:], #"C:\ProgramData"#: [:]]
      state["shares"] = [Self.share: ["directory": share]]
      state["accounts"] = Self.all.compactMap(\.account)
      state["queues"] = Dictionary(
        uniqueKeysWithValues: Self.queues.map { ($0, sending(from: shape)) })
      state["names"] = ["JAMS-1": ["192.0.2.11"], "JAMS-2": ["192.0.2.12"]]
    }
    return state
  }

  private var services: [[String: Any]] {
    switch part {
    case .database: [["name": "MSSQLSERVER", "state": "Running"]]
    case .agent: [["name": "JAMSAgent", "state": "Running"]]
    default:
      [["name": "MSMQ", "state": "Running"]]
        + zip(Self.services, [[], ["MSMQ"], ["JAMSExecutor"]]).map { name, needs in
          [
            "name": name, "depends_on": needs,
            "state": part == .standby ? "Stopped" : "Running",
            "start_type": part == .standby ? "disabled" : "manual",
          ]
        }
    }
  }

  private func files(isPair: Bool) -> [String: String] {
    var files = [
      Self.serverConfig: "<ServerConfig><InstalledGUID>\(guid)</InstalledGUID></ServerConfig>\r\n",
      Self.commonConfig: Self.common(server: site == "dr" ? "sql-2.example" : "sql-1.example"),
      Self.hostsFile: hosts(site),
    ]
    if isPair { files[Self.failoverConfig] = Self.failover() }
    return files
  }

  static func common(server: String) -> String {
    """
    <?xml version="1.0" encoding="utf-8"?>\r
    <configuration>\r
      <appSettings>\r
        <add key="Server" value="\(server)" />\r
        <add key="Database" value="JAMS" />\r
      </appSettings>\r
    </configuration>\r

    """
  }

  static func failover(secondary: String = "JAMS-2", interval: Int = 60) -> String {
    """
    <FailoverConfig>\r
      <Primary>JAMS-1</Primary>\r
      <Secondary>\(secondary)</Secondary>\r
      <Port>4773</Port>\r
      <Interval>\(interval)</Interval>\r
    </FailoverConfig>\r

    """
  }

  private func hosts(_ site: String) -> String {
    "# This machine's own names\r\n127.0.0.1 localhost\r\n\(Self.addresses[site] ?? "") jams.example\r\n"
  }

  /// What the partner's account may do in the queues of this one: `writemessage`.
  private func sending(from shape: JAMSSites.Shape) -> [[String: Any]] {
    guard shape == .pair, site == "production" else { return [] }
    let other = Self.all.first { $0.isScheduler && $0.site == site && $0.id != id }
    return [["account": other?.account ?? "", "access": "Allow", "rights": 4]]
  }
}
