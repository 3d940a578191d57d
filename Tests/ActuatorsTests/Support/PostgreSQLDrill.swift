import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// A place for drills beside a `PostgreSQLPair`: a network of its own with nothing but a loopback, and a server for the copy of
/// dr's replica, which Lifeboat reaches by a Unix socket. Its service manager is a script around `pg_ctl`.
struct PostgreSQLDrill: Sendable {
  static let account = "nobody"

  let pair: PostgreSQLPair
  let inventory: Inventory
  let directory: String

  static func with(
    _ settings: [String] = [], _ body: (PostgreSQLDrill) async throws -> Void
  ) async throws {
    try await PostgreSQLPair.with(settings) { pair in
      let drill = PostgreSQLDrill(pair)
      let reaper = try Reaper(reaping, directory: drill.directory)
      do {
        try await drill.build()
        try await body(drill)
      } catch {
        print((try? String(contentsOfFile: "\(drill.directory)/log", encoding: .utf8)) ?? "no log")
        try reaper.reap()
        throw error
      }
      try reaper.reap()
    }
  }

  private static let reaping = """
    for data in "$1"/copy/data; do
      runuser -u \(account) -- \(PostgreSQLPair.programs)/pg_ctl -D "$data" -m immediate -w stop
    done
    umount "$1/net"
    rm -rf --one-file-system -- "$1"
    """

  private init(_ pair: PostgreSQLPair) {
    self.pair = pair
    directory = "/tmp/lifeboat-drill-\(UUID().uuidString.prefix(8))"
    let host = Host(
      site: "dr", name: "drill", connection: .local,
      inside: ["nsenter", "--net=\(directory)/net", "--"],
      serviceManager: .process(control: ["\(directory)/control"], directory: directory),
      services: ["drill-scheduler"], guid: .value("DRILL"),
      drill: DrillPlace(
        database: "scheduler", directory: "\(directory)/copy",
        server: DrillServer(
          address: directory, port: Self.port, service: "drill-server", account: Self.account)))
    inventory = Inventory(
      sites: pair.inventory.sites.map { site in
        Site(name: site.name, hosts: site.hosts + (site.name == "dr" ? [host] : []))
      }, databases: pair.inventory.databases)
  }

  /// That of no other server: the socket is in a directory of its own.
  private static let port = 5433

  private func build() async throws {
    try await shell("install", "-d", "-o", Self.account, directory)
    // The drill's account comes as far as the socket of dr's server, and no further.
    try await shell("chmod", "711", pair.directory)
    try await shell("chmod", "711", "\(pair.directory)/dr")
    try await shell("touch", "\(directory)/net")
    try await shell("unshare", "--net=\(directory)/net", "true")
    let files = [
      "control": Self.control, "hba.conf": "local all all trust\n",
      "postgresql.conf": """
      listen_addresses = ''
      unix_socket_directories = '\(directory)'
      port = \(Self.port)
      hba_file = '\(directory)/hba.conf'
      fsync = off
      shared_buffers = 16MB
      dynamic_shared_memory_type = mmap

      """,
    ]
    for (name, text) in files {
      try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }
    try await shell("chmod", "755", "\(directory)/control")
  }

  /// As `PostgreSQLPair.control`, for a server and a scheduler that is only said to run.
  private static let control = """
    #!/bin/sh
    verb=$1; dir=$2; shift 2
    pg() { runuser -u \(account) -- \(PostgreSQLPair.programs)/pg_ctl -D "$dir/copy/data" "$@" >/dev/null 2>&1; }
    state() {
      if [ "$1" != drill-server ]; then cat "$dir/$1.state" 2>/dev/null || echo stopped
      elif pg status; then echo running
      else echo stopped
      fi
    }
    case $verb:$1 in
    show:*)
      for service in "$@"; do
        echo "${comma:-[}{\\"name\\": \\"$service\\", \\"state\\": \\"$(state $service)\\", \\"start_type\\": \\"manual\\"}"
        comma=,
      done
      echo ']' ;;
    start:drill-server)
      pg status || pg -l "$dir/log" -o "-c config_file=$dir/postgresql.conf" -w start || { tail -3 "$dir/log" >&2; exit 1; } ;;
    stop:drill-server) ! pg status || pg -w -m fast stop || exit 6 ;;
    start:*) echo running > "$dir/$1.state" ;;
    stop:*) echo stopped > "$dir/$1.state" ;;
    esac
    """

  // MARK: - Actions

  var database: Runbook.Database { inventory.databases[0] }
  var copyDirectory: String { "\(directory)/copy" }

  /// An action on the drill's copy.
  func make<A: Action>(_ type: A.Type, _ values: [String: Value] = [:]) throws -> A {
    try A(Arguments(values, on: .databaseAtSite(database, site: "dr.drill"), in: inventory))
  }

  /// An action on the drill's host.
  func makeOnHost<A: Action>(_ type: A.Type) throws -> A {
    try A(Arguments(on: .host(try #require(inventory.host("dr.drill"))), in: inventory))
  }

  /// All that an action of a drill can change, and what it must not.
  func standing() async throws -> [String] {
    let files = try? FileManager.default.contentsOfDirectory(atPath: copyDirectory)
    let services = try DrillServices(of: try #require(inventory.host("dr.drill")))
    let states = try await services.observe(world.makeObserver()).map { "\($0.key) \($0.reading)" }
    let copy = try #require(inventory.copy(of: database, at: "dr.drill"))
    let role = Observation(try await CopyFacts(copy: copy).observe(world.makeObserver()))
    return try await pair.standing() + states + (files ?? ["none"]).sorted()
      + ["\(role.role(of: copy)?.rawValue ?? "dark") \(role.epoch(of: copy) ?? 0)"]
  }
}
