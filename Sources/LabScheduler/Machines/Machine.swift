/// A network of the lab of machines: a site, or what lies outside both.
enum MachineNetwork: String, CaseIterable, Codable, Sendable {
  case production
  case dr
  case outside

  private var number: Int {
    switch self {
    case .production: 1
    case .dr: 2
    case .outside: 3
    }
  }

  func address(_ host: Int) -> String { "10.20.\(number).\(host)" }

  var subnet: String { "\(address(0))/24" }
  var router: String { address(1) }
}

/// A machine of the lab.
struct Machine: Hashable, Sendable {
  enum Role: Sendable {
    case scheduler
    case database
    case agent
    case `operator`
    case storage
  }

  /// Its host name, the same for everybody.
  let name: String
  /// The name of its port at the router, which the kernel keeps below 16 characters.
  let port: String
  let network: MachineNetwork
  let role: Role
  let number: Int

  var address: String { network.address(number) }

  /// The site it belongs to, if any.
  var site: SiteName? { SiteName(rawValue: network.rawValue) }

  /// Its name within its site, as an inventory calls it.
  var nameAtSite: String {
    site.map { name.hasPrefix("\($0)-") ? String(name.dropFirst($0.rawValue.count + 1)) : name }
      ?? name
  }

  private init(
    _ name: String, port: String, _ network: MachineNetwork, _ role: Role, _ number: Int
  ) {
    self.name = name
    self.port = port
    self.network = network
    self.role = role
    self.number = number
  }

  static func all(agents: Int) -> [Machine] {
    SiteName.allCases.flatMap(ofSite)
      + (0..<agents).map {
        Machine("agent-\($0 + 1)", port: "agent-\($0 + 1)", .dr, .agent, 21 + $0)
      } + [
        Machine("operator", port: "operator", .outside, .operator, 11),
        Machine("storage", port: "storage", .outside, .storage, 12),
      ]
  }

  private static func ofSite(_ site: SiteName) -> [Machine] {
    let network = site == .production ? MachineNetwork.production : .dr
    let mark = site == .production ? "p" : "d"
    return [
      Machine("\(site)-scheduler", port: "\(mark)-scheduler", network, .scheduler, 11),
      Machine("\(site)-database", port: "\(mark)-database", network, .database, 12),
    ]
  }
}
