/// PostgreSQL 15 as Debian installs it: the cluster `15/main`, a standby that streams with a slot.
struct PostgreSQLServer: LabDatabaseServer {
  let port: UInt16 = 5432
  let unit = "postgresql@15-main"
  let diskDirectory = "postgresql"
  let mountPoint = "/var/lib/postgresql/15"

  private static let dataDirectory = "/var/lib/postgresql/15/main"
  private static let configuration = "/etc/postgresql/15/main"
  private static let passwordFile = "/var/lib/postgresql/.pgpass"
  private static let certificateAuthority = "/etc/postgresql/tls/ca.crt"
  /// As Lifeboat names the slot of the copy at the DR site, so that it is dropped with the others once nobody uses it.
  private static let slot = "lifeboat_dr"

  var replicationInventory: [String] {
    [
      "kind: streaming",
      "user: replicator",
      "options:",
      "  passfile: \(Self.passwordFile)",
      "  sslmode: verify-full",
      "  sslrootcert: \(Self.certificateAuthority)",
    ]
  }

  var serverInventory: [String] {
    [
      "service: \(unit)",
      "account: postgres",
      "data_directory: \(Self.dataDirectory)",
      "program_directory: /usr/lib/postgresql/15/bin",
    ]
  }

  func drillInventory(_ machine: Machine, _ lab: MachineLab) -> (name: String, lines: [String])? {
    hasDrills(machine) ? DrillContent(machine: machine, lab: lab).inventory : nil
  }

  /// At the site whose takeover is practised.
  private func hasDrills(_ machine: Machine) -> Bool { machine.site == .dr }

  func entries(_ machine: Machine, _ lab: MachineLab) throws -> [ContentEntry] {
    let drills =
      hasDrills(machine) ? try DrillContent(machine: machine, lab: lab).entries() : []
    return try serverEntries(machine, lab) + drills
  }

  private func serverEntries(_ machine: Machine, _ lab: MachineLab) throws -> [ContentEntry] {
    let secrets = LabSecrets(lab: lab)
    let admission = Self.admission + (hasDrills(machine) ? Self.drillAdmission : "")
    return [
      .file("\(Self.configuration)/conf.d/lab.conf", Self.settings, owner: "postgres"),
      .file("\(Self.configuration)/pg_hba.conf", admission, owner: "postgres", mode: 0o640),
      .file("\(Self.configuration)/pg_ident.conf", Self.identities, owner: "postgres", mode: 0o640),
      // The unit of the cluster alone decides whether it starts, so that disabling it counts.
      .file("\(Self.configuration)/start.conf", "manual\n", owner: "postgres"),
      .enabled(unit, file: "/lib/systemd/system/postgresql@.service"),
      .file(
        "/etc/systemd/system/\(unit).service.d/lab.conf",
        "[Unit]\nConditionPathExists=\(Self.dataDirectory)/PG_VERSION\n"),
      .directory("/etc/postgresql/tls"),
      .file(Self.certificateAuthority, try secrets.certificateAuthority()),
      .file("/etc/postgresql/tls/server.crt", try secrets.certificate(machine)),
      .file(
        "/etc/postgresql/tls/server.key", try secrets.certificateKey(machine),
        owner: "postgres", mode: 0o600),
      .file(
        Self.passwordFile, "*:*:*:replicator:\(try secrets.password(.replicator))\n",
        owner: "postgres", mode: 0o600),
    ]
  }

  /// pg_rewind needs hints in the log; a promotion shortly after the primary's death waits for
  /// the retry interval.
  private static let settings = """
    listen_addresses = '*'
    ssl = on
    ssl_cert_file = '/etc/postgresql/tls/server.crt'
    ssl_key_file = '/etc/postgresql/tls/server.key'
    wal_level = replica
    hot_standby = on
    wal_log_hints = on
    wal_retrieve_retry_interval = 100ms
    wal_keep_size = 128MB
    max_wal_size = 256MB
    max_slot_wal_keep_size = 384MB
    wal_sender_timeout = 10s
    wal_receiver_timeout = 10s
    shared_buffers = 32MB

    """

  private static let admission = """
    local   all          all                      peer
    hostssl all          all        10.20.0.0/16  scram-sha-256
    hostssl replication  replicator 10.20.0.0/16  scram-sha-256

    """

  /// Lets a drill copy the replica.
  private static let drillAdmission = "local   replication  replicator peer map=drill\n"
  private static let identities = "drill \(DrillContent.account) replicator\n"

  func fillDisk(of machine: Machine, _ lab: MachineLab) throws {
    let disk = lab.place(machine).data
    let writer = try ContentWriter(root: disk, image: lab.settings.image)
    try writer.write(.directory("/\(diskDirectory)", owner: "postgres"))
    guard machine.site == .production else { return }
    let cluster = "\(lab.settings.image)\(Self.dataDirectory)"
    try Tool.run(["cp", "--archive", cluster, "\(disk)/\(diskDirectory)/main"])
    // pg_rewind looks for it there, and Debian has it elsewhere.
    try writer.write(
      .file(
        "/\(diskDirectory)/main/postgresql.conf",
        "include '\(Self.configuration)/postgresql.conf'\n", owner: "postgres", mode: 0o600))
  }

  func setUp(_ lab: MachineLab) throws {
    let production = RunningMachine(machine: lab.machine(.production, .database), lab: lab)
    let standby = RunningMachine(machine: lab.machine(.dr, .database), lab: lab)
    try Wait.until("PostgreSQL at \(production.machine.name)", within: 60_000, every: 50) {
      try production.succeeds(["pg_isready", "--quiet"])
    }
    try psql(try accounts(LabSecrets(lab: lab)), database: "postgres", at: production)
    try psql(Self.schedulerRights, database: LabDatabaseAccess.name, at: production)
    try DrillContent(machine: standby.machine, lab: lab).setUp(standby)
    try standby.run(asPostgres: baseBackup(from: production.machine), timeout: 120_000)
    try standby.run(["systemctl", "start", unit])
    try Wait.until("replication to \(standby.machine.name)", within: 60_000, every: 50) {
      try psql(
        "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'",
        database: "postgres", at: production) == "1"
    }
  }

  private func baseBackup(from primary: Machine) -> [String] {
    // As the inventory names it: a standby's source is compared with that.
    let connection =
      "host=\(primary.address) user=replicator passfile=\(Self.passwordFile) sslmode=verify-full "
      + "sslrootcert=\(Self.certificateAuthority) application_name=\(SiteName.dr)"
    return [
      "/usr/lib/postgresql/15/bin/pg_basebackup", "--pgdata=\(Self.dataDirectory)",
      "--dbname=\(connection)", "--write-recovery-conf", "--slot=\(Self.slot)",
      "--wal-method=stream", "--checkpoint=fast", "--no-sync",
    ]
  }

  private func accounts(_ secrets: LabSecrets) throws -> String {
    """
    CREATE ROLE lifeboat_observe LOGIN PASSWORD '\(try secrets.password(.observe))';
    GRANT pg_monitor TO lifeboat_observe;
    CREATE ROLE lifeboat_operate LOGIN SUPERUSER PASSWORD '\(try secrets.password(.operate))';
    CREATE ROLE scheduler LOGIN PASSWORD '\(try secrets.password(.scheduler))';
    CREATE ROLE replicator LOGIN REPLICATION PASSWORD '\(try secrets.password(.replicator))';
    CREATE DATABASE \(LabDatabaseAccess.name) OWNER scheduler;
    SELECT slot_name FROM pg_create_physical_replication_slot('\(Self.slot)', true);

    """
  }

  /// The replicator may also read what pg_rewind reads: rights on functions count in the database in which they are given.
  private static let schedulerRights = """
    ALTER DEFAULT PRIVILEGES FOR ROLE scheduler GRANT SELECT ON TABLES TO lifeboat_observe;
    GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean) TO replicator;
    GRANT EXECUTE ON FUNCTION pg_stat_file(text, boolean) TO replicator;
    GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO replicator;
    GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;

    """

  @discardableResult
  private func psql(
    _ sql: String, database: String, at machine: RunningMachine, timeout: Int64 = 30_000
  ) throws -> String {
    try machine.run(
      asPostgres: [
        "psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
        "--set=ON_ERROR_STOP=1", "--dbname=\(database)", "--file=-",
      ], input: sql, timeout: timeout)
  }

  func permitEntries(_ machine: Machine, _ lab: MachineLab) -> [ContentEntry] {
    guard let site = machine.site else { return [] }
    let question = PermitContent(site: site, lab: lab).question
    // A standby opens nothing, so it needs no permit.
    return [
      .file(
        "/etc/systemd/system/\(unit).service.d/permit.conf",
        """
        [Service]
        ExecCondition=/usr/local/bin/lab-scheduler unless-file \(Self.dataDirectory)/standby.signal \(question)

        """)
    ]
  }

  func copy(at machine: RunningMachine) throws -> LabDatabaseCopy {
    var copy = LabDatabaseCopy()
    let fields = try psql(Self.look, database: LabDatabaseAccess.name, at: machine, timeout: 5000)
      .split(separator: "|", omittingEmptySubsequences: false)
    guard fields.count == 3 else {
      copy.problem = "an unexpected answer of psql"
      return copy
    }
    copy.role = fields[0] == "t" ? "standby" : "primary"
    copy.acceptsWrites = fields[0] == "f"
    copy.position = String(fields[1])
    copy.lagSeconds = Double(fields[2])
    copy.failoverGuids = try failoverGuids(at: machine)
    return copy
  }

  /// A standby that has replayed all it has received is not late.
  private static let look = """
    SELECT pg_is_in_recovery(),
      CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
      CASE WHEN NOT pg_is_in_recovery() THEN NULL
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END
    """

  private func failoverGuids(at machine: RunningMachine) throws -> [String] {
    let tables = try psql(
      "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
        + "WHERE lower(tablename) = 'failover'",
      database: LabDatabaseAccess.name, at: machine, timeout: 5000)
    guard let table = tables.split(separator: "\n").first else { return [] }
    return try psql(
      "SELECT guid FROM \(table) ORDER BY guid", database: LabDatabaseAccess.name, at: machine,
      timeout: 5000
    ).split(separator: "\n").map(String.init)
  }
}

extension RunningMachine {
  /// Runs a program as the account of the database.
  @discardableResult
  fileprivate func run(
    asPostgres program: [String], input: String = "", timeout: Int64
  ) throws -> String {
    let account = ["runuser", "--user", "postgres", "--"]
    return try run(account + program, input: input, timeout: timeout)
  }
}
