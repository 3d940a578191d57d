import Foundation

/// MariaDB 10.11 as Debian installs it, with a replica that follows by GTID. Each node comes up
/// read-only; what opens it for writing is `up`, a runner, or a unit with a permit.
struct MariaDBServer: LabDatabaseServer {
  let port: UInt16 = 3306
  let unit = "mariadb"
  let diskDirectory = "mysql"
  let mountPoint = "/var/lib/mysql"

  private static let openingUnit = "lab-writable"
  private static let certificateAuthority = "/etc/mysql/tls/ca.crt"

  var replicationInventory: [String] {
    [
      "kind: gtid",
      "user: replicator",
      "password: \"file:\(OperatorContent.passwordFile(.replicator))\"",
      "options:",
      "  MASTER_SSL: \"1\"",
      "  MASTER_SSL_CA: \(Self.certificateAuthority)",
      "  MASTER_SSL_VERIFY_SERVER_CERT: \"1\"",
      "  MASTER_CONNECT_RETRY: \"1\"",
    ]
  }

  var serverInventory: [String] {
    ["service: \(unit)", "account: mysql", "data_directory: \(mountPoint)"]
  }

  func entries(_ machine: Machine, _ lab: MachineLab) throws -> [ContentEntry] {
    let secrets = LabSecrets(lab: lab)
    return [
      .file("/etc/mysql/mariadb.conf.d/90-lab.cnf", settings(machine)),
      .enabled(unit, file: "/lib/systemd/system/mariadb.service"),
      .directory("/etc/mysql/tls"),
      .file(Self.certificateAuthority, try secrets.certificateAuthority()),
      .file("/etc/mysql/tls/server.crt", try secrets.certificate(machine)),
      .file(
        "/etc/mysql/tls/server.key", try secrets.certificateKey(machine), owner: "mysql",
        mode: 0o600),
      .file("/etc/systemd/system/\(Self.openingUnit).service", openingService),
    ]
  }

  private func settings(_ machine: Machine) -> String {
    """
    [mysqld]
    bind-address = 0.0.0.0
    server_id = \(machine.site == .production ? 1 : 2)
    read_only = 1
    log_bin = binlog
    binlog_format = ROW
    sync_binlog = 1
    log_slave_updates = 1
    gtid_strict_mode = 1
    slave_net_timeout = 10
    max_binlog_size = 64M
    innodb_buffer_pool_size = 64M
    ssl_ca = \(Self.certificateAuthority)
    ssl_cert = /etc/mysql/tls/server.crt
    ssl_key = /etc/mysql/tls/server.key

    """
  }

  /// A node that is set up as a replica stays read-only.
  private var openingService: String {
    """
    [Unit]
    Description=Open the lab's database for writing
    Requires=\(unit).service
    After=\(unit).service
    ConditionPathExists=!\(mountPoint)/master.info

    [Service]
    Type=oneshot
    ExecStart=/usr/bin/mariadb --execute="SET GLOBAL read_only = 0"

    [Install]
    WantedBy=multi-user.target

    """
  }

  func fillDisk(of machine: Machine, _ lab: MachineLab) throws {
    let data = "\(lab.place(machine).data)/\(diskDirectory)"
    // The same on both: a replica that begins at the beginning.
    try Tool.run(["cp", "--archive", "\(lab.settings.image)\(mountPoint)", data])
  }

  func setUp(_ lab: MachineLab) throws {
    let production = RunningMachine(machine: lab.machine(.production, .database), lab: lab)
    let replica = RunningMachine(machine: lab.machine(.dr, .database), lab: lab)
    for node in [production, replica] {
      try Wait.until("MariaDB at \(node.machine.name)", within: 60_000, every: 50) {
        try node.succeeds(["mariadb-admin", "--silent", "ping"])
      }
    }
    let secrets = LabSecrets(lab: lab)
    try query(try accounts(secrets), at: production)
    try query("SET GLOBAL read_only = 0", at: production)
    try query(try follow(production.machine, secrets), at: replica)
    try Wait.until("replication to \(replica.machine.name)", within: 60_000, every: 50) {
      let position = try query("SELECT @@gtid_binlog_pos", at: production)
      return try query("SELECT @@gtid_slave_pos", at: replica) == position
    }
    for node in [production, replica] {
      try node.run(["systemctl", "enable", "--quiet", Self.openingUnit])
    }
  }

  private func accounts(_ secrets: LabSecrets) throws -> String {
    """
    CREATE USER lifeboat_observe IDENTIFIED BY '\(try secrets.password(.observe))' REQUIRE SSL;
    GRANT BINLOG MONITOR, SLAVE MONITOR, PROCESS ON *.* TO lifeboat_observe;
    GRANT SELECT ON \(LabDatabaseAccess.name).* TO lifeboat_observe;
    CREATE USER lifeboat_operate IDENTIFIED BY '\(try secrets.password(.operate))' REQUIRE SSL;
    GRANT SUPER, RELOAD, PROCESS, SHUTDOWN, SELECT, LOCK TABLES, SHOW VIEW, EVENT, TRIGGER,
      BINLOG MONITOR, BINLOG ADMIN, CONNECTION ADMIN, READ_ONLY ADMIN, REPLICATION SLAVE,
      REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, SLAVE MONITOR
      ON *.* TO lifeboat_operate;
    GRANT ALL ON \(LabDatabaseAccess.name).* TO lifeboat_operate;
    CREATE USER scheduler IDENTIFIED BY '\(try secrets.password(.scheduler))' REQUIRE SSL;
    CREATE USER replicator IDENTIFIED BY '\(try secrets.password(.replicator))' REQUIRE SSL;
    GRANT REPLICATION SLAVE ON *.* TO replicator;
    CREATE DATABASE \(LabDatabaseAccess.name) CHARACTER SET utf8mb4;
    GRANT ALL ON \(LabDatabaseAccess.name).* TO scheduler;

    """
  }

  private func follow(_ primary: Machine, _ secrets: LabSecrets) throws -> String {
    """
    CHANGE MASTER TO MASTER_HOST = '\(primary.address)', MASTER_PORT = \(port),
      MASTER_USER = 'replicator', MASTER_PASSWORD = '\(try secrets.password(.replicator))',
      MASTER_SSL = 1, MASTER_SSL_CA = '\(Self.certificateAuthority)',
      MASTER_SSL_VERIFY_SERVER_CERT = 1, MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos;
    START SLAVE;

    """
  }

  @discardableResult
  private func query(
    _ sql: String, at machine: RunningMachine, timeout: Int64 = 30_000
  ) throws -> String {
    try machine.run(
      ["mariadb", "--batch", "--skip-column-names"], input: sql, timeout: timeout)
  }

  func permitEntries(_ machine: Machine, _ lab: MachineLab) -> [ContentEntry] {
    machine.site.map { [PermitContent(site: $0, lab: lab).dropIn(Self.openingUnit)] } ?? []
  }

  func copy(at machine: RunningMachine) throws -> LabDatabaseCopy {
    var copy = LabDatabaseCopy()
    let settings = try query(
      "SELECT @@global.read_only, @@gtid_current_pos", at: machine, timeout: 5000
    ).split(separator: "\t", omittingEmptySubsequences: false)
    let slave = try slaveStatus(at: machine)
    copy.role = slave.isEmpty ? "primary" : "replica"
    copy.acceptsWrites = settings.first == "0"
    copy.position = settings.last.map(String.init)
    copy.lagSeconds = slave["Seconds_Behind_Master"].flatMap(Double.init)
    copy.failoverGuids = try failoverGuids(at: machine)
    return copy
  }

  private func slaveStatus(at machine: RunningMachine) throws -> [String: String] {
    // With the names of the columns, which a vertical answer is about.
    try machine.run(["mariadb"], input: "SHOW SLAVE STATUS\\G\n", timeout: 5000)
      .split(separator: "\n").reduce(into: [:]) { status, line in
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return }
        status[parts[0].trimmingCharacters(in: .whitespaces)] =
          parts[1].trimmingCharacters(in: .whitespaces)
      }
  }

  private func failoverGuids(at machine: RunningMachine) throws -> [String] {
    let tables = try query(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = "
        + "'\(LabDatabaseAccess.name)' AND lower(table_name) = 'failover'",
      at: machine, timeout: 5000)
    guard let table = tables.split(separator: "\n").first else { return [] }
    return try query(
      "SELECT guid FROM `\(LabDatabaseAccess.name)`.`\(table)` ORDER BY guid", at: machine,
      timeout: 5000
    ).split(separator: "\n").map(String.init)
  }
}
