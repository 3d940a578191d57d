import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Two instances of the double of SQL Server, as the database servers of two sites: production's has the primary. Their service
/// manager is a script that switches an instance on and off. There is no SQL Server here.
final class SQLServerPair: DatabasePair {
  static let sites = ["production", "dr"]
  static let table = """
    CREATE TABLE dbo.Failover (GUID uniqueidentifier NOT NULL PRIMARY KEY, Host nvarchar(200), \
    [Beat ]]'"] datetime)
    """
  /// With every sign that quotes or ends something.
  static let role = #"JAMS]'"App; -- ö"#
  private static let rows = """
    INSERT INTO dbo.Failover VALUES ('11111111-2222-3333-4444-555555555555', N'p1 ''ö'' 😀', '2026-01-02 03:04:05')
    """

  let double: SQLServerDouble
  let inventory: Inventory
  private let directory: String

  /// How the copies come to be two, and what the double's world has for that.
  enum Kind: Sendable {
    case single, mirroring, availabilityGroup, logShipping

    fileprivate var replication: Runbook.Database.Replication? {
      switch self {
      case .single: nil
      case .mirroring: .init(kind: .mirroring)
      case .availabilityGroup: .init(kind: .availabilityGroup)
      case .logShipping: .init(kind: .logShipping, interval: "5m")
      }
    }

    fileprivate func world(_ database: String) -> [String: Any] {
      switch self {
      case .single: [:]
      case .mirroring:
        ["mirroring": [["database": database, "principal": "production", "mirror": "dr"]]]
      case .availabilityGroup:
        [
          "availability_groups": [
            [
              "name": "group ]'\"ö", "replicas": ["production": [:], "dr": [:]],
              "primary": "production", "databases": [database],
            ] as [String: Any]
          ]
        ]
      case .logShipping:
        ["log_shipping": [SQLServerDouble.shipping(database, from: "production", to: "dr")]]
      }
    }
  }

  /// - Parameters:
  ///   - database: its name on the server.
  ///   - sql: what the primary holds, statement by statement.
  ///   - permissions: the observing account's; without them it is a sysadmin, as whoever wants to see a mirror must be.
  ///   - operating: the operating account's, with its roles in the database; without them it is a sysadmin.
  static func with(
    _ kind: Kind, database: String = "JAMS", sql: [String] = [table, rows],
    failoverTable: String = "dbo.Failover", permissions: [String]? = nil,
    operating: (permissions: [String], roles: [String])? = nil,
    _ body: (SQLServerPair) async throws -> Void
  ) async throws {
    let login = { (sid: Int, permissions: [String]?) -> [String: Any] in
      [
        "password": "secret'\\#!", "sid": String(repeating: "\(sid)", count: 32),
        "sysadmin": permissions == nil, "permissions": permissions ?? [],
      ]
    }
    let logins: [String: Any] = [
      "observer": login(1, permissions), "operator": login(2, operating?.permissions),
    ]
    let users = ["observer": ["db_datareader"], "operator": operating?.roles ?? []]
    var world = kind.world(database)
    let volumes = { SQLServerDouble.shippingVolumes(of: $0, among: sites) }
    let primary: [String: Any] = [
      "logins": logins, "volumes": volumes("production"),
      "databases": [database: ["sql": sql, "users": users, "roles": [role]] as [String: Any]],
    ]
    let replica: [String: Any] = [
      "logins": logins, "volumes": volumes("dr"), "databases": [database: [String: Any]()],
    ]
    world["instances"] = ["production": primary, "dr": replica]
    try await SQLServerDouble.with(world) { double in
      try await body(try SQLServerPair(double, kind, database, failoverTable))
    }
  }

  private init(
    _ double: SQLServerDouble, _ kind: Kind, _ database: String, _ failoverTable: String
  ) throws {
    self.double = double
    let directory = double.directory
    self.directory = directory
    let script = "\(directory)/control"
    try SQLServerDouble.serviceControl.write(toFile: script, atomically: true, encoding: .utf8)
    let password = "\(directory)/password"
    try "secret'\\#!".write(toFile: password, atomically: true, encoding: .utf8)
    let manager = { (site: String, name: String) in
      ServiceManager.process(
        control: ["bash", script, "\(double.controlPort)", site],
        directory: "\(directory)/\(site)-\(name)")
    }
    for name in Self.sites.flatMap({ ["\($0)-db", "\($0)-scheduler"] }) {
      try FileManager.default.createDirectory(
        atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
    }
    let sites = Self.sites.map { site in
      Site(
        name: site,
        hosts: [
          Host(site: site, name: "db", connection: .local, serviceManager: manager(site, "db")),
          Host(
            site: site, name: "scheduler", connection: .local,
            serviceManager: manager(site, "scheduler"), services: ["scheduler"],
            guid: .value(site.uppercased())),
        ])
    }
    var placements: [String: Runbook.Database.Placement] = [:]
    for site in kind == .single ? ["production"] : Self.sites {
      let secret = SecretReference("file:\(password)")
      let server = Runbook.DatabaseServer(
        address: "127.0.0.1", port: try double.port(of: site), database: database,
        tls: .init(mode: .disable), observer: .init(user: "observer", password: secret),
        operator: .init(user: "operator", password: secret),
        installation: .init(
          service: "MSSQLSERVER", account: #"NT SERVICE\MSSQLSERVER"#, dataDirectory: #"C:\DATA"#),
        shipping: kind == .logShipping ? Self.shipping(of: site) : nil)
      placements[site] = .init(host: "db", location: .server(settings: server))
    }
    inventory = Inventory(
      sites: sites,
      databases: [
        Runbook.Database(
          name: "scheduler", kind: .sqlserver, replication: kind.replication,
          primary: "production", failoverTable: failoverTable, guidColumn: "GUID",
          placements: placements)
      ])
  }

  private static func shipping(of site: String) -> Runbook.DatabaseServer.ShippingPlaces {
    let places = SQLServerDouble.shippingPlaces(of: site)
    return .init(
      backupDirectory: places["backup_directory"] ?? "", backupShare: places["backup_share"] ?? "",
      copyDirectory: places["copy_directory"] ?? "")
  }

  // MARK: - By hand

  /// A batch as the administrator, whatever the instance's state: `a b|c d`.
  @discardableResult
  func sql(_ site: String, _ text: String, database: String = "JAMS") throws -> String {
    let answer = try double.ask([
      "do": "sql", "instance": site, "database": database, "text": text,
    ])
    let rows = answer["rows"] as? [[Any]] ?? []
    return rows.map { $0.map { "\($0)" }.joined(separator: " ") }.joined(separator: "|")
  }

  /// What is stored in a copy's table, whether or not anybody may open it.
  func rows(_ site: String, _ table: String = "dbo.Failover", database: String = "JAMS") throws
    -> Int
  {
    let answer = try double.ask([
      "do": "rows", "instance": site, "database": database, "table": table,
    ])
    return (answer["rows"] as? [Any])?.count ?? -1
  }

  func control(_ verb: String, _ site: String, _ more: String...) async throws {
    try await shell(
      [
        "bash", "\(directory)/control", "\(double.controlPort)", site, verb,
        "\(directory)/\(site)-db", "MSSQLSERVER",
      ] + more)
  }

  func makeUnstoppable(_ site: String) throws {
    try Data().write(to: URL(fileURLWithPath: "\(directory)/\(site)-db/unstoppable"))
  }

  /// All that an action can change, and nothing that moves by itself.
  func standing() async throws -> [String] {
    var lines = [try await roles()]
    for site in Self.sites {
      let service = Observation(
        try await ServiceFacts(
          host: try #require(inventory.host("\(site).db")), services: ["MSSQLSERVER"]
        ).observe(world.makeObserver()))
      lines.append("\(service.facts.map { "\($0.key) \($0.reading)" }.sorted())")
    }
    return lines
  }
}

extension SQLServerPair {
  /// Stops a site's server, as when its host can't be reached.
  func darkened(_ site: String) async throws -> DarkSite {
    try await control("stop", site)
    return try DarkSite(site, of: inventory, in: double.directory)
  }
}
