import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The actions that only look whether something is ready.
@Suite struct ReadinessActionTests {
  /// A clock that is wrong by a fixed time.
  private struct WrongTime: TimeSource {
    let base = SystemTime()
    let error: TimeInterval

    func now() -> Date { base.now().addingTimeInterval(error) }
    func uptime() -> Duration { base.uptime() }
    func sleep(for duration: Duration) async throws { try await base.sleep(for: duration) }
  }

  private func inventory(_ host: Host, witnesses: [Witness] = []) -> Inventory {
    Inventory(sites: [Site(name: host.site, hosts: [host])], witnesses: witnesses)
  }

  private func make<A: Action>(
    _ type: A.Type, _ values: [String: Value] = [:], on host: Host
  ) throws -> A {
    try A(Arguments(values, on: .host(host), in: inventory(host)))
  }

  private func verdict(_ action: some Action, in world: ActuatorWorld = world) async throws
    -> Verdict
  {
    action.judge(try await action.probe(world.makeObserver()))
  }

  // MARK: - Hosts

  @Test("host.clock: this machine's own clock agrees with itself, and a wrong one doesn't")
  func clock() async throws {
    try await withDirectory { directory in
      let host = Host.here("dr")
      let action = try make(HostClock.self, ["maximum": "1m"], on: host)
      try await expectConforms(action) { try DirectorySnapshot(of: directory).entries.count }
      #expect(try await verdict(action).isSatisfied)
      for error in [3600.0, -3600.0] {
        let wrong = ActuatorWorld(time: WrongTime(error: error))
        let found = try await verdict(action, in: wrong)
        #expect(found.name == "needed", "\(found)")
        // It is the host's clock that is told of: behind, when this machine's is ahead.
        #expect(found.explanation.contains(error > 0 ? "behind" : "ahead"), "\(found)")
      }
    }
  }

  @Test("host.clock: what can't be told exactly enough is not decided")
  func clockUncertain() async throws {
    let host = Host.here("dr")
    let action = try make(HostClock.self, ["maximum": "1s"], on: host)
    func judge(_ offset: Int, _ uncertainty: Int) -> String {
      var observation = Observation()
      observation.state(host.id, "clock_offset_ms", .integer(offset))
      observation.state(host.id, "clock_uncertainty_ms", .integer(uncertainty))
      return action.judge(observation).name
    }
    #expect(judge(-900, 100) == "satisfied")
    #expect(judge(-900, 200) == "unknown")
    #expect(judge(1100, 200) == "unknown")
    #expect(judge(1300, 200) == "needed")
  }

  @Test(
    "host.tools: by PATH and by path; a directory and a file that isn't executable are no programs")
  func tools() async throws {
    try await withDirectory { directory in
      let host = Host.here("dr")
      try "text".write(toFile: directory + "/plain", atomically: true, encoding: .utf8)
      let script = directory + "/it's $(a tool)"
      try "#!/bin/sh\n".write(toFile: script, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
      let there = try make(
        HostTools.self, ["programs": ["test", "df", .string(script)]], on: host)
      try await expectConforms(there) { try DirectorySnapshot(of: directory).entries.count }
      #expect(try await verdict(there).isSatisfied)
      let missing = try make(
        HostTools.self,
        [
          "programs": [
            "df", "no-such-program", "*", .string(directory), .string(directory + "/plain"),
          ]
        ], on: host)
      #expect(
        try await verdict(missing)
          == .needed("dr.scheduler lacks no-such-program, *, \(directory), \(directory)/plain"))
    }
  }

  @Test("host.guid: read where the inventory says, or a finding")
  func guid() async throws {
    try await withDirectory { directory in
      let file = directory + "/Server.config"
      let host = Host(
        site: "dr", name: "scheduler", connection: .local,
        guid: .file(path: file, element: "InstalledGUID"))
      let action = try make(HostGUID.self, on: host)
      #expect(try await verdict(action).name == "needed")
      try "<a><InstalledGUID>ABC</InstalledGUID></a>"
        .write(toFile: file, atomically: true, encoding: .utf8)
      try await expectConforms(action) { try DirectorySnapshot(of: directory).entries.count }
      #expect(try await verdict(action).isSatisfied)
      let clone = Host(
        site: "production", name: "scheduler", connection: .local, guid: .value("{abc}"))
      let both = Inventory(
        sites: [Site(name: "dr", hosts: [host]), Site(name: "production", hosts: [clone])])
      let twin = try HostGUID(Arguments(on: .host(host), in: both))
      #expect(
        try await verdict(twin) == .needed("dr.scheduler has the GUID of production.scheduler: ABC")
      )
      let error = #expect(throws: ActionError.self) { try make(HostGUID.self, on: .here("dr")) }
      #expect(error?.code == "guid.undefined")
    }
  }

  /// The double is systemd alone: what `systemctl show` prints, as systemd 252 does.
  @Test("permit.asked: whose permit units ask for, and which machine, with its address")
  func permitAsked() async throws {
    try await withDirectory { directory in
      let programs = [
        "systemctl": """
        cat <<'END'
        ExecCondition={ path=/usr/bin/lifeboat ; argv[]=/usr/bin/lifeboat permit --site dr --ask desk ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }

        ExecCondition={ path=/usr/bin/test ; argv[]=/usr/bin/test -e /x ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
        END
        """,
        "ssh": "test \"$1 $3\" = '-G desk' && printf 'user root\\nhostname 10.0.0.9\\n'",
      ]
      for (name, text) in programs {
        let path = "\(directory)/\(name)"
        try "#!/bin/sh\n\(text)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: path)
      }
      func action(_ site: String) throws -> PermitAsked {
        let way = Connection.exec(through: ["env", "PATH=\(directory):/usr/bin:/bin"])
        return try make(
          PermitAsked.self,
          on: Host(
            site: site, name: "scheduler", connection: way, serviceManager: .systemd,
            services: ["jobs", "other"]))
      }
      let own = try action("dr")
      try await expectConforms(own) { try DirectorySnapshot(of: directory).entries.count }
      #expect(
        try await verdict(own) == .satisfied("the units of dr.scheduler ask for the permit of dr"))
      let seen = try await own.probe(world.makeObserver())
      #expect(seen["dr.scheduler", "permit_machines"] == ["desk", "10.0.0.9"])
      #expect(try await verdict(try action("production")).name == "needed")
      let lab = try make(PermitAsked.self, on: .here("dr"))
      #expect(try await verdict(lab).isSatisfied)
    }
  }

  @Test("a host that is down can't be told of")
  func hostDown() async throws {
    try await withDirectory { directory in
      let down = try Host.down("dr", in: directory)
      let host = Host(
        site: "dr", name: "scheduler", connection: down.connection, serviceManager: .systemd,
        services: ["jobs"], guid: .file(path: "/x", element: "y"))
      let actions: [any Action] = [
        try make(HostClock.self, on: host), try make(HostGUID.self, on: host),
        try make(HostTools.self, ["programs": ["df"]], on: host),
        try make(PermitAsked.self, on: host),
      ]
      for action in actions {
        #expect(try await UnreachableConformance(action, in: world).findings() == [])
        #expect(action.judge(try await action.probe(world.makeObserver())).name == "unknown")
      }
    }
  }

  // MARK: - Databases

  @Test("database.accounts: a file that is there, and one that isn't")
  func accountsOfFile() async throws {
    try await withDirectory { directory in
      let database = try TestDatabase(in: directory)
      let action = try database.make(DatabaseAccounts.self, at: "dr")
      try await expectConforms(action) {
        try DirectorySnapshot(of: directory).entries.mapValues(\.content)
      }
      #expect(try await verdict(action).isSatisfied)
      try FileManager.default.removeItem(atPath: database.file("dr"))
      let missing = try await verdict(action)
      #expect(missing.name == "needed", "\(missing)")
    }
  }

  @Test(
    "database.accounts: a server that knows both accounts, one that refuses one, and none",
    .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
  func accountsOfServer() async throws {
    try await PostgreSQLPair.with { pair in
      func verdict(operator user: String, port: Int? = nil) async throws -> Verdict {
        let database = pair.inventory.databases[0]
        let server = try #require(
          pair.inventory.copy(of: database, at: "production")?.server)
        let changed = Runbook.DatabaseServer(
          address: server.address, port: port ?? server.port, database: server.database,
          tls: server.tls, observer: server.observer, operator: .init(user: user),
          installation: server.installation)
        let copy = Runbook.Database(
          name: database.name, kind: database.kind, replication: database.replication,
          primary: database.primary,
          placements: ["production": .init(host: "db", location: .server(settings: changed))])
        let action = try DatabaseAccounts(
          Arguments(
            on: .databaseAtSite(copy, site: "production"),
            in: Inventory(sites: pair.inventory.sites, databases: [copy])))
        return try await self.verdict(action)
      }
      let before = try await pair.standing()
      #expect(try await verdict(operator: "postgres").isSatisfied)
      let refused = try await verdict(operator: "nobody-known")
      #expect(refused.name == "needed", "\(refused)")
      #expect(refused.explanation.contains("nobody-known"), "\(refused)")
      #expect(try await verdict(operator: "postgres", port: FreePort.find()).name == "unknown")
      #expect(try await pair.standing() == before)
    }
  }

  // MARK: - Witnesses

  @Test("witness.check: a directory, a program and a server, there and not")
  func witnesses() async throws {
    try await TestServer.with { server in
      try await withDirectory { directory in
        let there = [
          Witness(name: "directory", place: .path(directory: directory)),
          Witness(name: "program", place: .command(["cat"])),
          Witness(name: "server", place: .http(url: "\(server.url)/store/x", authorization: nil)),
        ]
        func action(_ witnesses: [Witness], _ values: [String: Value] = [:]) throws
          -> WitnessCheck
        {
          try WitnessCheck(
            Arguments(values, in: inventory(.here("dr"), witnesses: witnesses)))
        }
        try await expectConforms(try action(there)) {
          try DirectorySnapshot(of: directory).entries.count
        }
        #expect(try await verdict(try action(there)).isSatisfied)
        #expect(try await verdict(try action([])).isSatisfied)
        let missing = [
          Witness(name: "a", place: .path(directory: directory + "/none")),
          Witness(name: "b", place: .command(["no-such-program"])),
        ]
        let found = try await verdict(try action(missing))
        #expect(found.name == "needed")
        #expect(found.explanation.contains("/none is no directory"), "\(found)")
        #expect(found.explanation.contains("lacks no-such-program"), "\(found)")
        let dark = Witness(
          name: "c",
          place: .http(url: "http://127.0.0.1:\(try FreePort.find())/", authorization: nil))
        #expect(try await verdict(try action([dark])).name == "unknown")
        #expect(throws: ActionError.self) { try action(there, ["witness": "nobody"]) }
      }
    }
  }
}
