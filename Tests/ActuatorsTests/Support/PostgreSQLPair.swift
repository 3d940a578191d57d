import Foundation
import Glibc
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Two real PostgreSQL 15 servers on this machine, as the database servers of two sites: production's is the primary, dr's
/// streams from it. Their service manager is a script around `pg_ctl`.
final class PostgreSQLPair: DatabasePair {
  static let programs = "/usr/lib/postgresql/15/bin"
  static let sites = ["production", "dr"]
  /// Servers refuse to run as root, and only root can become somebody else.
  static let canRun =
    getuid() == 0 && FileManager.default.isExecutableFile(atPath: "\(programs)/initdb")

  let directory: String
  let inventory: Inventory
  let ports: [String: Int]

  /// - Parameters:
  ///   - settings: lines for both servers' `postgresql.conf`.
  ///   - options: for the inventory's replication.
  ///   - programs: where the inventory says that the servers' programs are.
  static func with(
    _ settings: [String] = [], options: [String: String] = [:], programs: String? = nil,
    _ body: (PostgreSQLPair) async throws -> Void
  ) async throws {
    let pair = try PostgreSQLPair(options: options, programs: programs ?? Self.programs)
    // It ends the servers and removes the directory when its input ends: at the end of the test, or of the tests' process.
    let reaper = try Reaper(reaping, directory: pair.directory)
    do {
      try await pair.build(settings)
      try await body(pair)
    } catch {
      await pair.showLogs()
      try reaper.reap()
      throw error
    }
    try reaper.reap()
  }

  private static let reaping = """
    for site in production dr; do
      runuser -u postgres -- \(programs)/pg_ctl -D "$1/$site/data" -m immediate -w stop
    done
    rm -rf -- "$1"
    """

  private init(options: [String: String], programs: String) throws {
    directory = "/tmp/lifeboat-postgresql-pair-\(UUID().uuidString.prefix(8))"
    let directory = directory
    ports = ["production": try FreePort.find(), "dr": try FreePort.find()]
    let manager = { (name: String) in
      ServiceManager.process(control: ["\(directory)/control"], directory: "\(directory)/\(name)")
    }
    let sites = Self.sites.map { site in
      Site(
        name: site,
        hosts: [
          Host(site: site, name: "db", connection: .local, serviceManager: manager(site)),
          Host(
            site: site, name: "scheduler", connection: .local,
            serviceManager: manager("\(site)-scheduler"), services: ["scheduler"],
            guid: .value(site.uppercased())),
        ])
    }
    var placements: [String: Runbook.Database.Placement] = [:]
    for site in Self.sites {
      let server = Runbook.DatabaseServer(
        address: "127.0.0.1", port: ports[site] ?? 0, database: "scheduler",
        tls: .init(mode: .disable), observer: .init(user: "observer"),
        operator: .init(user: "postgres"),
        installation: .init(
          service: "postgresql", account: "postgres", dataDirectory: "\(directory)/\(site)/data",
          programDirectory: programs))
      placements[site] = .init(host: "db", location: .server(settings: server))
    }
    inventory = Inventory(
      sites: sites,
      databases: [
        Runbook.Database(
          name: "scheduler", kind: .postgresql,
          replication: .init(kind: .streaming, user: "postgres", options: options),
          primary: "production", placements: placements)
      ])
  }

  // MARK: - Building

  private func build(_ settings: [String]) async throws {
    try await shell("install", "-d", "-o", "postgres", "-m", "700", directory)
    for site in Self.sites {
      try await asServer("mkdir", "\(directory)/\(site)", "\(directory)/\(site)-scheduler")
    }
    let script = "\(directory)/control"
    try Self.control.write(toFile: script, atomically: true, encoding: .utf8)
    try await shell("chmod", "755", script)
    let data = "\(directory)/production/data"
    try await asServer(
      "\(Self.programs)/initdb", "--no-sync", "-D", data, "-U", "postgres", "--auth=trust",
      "--data-checksums", "--locale=C.UTF-8")
    try append(
      [
        // Goes with the directory when the server is killed.
        "dynamic_shared_memory_type = mmap",
        "listen_addresses = '127.0.0.1'", "fsync = off",
        "shared_buffers = 16MB", "wal_receiver_timeout = 5s",
        "log_line_prefix = '%m '",
      ] + settings, to: "\(data)/postgresql.conf")
    try await asServer("cp", "-a", data, "\(directory)/dr/data")
    for site in Self.sites {
      try append(
        ["port = \(port(site))", "unix_socket_directories = '\(directory)/\(site)'"],
        to: "\(directory)/\(site)/data/postgresql.conf")
    }
    try append(
      [
        "primary_conninfo = 'host=127.0.0.1 port=\(port("production")) user=postgres'",
        "primary_slot_name = 'lifeboat_dr'",
      ], to: "\(directory)/dr/data/postgresql.auto.conf")
    try await asServer("touch", "\(directory)/dr/data/standby.signal")
    try await start("production")
    for statement in [
      "SELECT pg_create_physical_replication_slot('lifeboat_dr', true)",
      "CREATE ROLE observer LOGIN IN ROLE pg_monitor", "CREATE DATABASE scheduler",
    ] { try await sql("production", statement, database: "postgres") }
    try await sql(
      "production",
      "CREATE TABLE \"Failover\" (guid text PRIMARY KEY, host text); CREATE TABLE rows (id int, at timestamptz DEFAULT now()); "
        + "INSERT INTO \"Failover\" VALUES ('PRODUCTION', 'p1'); GRANT SELECT ON ALL TABLES IN SCHEMA public TO observer"
    )
    try await start("dr")
    try await caughtUp()
  }

  private func append(_ lines: [String], to file: String) throws {
    let handle = try #require(FileHandle(forWritingAtPath: file))
    defer { handle.closeFile() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
  }

  /// As the `process` manager's command: a verb, a host's directory, a service. Where there is a data directory it is a
  /// server, else a scheduler that is only said to run.
  private static let control = """
    #!/bin/sh
    verb=$1; dir=$2; service=$3
    pg() { runuser -u postgres -- \(programs)/pg_ctl -D "$dir/data" "$@" >/dev/null 2>&1; }
    if [ -d "$dir/data" ]; then
      if pg status; then state=running; else state=stopped; fi
    else
      state=$(cat "$dir/state" 2>/dev/null || echo stopped)
    fi
    type=$(cat "$dir/start_type" 2>/dev/null || echo automatic)
    case $verb in
    show) echo "[{\\"name\\": \\"$service\\", \\"state\\": \\"$state\\", \\"start_type\\": \\"$type\\"}]" ;;
    start)
      [ "$type" = disabled ] && { echo "$service is disabled" >&2; exit 5; }
      [ $state = running ] || pg -l "$dir/log" -w start || { tail -3 "$dir/log" >&2; exit 1; } ;;
    stop)
      [ -e "$dir/unstoppable" ] && { echo "$service does not stop" >&2; exit 6; }
      [ $state = stopped ] || pg -w -m fast stop || exit 6 ;;
    set-start-type) echo "$4" > "$dir/start_type" ;;
    esac
    """

  // MARK: - By hand

  func port(_ site: String) -> Int { ports[site] ?? 0 }
  func data(_ site: String) -> String { "\(directory)/\(site)/data" }

  @discardableResult
  func asServer(_ arguments: String...) async throws -> String {
    try await shell(["runuser", "-u", "postgres", "--"] + arguments)
  }

  func control(_ verb: String, _ site: String, _ more: String...) async throws {
    try await shell(
      ["sh", "\(directory)/control", verb, "\(directory)/\(site)", "postgresql"] + more)
  }

  func start(_ site: String) async throws { try await control("start", site) }
  func stop(_ site: String) async throws { try await control("stop", site) }

  /// As a power cut.
  func kill(_ site: String) async throws {
    let file = try String(contentsOfFile: "\(data(site))/postmaster.pid", encoding: .utf8)
    let leader = try #require(file.split(separator: "\n").first.flatMap { Int32($0) })
    let children = try await shell("ps", "-o", "pid=", "--ppid", "\(leader)")
      .split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    for process in [leader] + children { Glibc.kill(process, SIGKILL) }
    try await eventually("the killed server is gone") {
      ([leader] + children).allSatisfy { Glibc.kill($0, 0) != 0 }
    }
  }

  @discardableResult
  func sql(_ site: String, _ statement: String, database: String = "scheduler") async throws
    -> String
  {
    try await shell(
      "psql", "-h", "127.0.0.1", "-p", "\(port(site))", "-U", "postgres", "-d", database, "-qAt",
      "-v", "ON_ERROR_STOP=1", "-c", statement
    ).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The standby has all that its primary has.
  func caughtUp(_ primary: String = "production", _ standby: String = "dr") async throws {
    try await eventually("\(standby) has all of \(primary)") {
      let last = try await sql(primary, "SELECT pg_current_wal_lsn()")
      let isThere = try await sql(
        standby, "SELECT coalesce(pg_last_wal_replay_lsn() >= '\(last)', false)",
        database: "postgres")
      return isThere == "t"
    }
  }

  private func showLogs() async {
    for site in Self.sites {
      let log = (try? String(contentsOfFile: "\(directory)/\(site)/log", encoding: .utf8)) ?? ""
      print("--- \(site)\n\(log.suffix(3000))")
    }
  }
}

/// A shell that ends the servers of a directory and removes it once its input ends.
struct Reaper {
  private let shell = Process()
  private let pipe = Pipe()

  /// - Parameter script: finds the directory in `$1`.
  init(_ script: String, directory: String) throws {
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-c", "read -r _\n" + script, "reaper", directory]
    _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    shell.standardInput = pipe
    shell.standardOutput = FileHandle.nullDevice
    shell.standardError = FileHandle.nullDevice
    try shell.run()
  }

  func reap() throws {
    try pipe.fileHandleForWriting.close()
    shell.waitUntilExit()
  }
}
