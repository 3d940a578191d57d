import Foundation

/// A place for drills on a machine with a PostgreSQL replica, as `docs/drill.md` has it for a site of one's own: a network with
/// nothing but a loopback, a server for the throw-away copy, and a scheduler. Only the network starts with the machine.
struct DrillContent {
  let machine: Machine
  let lab: MachineLab

  static let account = "lifeboat-drill"
  private static let host = "drill"
  private static let port: UInt16 = 5433
  private static let network = "/run/netns/lifeboat-drill"
  private static let settings = "/etc/lifeboat-drill"
  private static let state = "/var/lib/lifeboat-drill"
  private static let directory = "\(state)/copy"
  private static let guidFile = "\(settings)/Server.config"
  private static let hostFile = "\(settings)/host.json"
  private static let passwordFile = "\(settings)/database.password"
  private static let keyFile = "\(settings)/server.key"
  private static let networkUnit = "lifeboat-drill-network"
  private static let serverUnit = "lifeboat-drill-postgresql"
  private static let proxyUnit = "lifeboat-drill-proxy"
  private static let services = ["lab-drill-server", "lab-drill-executor", "lab-drill-scheduler"]

  // MARK: - For Lifeboat

  /// The drill's host in the inventory, but for what it has in common with all hosts.
  var inventory: (name: String, lines: [String]) {
    (
      Self.host,
      [
        "inside: [nsenter, --net=\(Self.network), --]",
        "services: [\(Self.services.joined(separator: ", "))]",
        "guid: { file: \(Self.guidFile), element: InstalledGUID }",
        "drill:",
        "  database: scheduler",
        "  directory: \(Self.directory)",
        "  server:",
        "    address: \(machine.address)",
        "    port: \(Self.port)",
        "    service: \(Self.serverUnit)",
        "    account: \(Self.account)",
      ]
    )
  }

  // MARK: - On the machine

  /// Makes the account, which the base image has not.
  func setUp(_ machine: RunningMachine) throws {
    try machine.run([
      "useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", Self.account,
    ])
    try machine.run(["chgrp", Self.account, Self.passwordFile, Self.keyFile])
  }

  func entries() throws -> [ContentEntry] {
    let secrets = LabSecrets(lab: lab)
    let guid = ServerConfig(installedGuid: UUID().uuidString)
    return [
      .directory(Self.settings),
      .directory(Self.state),
      .file(Self.guidFile, String(decoding: guid.xml, as: UTF8.self)),
      .file(Self.hostFile, try schedulerConfiguration()),
      .file(Self.passwordFile, try secrets.password(.scheduler) + "\n", mode: 0o640),
      .file(Self.keyFile, try secrets.certificateKey(machine), mode: 0o640),
      .file("\(Self.settings)/postgresql.conf", Self.serverSettings),
      .file("\(Self.settings)/pg_hba.conf", Self.admission),
      .enabled(Self.networkUnit, file: Self.unitFile("\(Self.networkUnit).service")),
    ] + units.map { .file(Self.unitFile($0.name), $0.text) }
  }

  private static func unitFile(_ unit: String) -> String { "/etc/systemd/system/\(unit)" }

  private func schedulerConfiguration() throws -> String {
    let database = LabDatabaseAccess.Settings(
      kind: .postgresql, copies: [.init(host: "127.0.0.1", port: Self.port)],
      name: LabDatabaseAccess.name, user: "scheduler", passwordFile: Self.passwordFile, tlsCa: nil)
    let logs = "\(Self.directory)/logs"
    let configuration = MachineHostConfiguration(
      site: machine.network.rawValue, name: "\(machine.network)-\(Self.host)",
      address: "127.0.0.1", guidFile: Self.guidFile, sharedLogDirectory: logs, logDirectory: logs,
      database: database)
    return String(decoding: try JSON.encode(configuration, pretty: true), as: UTF8.self) + "\n"
  }

  private static let serverSettings = """
    listen_addresses = '127.0.0.1'
    port = \(port)
    unix_socket_directories = ''
    hba_file = '\(settings)/pg_hba.conf'
    ssl = on
    ssl_cert_file = '/etc/postgresql/tls/server.crt'
    ssl_key_file = '\(keyFile)'
    wal_retrieve_retry_interval = 100ms
    shared_buffers = 32MB

    """

  /// Whoever comes from outside comes by the proxy, and so from the loopback too.
  private static let admission = """
    hostssl   scheduler lifeboat_observe,lifeboat_operate 127.0.0.1/32 scram-sha-256
    hostnossl scheduler scheduler                         127.0.0.1/32 scram-sha-256

    """

  // MARK: - Units

  private var units: [(name: String, text: String)] {
    [
      ("\(Self.networkUnit).service", Self.networkService),
      ("\(Self.serverUnit).service", Self.serverService),
      ("\(Self.proxyUnit).socket", proxySocket),
      ("\(Self.proxyUnit).service", Self.proxyService),
      scheduler(0, "server", "Control of a drill's copy"),
      scheduler(1, "executor", "Runs the jobs of a drill's copy"),
      scheduler(2, "scheduler", "Queues the jobs of a drill's copy", requires: 1),
    ]
  }

  private static let networkService = """
    [Unit]
    Description=The network of drills: a loopback and nothing else

    [Service]
    Type=oneshot
    RemainAfterExit=yes
    ExecStart=/bin/ip netns add lifeboat-drill
    ExecStart=/bin/ip -netns lifeboat-drill link set lo up
    ExecStop=/bin/ip netns delete lifeboat-drill

    [Install]
    WantedBy=multi-user.target

    """

  /// What keeps all of a drill in its place.
  private static let isolation = """
    User=\(account)
    NetworkNamespacePath=\(network)
    NoNewPrivileges=yes
    PrivateTmp=yes
    ProtectSystem=strict
    ReadWritePaths=\(state)
    InaccessiblePaths=-/run/postgresql
    """

  private static let serverService = """
    [Unit]
    Description=PostgreSQL on a drill's throw-away copy
    Requires=\(networkUnit).service \(proxyUnit).socket
    After=\(networkUnit).service \(proxyUnit).socket

    [Service]
    Type=notify
    ExecStart=/usr/lib/postgresql/15/bin/postgres -D \(directory)/data -c config_file=\(settings)/postgresql.conf
    KillMode=mixed
    KillSignal=SIGINT
    TimeoutStartSec=120
    TimeoutStopSec=60
    \(isolation)

    """

  private var proxySocket: String {
    """
    [Unit]
    Description=The way to a drill's throw-away copy
    PartOf=\(Self.serverUnit).service

    [Socket]
    ListenStream=\(machine.address):\(Self.port)

    """
  }

  /// Its socket is the machine's, and was opened before: from where it runs itself it reaches the copy's server alone.
  private static let proxyService = """
    [Unit]
    Description=Leads to a drill's throw-away copy
    Requires=\(proxyUnit).socket \(networkUnit).service
    After=\(proxyUnit).socket \(networkUnit).service
    PartOf=\(serverUnit).service

    [Service]
    ExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:\(port)
    \(isolation)

    """

  private func scheduler(
    _ number: Int, _ verb: String, _ description: String, requires required: Int? = nil
  ) -> (name: String, text: String) {
    let earlier = Self.services.prefix(number).map { "\($0).service" }
    let needed = required.map { " \(Self.services[$0]).service" } ?? ""
    return (
      "\(Self.services[number]).service",
      """
      [Unit]
      Description=\(description)
      Requires=\(Self.serverUnit).service\(needed)
      After=\(([Self.serverUnit + ".service"] + earlier).joined(separator: " "))

      [Service]
      ExecStart=/usr/local/bin/lab-scheduler \(verb) --config \(Self.hostFile)
      Restart=no
      TimeoutStopSec=30
      \(Self.isolation)

      """
    )
  }
}
