import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Two real MariaDB servers on this machine, for one test: production is the primary, dr its replica by GTID. Both hosts are
/// this machine; a small script is their service manager.
struct MariaDBPair: InventoriedDatabase {
  static let sites = ["production", "dr"]
  private static let control = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../Fixtures/mariadb-control").standardizedFileURL.path
  private static let account = "mysql"
  /// The servers' files belong to an account of their own.
  static let canRun = geteuid() == 0

  let directory: String
  let inventory: Inventory
  private let ports: [String: Int]

  static func with(
    configuration: String = "", options: [String: String] = [:],
    _ body: (MariaDBPair) async throws -> Void
  ) async throws {
    try await withDirectory { directory in
      let pair = try MariaDBPair(in: directory, options: options)
      let result: Result<Void, any Error>
      do {
        try await pair.create(configuration)
        result = .success(try await body(pair))
      } catch { result = .failure(error) }
      for site in sites { try pair.kill(site) }
      try result.get()
    }
  }

  private init(in directory: String, options: [String: String]) throws {
    self.directory = directory
    var ports: [String: Int] = [:]
    for site in Self.sites { ports[site] = try FreePort.find() }
    self.ports = ports
    let control = ServiceManager.process(control: ["sh", Self.control], directory: directory)
    let sites = Self.sites.map { site in
      Site(
        name: site,
        hosts: [
          Host(
            site: site, name: "scheduler", connection: .local, serviceManager: control,
            services: ["\(site)-scheduler"], guid: .value("{\(site.uppercased())}"))
        ])
    }
    let placements = Dictionary(
      uniqueKeysWithValues: Self.sites.map { site in
        let server = Runbook.DatabaseServer(
          address: "127.0.0.1", port: ports[site] ?? 0, database: "lab", tls: .init(mode: .disable),
          observer: Self.login("observer", in: directory),
          operator: Self.login("operator", in: directory),
          installation: .init(
            service: site, account: Self.account, dataDirectory: "\(directory)/\(site)/data",
            configurationDirectory: "\(directory)/\(site)/conf.d"))
        return (
          site, Runbook.Database.Placement(host: "scheduler", location: .server(settings: server))
        )
      })
    let replication = Runbook.Database.Replication(
      kind: .gtid, user: "replica", password: SecretReference("file:\(directory)/replica.secret"),
      options: options)
    inventory = Inventory(
      sites: sites,
      databases: [
        Runbook.Database(
          name: "scheduler", kind: .mariadb, replication: replication, primary: "production",
          placements: placements)
      ])
  }

  private static func login(_ user: String, in directory: String) -> Runbook.DatabaseServer.Login {
    let path = "file:\(directory)/\(user).secret"
    return Runbook.DatabaseServer.Login(user: user, password: SecretReference(path))
  }

  // MARK: - Making it

  /// With characters that a careless hand would trip over.
  private static func password(of user: String) -> String { "\(user) 'p\"q\\#;" }

  private static let users = [
    "observer": "GRANT REPLICA MONITOR, BINLOG MONITOR, PROCESS ON *.*",
    "operator": "GRANT ALL ON *.*",
    "replica": "GRANT REPLICATION SLAVE ON *.*",
    "application": "GRANT ALL ON lab.*",
  ]

  private func create(_ configuration: String) async throws {
    for user in Self.users.keys {
      try Self.password(of: user).write(
        toFile: "\(directory)/\(user).secret", atomically: true, encoding: .utf8)
    }
    try await install()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
    for (index, site) in Self.sites.enumerated() {
      try configure(site, id: index + 1, configuration)
      try await shell("chown", "-R", Self.account, "\(directory)/\(site)")
      try await start(site)
    }
    let fence = GTIDFence(copy: try copy("dr"), operator: world.makeOperator(token: "t"))
    try await fence.closeServer()
    try await fence.keepClosed()
    _ = try await GTIDFollowing(
      primary: try copy("production"), operator: world.makeOperator(token: "t")
    ).follow(try copy("dr"), semiSync: false)
    try await eventually("the replica receives") { try await state("dr").isStreaming == true }
  }

  /// Both sites begin with the same content, which neither logged.
  private func install() async throws {
    let file = "\(directory)/accounts.sql"
    let accounts = Self.users.sorted { $0.key < $1.key }.flatMap { user, grant in
      let password = Self.password(of: user).replacing("\\", with: "\\\\")
        .replacing("'", with: "''")
      return [
        "CREATE USER \(user)@'%' IDENTIFIED BY '\(password)';", "\(grant) TO \(user)@'%';",
      ]
    }
    let tables = [
      "CREATE TABLE lab.Failover (guid varchar(64) PRIMARY KEY, host varchar(64), weight double) ENGINE=InnoDB;",
      "CREATE TABLE lab.jobs (id int PRIMARY KEY, name varchar(64)) ENGINE=InnoDB;",
      "GRANT SELECT ON lab.* TO observer@'%';",
    ]
    let lines = ["FLUSH PRIVILEGES;", "CREATE DATABASE lab;"] + accounts + tables
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    let first = "\(directory)/production"
    // A temporary directory of its own: a server that starts removes the temporary tables that it finds there.
    try FileManager.default.createDirectory(
      atPath: "\(first)/tmp", withIntermediateDirectories: true)
    try await shell(
      "mariadb-install-db", "--no-defaults", "--datadir=\(first)/data", "--tmpdir=\(first)/tmp",
      "--skip-test-db",
      "--auth-root-authentication-method=socket", "--innodb-log-file-size=8M",
      "--innodb-flush-method=nosync", "--innodb-doublewrite=0", "--extra-file=\(file)")
    try await shell("cp", "-a", first, "\(directory)/dr")
  }

  private func configure(_ site: String, id: Int, _ more: String) throws {
    let home = "\(directory)/\(site)"
    try FileManager.default.createDirectory(
      atPath: "\(home)/conf.d", withIntermediateDirectories: false)
    try """
    [mariadbd]
    user=\(Self.account)
    datadir=\(home)/data
    tmpdir=\(home)/tmp
    socket=\(home)/socket
    pid-file=\(home)/pid
    log-error=\(home)/log
    bind-address=127.0.0.1
    port=\(ports[site] ?? 0)
    server-id=\(id)
    log-bin=binlog
    log-slave-updates
    gtid-strict-mode=1
    skip-name-resolve
    slave-net-timeout=2
    innodb-log-file-size=8M
    innodb-buffer-pool-size=16M
    innodb-flush-method=nosync
    innodb-doublewrite=0
    \(more)
    !includedir \(home)/conf.d

    """.write(toFile: "\(home)/my.cnf", atomically: true, encoding: .utf8)
  }

  // MARK: - What a test does with it

  func start(_ site: String) async throws {
    try await shell("sh", Self.control, "start", directory, site)
  }

  func stop(_ site: String) async throws {
    try await shell("sh", Self.control, "stop", directory, site)
  }

  /// As a power cut: nothing is written any more.
  func kill(_ site: String) throws {
    let path = "\(directory)/\(site)/pid"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let process = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { return }
    _ = Glibc.kill(process, SIGKILL)
    try FileManager.default.removeItem(atPath: path)
  }

  /// A copy that is acted on by another of the pair's accounts.
  func copy(_ site: String, as user: String) throws -> DatabaseCopy {
    let copy = try copy(site)
    let server = try #require(copy.server)
    let login = Self.login(user, in: directory)
    let other = Runbook.DatabaseServer(
      address: server.address, port: server.port, database: server.database, tls: server.tls,
      observer: login, operator: login, installation: server.installation)
    return DatabaseCopy(
      database: copy.database, site: site, host: copy.host,
      placement: .init(host: copy.placement.host, location: .server(settings: other)))
  }

  /// As root of the server, whom nothing binds; a row a line.
  @discardableResult
  func sql(_ site: String, _ statement: String) async throws -> String {
    try await shell(
      "mariadb", "--no-defaults", "--socket=\(directory)/\(site)/socket", "-N", "-e", statement,
      "lab"
    ).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func state(_ site: String) async throws -> CopyState {
    let copy = try copy(site)
    return try await world.makeObserver().read(copy) { try GTIDReplication().state($0, of: copy) }
  }

  func server(_ site: String) async throws -> GTIDServer {
    let copy = try copy(site)
    return try await world.makeObserver().read(copy) { try GTIDServer.read($0, of: copy) }
  }

  /// The roles of production and dr; `?` where none can be told.
  func roles() async throws -> [String] {
    let observer = world.makeObserver()
    var roles: [String] = []
    for site in Self.sites {
      let observation = Observation(
        try await CopyFacts(copy: try copy(site)).observe(observer))
      roles.append(observation.role(of: try copy(site))?.rawValue ?? "?")
    }
    return roles
  }

  /// What acts can change, without what moves by itself.
  func snapshot() async throws -> [String] {
    var lines: [String] = []
    for site in Self.sites {
      let server = try await server(site)
      let fence = FileManager.default.contents(
        atPath: "\(directory)/\(site)/conf.d/\(GTIDFence.fileName)")
      lines.append(
        "\(site) \(server.isReadOnly) \(server.source?.address ?? "-") \(server.history.state) "
          + "\(server.isSemiSyncSource) \(fence != nil) "
          + (try await sql(site, "SELECT count(*) FROM jobs")))
    }
    return lines
  }

  func reverse(to site: String = "dr", _ mode: String = "graceful", drain: String = "20s") throws
    -> ReplicationReverse
  {
    try make(
      ReplicationReverse.self,
      ["to": .string(site), "mode": .string(mode), "drain_timeout": .string(drain)])
  }

  func rejoin(_ site: String) throws -> ReplicationRejoin {
    try make(ReplicationRejoin.self, at: site)
  }
}
