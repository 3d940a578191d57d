import Runbook
import Testing

@testable import Actuators

/// What is read from PostgreSQL's programs and written into its settings.
@Suite struct PostgreSQLTextTests {
  @Test("positions are written as PostgreSQL writes them")
  func positions() {
    #expect(LogPosition("0/30288C0")?.bytes == 0x30288C0)
    #expect(LogPosition("1A/0")?.bytes == 0x1A_0000_0000)
    #expect(LogPosition(bytes: 0x1A_0000_00FF).description == "1A/FF")
    for text in ["", "/", "0", "0/", "x/1", "0/1/2", "0/100000000", "FFFFFFFF/0"] {
      #expect(LogPosition(text) == nil, "\(text)")
    }
  }

  @Test("control data")
  func controlData() {
    let text = """
      Database system identifier:           7711215995823225592
      Database cluster state:               shut down
      Latest checkpoint location:           0/3028848
      Latest checkpoint's TimeLineID:       2
      Minimum recovery ending location:     0/0
      Bytes per WAL segment:                16777216
      wal_log_hints setting:                off
      Data page checksum version:           1
      """
    let data = ControlData(text)
    #expect(data?.isCleanPrimary == true)
    #expect(data?.timeline == 2)
    #expect(data?.checkpoint == LogPosition("0/3028848"))
    #expect(data?.allowsRewind == true)
    #expect(
      ControlData(text.replacing("version:           1", with: "version:           0"))?
        .allowsRewind
        == false)
    let crashed = ControlData(text.replacing("shut down", with: "in production"))
    #expect(crashed?.isClean == false)
    #expect(crashed?.wasPrimary == true)
    #expect(ControlData("no such thing") == nil)
  }

  @Test(
    "of the log, a rewind needs what comes after the last common checkpoint, and all if that isn't said"
  )
  func rewindLog() {
    let words = "pg_rewind: rewinding from last common checkpoint at 1/1F000028 on timeline 27"
    let files = [
      "0000001B000000010000001E", "0000001B000000010000001F", "0000001C0000000200000000",
      "0000001B000000000000002F.partial", "0000001C.history",
    ].map { "/data/pg_wal/\($0)" }
    let log = RewindLog(announced: words, segmentBytes: 16 << 20)
    #expect(files.filter(log.includes) == [files[1], files[2], files[4]])
    let unknown = RewindLog(announced: "pg_rewind: Rücksetzen", segmentBytes: 16 << 20)
    #expect(files.allSatisfy(unknown.includes))
  }

  @Test("the end of the log is where pg_waldump finds no record any more")
  func logEnd() {
    let message =
      "pg_waldump: error: error in WAL record at 0/3028848: invalid record length at 0/30288C0: wanted 24, got 0"
    #expect(TimelineDivergence.end(in: message) == LogPosition("0/30288C0"))
    #expect(TimelineDivergence.end(in: "pg_waldump: error: could not open file") == nil)
  }

  @Test("whom commits wait for")
  func synchronousNames() {
    let cases: [(String, Int, [String])] = [
      ("*", 1, ["*"]), ("a, B", 1, ["a", "b"]), ("FIRST 2 (a, \"b\", c)", 2, ["a", "b", "c"]),
      ("ANY 1 (a,b)", 1, ["a", "b"]), ("2 (a, b)", 2, ["a", "b"]),
    ]
    for (text, needed, names) in cases {
      let standbys = SynchronousStandbys(text)
      #expect(standbys?.needed == needed, "\(text)")
      #expect(standbys?.names == names, "\(text)")
    }
    #expect(SynchronousStandbys("") == nil)
    #expect(SynchronousStandbys("FIRST (a)") == nil)
    #expect(SynchronousStandbys("*")?.counts("anything") == true)
  }

  @Test("two sites never share a slot, and every name is one that PostgreSQL takes")
  func slotNames() {
    let sites = ["dr", "dr-2", "dr_2", "DR", "dr2", "Zürich"]
    let names = sites.map(ReplicationSlot.name(for:))
    #expect(Set(names).count == sites.count)
    #expect(names[0] == "lifeboat_dr")
    let isAllowed = names.allSatisfy { name in
      name.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_".contains($0) }
    }
    #expect(isAllowed)
  }

  @Test("a file of settings keeps what is its own; hostile values stay values")
  func settingsFile() throws {
    let pair = Inventory(
      sites: ["production", "dr"].map { site in
        Site(name: site, hosts: [Host(site: site, name: "db", connection: .local)])
      },
      databases: [
        Runbook.Database(
          name: "scheduler", kind: .postgresql,
          replication: .init(
            kind: .streaming, user: "o'brien",
            options: ["passfile": "/a b\\c", "sslmode": "verify-full"]),
          primary: "production",
          placements: Dictionary(
            uniqueKeysWithValues: ["production", "dr"].map { site in
              let server = Runbook.DatabaseServer(
                address: site, port: 5432, database: "d", tls: .init(), observer: .init(user: "o"),
                operator: .init(user: "p"),
                installation: .init(service: "s", account: "a", dataDirectory: "/d"))
              return (site, .init(host: "db", location: .server(settings: server)))
            }))
      ])
    let database = pair.databases[0]
    let copy = try #require(pair.copy(of: database, at: "production"))
    let primary = try #require(pair.copy(of: database, at: "dr"))
    let settings = try StandbySettings(of: copy, following: primary)
    let before = "# kept\nwork_mem = '5MB'\nprimary_conninfo = 'old'\n Primary_Slot_Name = 'old'\n"
    let merged = settings.merged(into: before)
    #expect(
      merged == """
        # kept
        work_mem = '5MB'
        primary_conninfo = 'application_name=''production'' host=''dr'' passfile=''/a b\\\\\\\\c'' port=''5432'' sslmode=''verify-full'' user=''o\\\\''brien'''
        primary_slot_name = 'lifeboat_production'
        recovery_target_timeline = 'latest'

        """)
    #expect(settings.merged(into: merged) == merged)
  }

  @Test("a person is asked before more is lost than may be, in words that stay the same")
  func consent() throws {
    try withPair { inventory in
      func make(_ mode: String) throws -> ReplicationReverse {
        try ReplicationReverse(
          Arguments(
            ["to": "dr", "mode": .string(mode), "maximum_loss": "5s"],
            on: .database(inventory.databases[0]), in: inventory))
      }
      func observation(exposure: Int?) -> Observation {
        var observation = Observation()
        observation.state("scheduler@dr", "role", "replica")
        observation.state("scheduler@dr", "as_of", "2026-01-02T03:04:05.678Z")
        if let exposure { observation.state("scheduler@dr", "exposure_ms", .integer(exposure)) }
        return observation
      }
      let ungraceful = try make("ungraceful")
      #expect(ungraceful.consent(for: observation(exposure: 5000)) == nil)
      let question = try #require(ungraceful.consent(for: observation(exposure: 5001)))
      #expect(question.prompt.contains("2026-01-02T03:04:05.678Z"))
      #expect(ungraceful.consent(for: observation(exposure: 9000)) == question)
      #expect(ungraceful.consent(for: observation(exposure: nil)) != nil)
      #expect(try make("graceful").consent(for: observation(exposure: nil)) == nil)
      var done = observation(exposure: 9000)
      done.state("scheduler@dr", "role", "primary")
      #expect(ungraceful.consent(for: done) == nil)
    }
  }

  private func withPair(_ body: (Inventory) throws -> Void) throws {
    let sites = ["production", "dr"]
    try body(
      Inventory(
        sites: sites.map { Site(name: $0, hosts: [.here($0)]) },
        databases: [
          Runbook.Database(
            name: "scheduler", kind: .sqlite, replication: .init(kind: .logShipping),
            primary: "production",
            placements: Dictionary(
              uniqueKeysWithValues: sites.map { ($0, .init(host: "scheduler", file: "/\($0)")) }))
        ]))
  }
}
