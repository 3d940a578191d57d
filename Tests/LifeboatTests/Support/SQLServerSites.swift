import Foundation
import TestSupport
import Testing

/// Two sites on this machine whose databases are instances of the double of SQL Server, and whose schedulers are only said to
/// run. No SQL Server is here.
struct SQLServerSites: Sendable {
  static let guids = [
    "production": "11111111-0000-0000-0000-000000000001",
    "dr": "22222222-0000-0000-0000-000000000002",
  ]

  let double: SQLServerDouble
  private let directory: String

  /// - Parameter replication: `mirroring`, `availability_group` or `log_shipping`.
  static func with(
    _ replication: String, _ body: (SQLServerSites) async throws -> Void
  ) async throws {
    let group: [String: Any] = [
      "name": "jams", "replicas": ["production": [:], "dr": [:]], "primary": "production",
      "databases": ["JAMS"],
    ]
    let replicated: [String: Any] =
      switch replication {
      case "mirroring":
        ["mirroring": [["database": "JAMS", "principal": "production", "mirror": "dr"]]]
      case "log_shipping":
        ["log_shipping": [SQLServerDouble.shipping("JAMS", from: "production", to: "dr")]]
      default: ["availability_groups": [group]]
      }
    let login: [String: Any] = [
      "password": "secret", "sid": String(repeating: "1", count: 32), "sysadmin": true,
    ]
    let table = """
      CREATE TABLE dbo.Failover (GUID uniqueidentifier PRIMARY KEY, Host nvarchar(100))
      """
    let instance = { (site: String, database: [String: Any]) -> [String: Any] in
      [
        "logins": ["lifeboat": login], "databases": ["JAMS": database],
        "volumes": SQLServerDouble.shippingVolumes(of: site, among: ["production", "dr"]),
      ]
    }
    var world = replicated
    world["instances"] = [
      "production": instance("production", ["sql": [table]]), "dr": instance("dr", [:]),
    ]
    try await SQLServerDouble.with(world) { double in
      let sites = SQLServerSites(double: double, directory: double.directory)
      try sites.build(replication)
      try await sites.control("start", "production", "scheduler")
      try await body(sites)
    }
  }

  private func build(_ replication: String) throws {
    try write(SQLServerDouble.serviceControl, "control")
    try write("secret", "password")
    let files = FileManager.default
    for (site, guid) in Self.guids {
      for host in ["db", "scheduler"] {
        try files.createDirectory(
          atPath: "\(directory)/\(site)-\(host)", withIntermediateDirectories: true)
      }
      try write("<C><InstalledGUID>\(guid)</InstalledGUID></C>", "\(site)-scheduler/Server.config")
      try write(
        "IF NOT EXISTS (SELECT 1 FROM dbo.Failover WHERE GUID = '\(guid)') "
          + "INSERT INTO dbo.Failover VALUES ('\(guid)', N'\(site)')",
        "\(site)-scheduler/takes_control")
    }
    try files.createDirectory(atPath: "\(directory)/logs", withIntermediateDirectories: true)
    try write(try inventory(replication), "sites.yaml")
  }

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
  }

  private func inventory(_ replication: String) throws -> String {
    let hosts = ["production", "dr"].map { site in
      """
        \(site):
          hosts:
            db: { connection: { kind: local }, service_manager: \(manager(site, "db")) }
            scheduler:
              connection: { kind: local }
              service_manager: \(manager(site, "scheduler"))
              services: [scheduler]
              guid: { file: "\(directory)/\(site)-scheduler/Server.config", element: InstalledGUID }
      """
    }
    let places = try ["production", "dr"].map { site in
      let shipping =
        replication == "log_shipping"
        ? ", log_shipping: \(SQLServerDouble.shippingInventory(of: site))" : ""
      return
        "      \(site): { host: db, address: 127.0.0.1, port: \(try double.port(of: site))\(shipping) }"
    }
    let paths = ["scheduler-logs", "default-logs"].map { name in
      "  \(name): { at: { production.scheduler: \"\(directory)/logs\", dr.scheduler: \"\(directory)/logs\" } }"
    }
    return """
      sites:
      \(hosts.joined(separator: "\n"))
      databases:
        scheduler:
          kind: sqlserver
          database: JAMS
          tls: { mode: disable }
          observe: { user: lifeboat, password: "file:\(directory)/password" }
          operate: { user: lifeboat, password: "file:\(directory)/password" }
          server: { service: MSSQLSERVER, data_directory: /data }
          replication: { kind: \(replication) }
          primary: production
          failover_table: dbo.Failover
          guid_column: GUID
          at:
      \(places.joined(separator: "\n"))
      paths:
      \(paths.joined(separator: "\n"))

      """
  }

  private func manager(_ site: String, _ host: String) -> String {
    """
    { kind: process, control: [bash, "\(directory)/control", "\(double.controlPort)", \(site)], \
    directory: "\(directory)/\(site)-\(host)" }
    """
  }

  /// In place of one account that may do everything.
  func useLogins(
    observe: (user: String, password: String), operate: (user: String, password: String)
  ) throws {
    var text = try String(contentsOfFile: "\(directory)/sites.yaml", encoding: .utf8)
    for (account, login) in [("observe", observe), ("operate", operate)] {
      try write(login.password, "\(account).password")
      text.replace(
        "\(account): { user: lifeboat, password: \"file:\(directory)/password\" }",
        with:
          "\(account): { user: \(login.user), password: \"file:\(directory)/\(account).password\" }"
      )
    }
    try write(text, "sites.yaml")
  }

  // MARK: - What a person types

  func lifeboat(_ arguments: [String], crashAt: String? = nil) async throws -> Ran {
    var environment = [
      "LIFEBOAT_HOME": "\(directory)/state", "LIFEBOAT_SITES": "\(directory)/sites.yaml",
    ]
    if let crashAt { environment["LIFEBOAT_CRASH_AT"] = crashAt }
    return try await run(Programs.lifeboat, arguments, environment: environment)
  }

  /// A shipped runbook; `from=dr`.
  func carryOut(_ verb: String, _ runbook: String, _ values: [String] = [], _ more: [String] = [])
    async throws -> Ran
  {
    try await lifeboat(
      [verb, Programs.runbook(runbook)] + values.flatMap { ["--set", $0] } + more)
  }

  // MARK: - What is so

  /// A service's state, by the script that its manager is.
  @discardableResult
  func control(_ verb: String, _ site: String, _ host: String) async throws -> Ran {
    let ran = try await run(
      "bash",
      [
        "\(directory)/control", "\(double.controlPort)", site, verb, "\(directory)/\(site)-\(host)",
        host == "db" ? "MSSQLSERVER" : "scheduler",
      ])
    try #require(ran.code == 0, "\(ran)")
    return ran
  }

  /// The site's instance has the primary, its scheduler alone runs, and its GUID alone is in the table.
  func expectInControl(_ site: String, sourceLocation: SourceLocation = #_sourceLocation)
    async throws
  {
    for each in Self.guids.keys {
      let state = try await control("show", each, "scheduler").output
      #expect(
        state.contains("\"running\"") == (each == site), "\(each): \(state)",
        sourceLocation: sourceLocation)
    }
    let answer = try double.ask([
      "do": "sql", "instance": site, "database": "JAMS",
      "text": "SELECT CAST(GUID AS nvarchar(40)) FROM dbo.Failover",
    ])
    let rows = (answer["rows"] as? [[String]])?.flatMap { $0 } ?? []
    #expect(rows == [Self.guids[site] ?? ""], sourceLocation: sourceLocation)
  }
}
