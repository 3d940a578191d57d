import Foundation
import TestSupport
import Testing

/// JAMS at two sites, as the shipped inventories have it: Windows hosts, SQL Server, REST servers, all of them doubles. No
/// Windows, SQL Server or JAMS is here.
struct JAMSSites: Sendable {
  /// Which of the shipped inventories.
  enum Shape: String, Sendable, CaseIterable {
    case pair = "jams-pair"
    case single = "jams"
  }

  let doubles: JAMSDoubles
  let shape: Shape
  /// What a runner keeps and reads: its own for each test.
  let directory: String

  var inventory: String { "\(directory)/sites.yaml" }

  /// Sites where production is in control and everything is as it should be.
  static func with(
    _ replication: JAMSReplication, _ shape: Shape = .pair,
    _ body: (JAMSSites) async throws -> Void
  ) async throws {
    try await JAMSDoubles.with(make: start) { doubles in
      let directory =
        FileManager.default.temporaryDirectory.path + "/jams-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(
        atPath: directory + "/logs", withIntermediateDirectories: true)
      defer {
        do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record(error) }
      }
      let sites = JAMSSites(doubles: doubles, shape: shape, directory: directory)
      try sites.secret("observe", JAMSReplication.password)
      try sites.secret("operate", JAMSReplication.password)
      try sites.secret("jams", JAMSDoubles.password)
      try sites.adapted(replication).write(
        toFile: sites.inventory, atomically: true, encoding: .utf8)
      try sites.reset(replication)
      try await body(sites)
    }
  }

  private static func start() async throws -> JAMSDoubles {
    try await JAMSDoubles(
      hosts: JAMSHost.all.map(\.id),
      sqlserver: { JAMSReplication.all[0].world(encryptedBy: $0) },
      jams: JAMSHost.world)
  }

  /// Everything as at the beginning.
  func reset(_ replication: JAMSReplication) throws {
    try doubles.askSQLServer([
      "do": "reset", "description": replication.world(encryptedBy: doubles.certificates),
    ])
    let logs = "\(directory)/logs"
    for name in try FileManager.default.contentsOfDirectory(atPath: logs) {
      try FileManager.default.removeItem(atPath: "\(logs)/\(name)")
    }
    for host in JAMSHost.all {
      try doubles.askWindows([
        "do": "reset", "host": host.id, "state": host.state(in: shape, share: logs),
      ])
    }
    try doubles.askJAMS(["do": "reset"])
    try doubles.askJAMS(["do": "agents", "agents": JAMSHost.agents(in: shape)])
  }

  private func secret(_ name: String, _ text: String) throws {
    try text.write(toFile: "\(directory)/\(name).password", atomically: true, encoding: .utf8)
  }

  // MARK: - The inventory

  /// The shipped inventory, in which nothing but addresses, accounts and the kind of replication is another. By SSH are those
  /// hosts that `JAMSHost` says.
  private func adapted(_ replication: JAMSReplication) throws -> String {
    var text = try String(
      contentsOfFile: "\(Programs.root.path)/Runbooks/sites/\(shape.rawValue).yaml",
      encoding: .utf8)
    func replace(_ old: String, _ new: String) throws {
      try #require(text.contains(old), "the inventory has no \(old)")
      text = text.replacing(old, with: new)
    }
    let indent = "\n" + String(repeating: " ", count: 8)
    for host in JAMSHost.all where shape == .pair || host.id != JAMSHost.partner {
      let shipped =
        "{ kind: winrm, address: \(host.address), authentication: negotiate, ca: /etc/lifeboat/windows-ca.pem }"
      let ways = try #require(doubles.hosts[host.id])
      try replace(
        "connection: " + shipped,
        host.isBySSH
          ? "connection: { kind: ssh, to: \(host.id), config: \(ways.sshConfig) }\(indent)os: windows"
          : "connection: { kind: winrm, url: \"https://127.0.0.1:\(ways.winrm)/wsman\", authentication: ntlm, "
            + "user: \(JAMSDoubles.user), password: \"file:\(directory)/jams.password\", "
            + "ca: \(doubles.windowsAuthority) }")
      guard let url = doubles.rest[host.id] else { continue }
      try replace(
        "url: https://\(host.address)/jams",
        "url: \(url)\(indent)  ca: \(doubles.certificates.authority)")
    }
    for (site, address) in [("production", "sql-1.example"), ("dr", "sql-2.example")] {
      let port = try #require(doubles.instances[site])
      try replace(
        "{ host: database, address: \(address) }",
        "{ host: database, address: 127.0.0.1, port: \(port)\(replication.places(of: site)) }")
    }
    try replace("ca: /etc/lifeboat/sql-ca.pem", "ca: \(doubles.certificates.authority)")
    try replace("file:/etc/lifeboat/secrets/", "file:\(directory)/")
    try replace("{ kind: availability_group }", replication.inventory)
    return text
  }
}

/// How JAMS's database is replicated: what the inventory says, and what the double of SQL Server is told. A further kind joins
/// `all`.
struct JAMSReplication: Sendable, CustomTestStringConvertible {
  static let password = "pass'word"

  let kind: String
  /// The accounts' permissions, as docs/runbooks.md asks for them; nil: sysadmin.
  let observing: [String]?
  let operating: [String]?
  /// What makes the copies of the two instances one database.
  let replicated: @Sendable () -> [String: Any]

  static let mirroring = JAMSReplication(
    // Of a mirror SQL Server tells sysadmin alone.
    kind: "mirroring", observing: nil, operating: nil,
    replicated: {
      ["mirroring": [["database": "JAMS", "principal": "production", "mirror": "dr"]]]
    })
  static let availabilityGroup = JAMSReplication(
    kind: "availability_group", observing: ["VIEW SERVER STATE", "VIEW ANY DEFINITION"],
    operating: [
      "VIEW SERVER STATE", "VIEW ANY DEFINITION", "ALTER ANY DATABASE",
      "ALTER ANY AVAILABILITY GROUP", "ALTER ANY LOGIN",
    ],
    replicated: {
      [
        "availability_groups": [
          [
            "name": "jams", "replicas": ["production": [:], "dr": [:]], "primary": "production",
            "databases": ["JAMS"],
          ] as [String: Any]
        ]
      ]
    })
  static let logShipping = JAMSReplication(
    kind: "log_shipping", observing: ["VIEW ANY DEFINITION", "DB_DATAREADER OF MSDB"],
    // SQL Server's own procedures demand it.
    operating: nil,
    replicated: {
      ["log_shipping": [SQLServerDouble.shipping("JAMS", from: "production", to: "dr")]]
    })
  static let all = [mirroring, availabilityGroup, logShipping]
  /// Everything, or what fits into the tests' usual time.
  static let isComplete = ProcessInfo.processInfo.environment["LIFEBOAT_FAULTS"] == "1"
  /// For what has to do with replication in passing alone.
  static let chosen = isComplete ? all : [availabilityGroup]
  /// Those that one statement reverses by hand.
  static let byHand = [mirroring, availabilityGroup]

  var testDescription: String { kind }
  var inventory: String { "{ kind: \(kind) }" }
  var isMirroring: Bool { kind == "mirroring" }

  /// What the inventory says besides of the copy at a site.
  func places(of site: String) -> String {
    kind == "log_shipping" ? ", log_shipping: \(SQLServerDouble.shippingInventory(of: site))" : ""
  }

  /// At which site which statement moves the database to the DR site.
  func move(_ isForced: Bool) -> (site: String, statement: String) {
    let database = "ALTER DATABASE [JAMS] SET PARTNER "
    let group = "ALTER AVAILABILITY GROUP [jams] "
    return switch (isMirroring, isForced) {
    case (true, false): ("production", database + "FAILOVER")
    case (true, true): ("dr", database + "FORCE_SERVICE_ALLOW_DATA_LOSS")
    case (false, false): ("dr", group + "FAILOVER")
    case (false, true): ("dr", group + "FORCE_FAILOVER_ALLOW_DATA_LOSS")
    }
  }

  func world(encryptedBy certificates: TestCertificates) -> [String: Any] {
    func login(_ sid: Int, _ permissions: [String]?) -> [String: Any] {
      [
        "password": Self.password, "sid": String(repeating: "\(sid)", count: 32),
        "sysadmin": permissions == nil, "permissions": permissions ?? [],
      ]
    }
    var logins: [String: Any] = [
      "lifeboat_observe": login(1, observing), "lifeboat_operate": login(2, operating),
    ]
    let accounts = JAMSHost.all.compactMap(\.account)
    for account in accounts { logins[account] = ["windows": true] }
    var users: [String: [String]] = [
      "lifeboat_observe": ["db_datareader"], "lifeboat_operate": ["db_owner"],
    ]
    for account in accounts { users[account] = ["JAMSApp"] }
    let table = """
      CREATE TABLE dbo.Failover (GUID uniqueidentifier PRIMARY KEY, Host nvarchar(100))
      """
    func instance(_ site: String, _ database: [String: Any]) -> [String: Any] {
      [
        "volumes": SQLServerDouble.shippingVolumes(of: site, among: ["production", "dr"]),
        "logins": logins, "windows_accounts": accounts, "databases": ["JAMS": database],
        "tls": ["certificate": certificates.certificate, "key": certificates.key],
      ]
    }
    var world = replicated()
    world["instances"] = [
      "production": instance("production", ["sql": [table], "roles": ["JAMSApp"], "users": users]),
      "dr": instance("dr", [:]),
    ]
    return world
  }
}
