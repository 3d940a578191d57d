import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// All that Runbooks/sites/jams.yaml names, by the doubles of Windows, SQL Server and JAMS: production runs, the DR site waits.
struct JAMSWorld: Sendable {
  static let windows = [
    "production-scheduler", "production-database", "dr-scheduler", "dr-database", "agent-1",
    "agent-2",
  ]
  private static let folder = Programs.root.appending(path: "Fixtures/doubles/windows").path
  private static let scheduler = #"C:\Program Files\MVPSI\JAMS\Scheduler"#
  private static let password = "pass word"
  /// In a file that Lifeboat reads for something else.
  static let othersSecret = "hunter2-of-jams"

  private struct Ready: Decodable {
    struct Ports: Decodable { let winrm: Int }
    let ca: String
    let control: String
    let hosts: [String: Ports]
  }

  let base: String
  private let ready: Ready
  private let sqlServer: SQLServerDouble
  private let jams: JAMSDouble

  static func with(_ body: @Sendable (JAMSWorld) async throws -> Void) async throws {
    let base = FileManager.default.temporaryDirectory.path + "/jams-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: base + "/share", withIntermediateDirectories: true)
    defer { do { try FileManager.default.removeItem(atPath: base) } catch { Issue.record(error) } }
    for name in ["Runbooks", "docs"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(base)/\(name)", withDestinationPath: "\(Programs.root.path)/\(name)")
    }
    try password.write(toFile: base + "/windows", atomically: true, encoding: .utf8)
    try await SQLServerDouble.with(try database()) { sqlServer in
      try await JAMSDouble.with(["active": true]) { jams in
        // It ends when its standard input is closed.
        _ = try await Subprocess.run(
          .path(FilePath(folder + "/run")),
          arguments: .init(
            windows.flatMap { ["--host", $0] } + ["--password-file", base + "/windows"]),
          input: .inputWriter, output: .sequence,
          error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ) { execution in
          var lines = execution.standardOutput.strings().makeAsyncIterator()
          let line = try #require(try await lines.next(), "the double did not start")
          let world = JAMSWorld(
            base: base, ready: try JSONDecoder().decode(Ready.self, from: Data(line.utf8)),
            sqlServer: sqlServer, jams: jams)
          let result: Result<Void, any Error>
          do {
            try await world.setUp()
            result = .success(try await body(world))
          } catch { result = .failure(error) }
          try await execution.standardInputWriter.finish()
          try result.get()
        }
      }
    }
  }

  private static func database() throws -> [String: Any] {
    let table = "CREATE TABLE dbo.Failover (GUID uniqueidentifier PRIMARY KEY)"
    let row = "INSERT INTO dbo.Failover VALUES ('\(SQLServerSites.guids["production"] ?? "")')"
    return [
      "instances": [
        "production": ["databases": ["JAMS": ["sql": [table, row]]]],
        "dr": ["databases": ["JAMS": [:]]],
      ] as [String: Any],
      "availability_groups": [
        [
          "name": "jams", "replicas": ["production": [:], "dr": [:]], "primary": "production",
          "databases": ["JAMS"],
        ] as [String: Any]
      ],
    ]
  }

  // MARK: - As the page has it done

  private func setUp() async throws {
    let scripts = try DocumentationTests.blocks("sql", in: "docs/jams.md")
    for script in scripts where !script.contains("msdb") && !script.contains("sysadmin") {
      for site in ["production", "dr"] where site == "production" || !script.contains("USE ") {
        try sqlServer.ask(["do": "sql", "instance": site, "database": "master", "text": script])
      }
    }
    for (name, number) in [("observe", 1), ("operate", 2)] {
      try "put-your-own-here-\(number)".write(
        toFile: "\(base)/\(name).password", atomically: true, encoding: .utf8)
    }
    for (site, address, database, state) in [
      ("production", "192.0.2.11", "sql-1.example", "Running"),
      ("dr", "198.51.100.11", "sql-2.example", "Stopped"),
    ] {
      let services = ["JAMSServer", "JAMSExecutor", "JAMSScheduler"].map {
        ["name": $0, "state": state, "start_type": state == "Running" ? "manual" : "disabled"]
      }
      let files = [
        Self.scheduler + #"\Server.config"#:
          "<C><InstalledGUID>\(SQLServerSites.guids[site] ?? "")</InstalledGUID></C>",
        #"C:\ProgramData\MVPSI\JAMS\Common.config"#:
          "<configuration><appSettings><add key='Server' value='\(database)'/></appSettings>"
          + "<!-- Password=\(Self.othersSecret); --></configuration>",
        #"C:\Windows\System32\drivers\etc\hosts"#: "\(address)\tjams.example\r\n",
      ]
      try await set(
        "\(site)-scheduler",
        [
          "services": services, "files": files,
          "directories": [Self.scheduler: [:], Self.scheduler + #"\Log"#: [:]],
          "shares": [#"\\files.example\jams-logs"#: ["directory": "\(base)/share"]],
        ])
      let data = #"C:\Program Files\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQL\DATA"#
      try await set(
        "\(site)-database",
        [
          "services": [["name": "MSSQLSERVER", "state": "Running"]], "directories": [data: [:]],
        ])
    }
  }

  private func set(_ host: String, _ state: [String: Any]) async throws {
    _ = try await control(["do": "set", "host": host, "state": state])
  }

  private func control(_ request: [String: Any]) async throws -> [String: Any] {
    let line = try JSONSerialization.data(withJSONObject: request)
    let ran = try await run(
      "python3",
      [
        "-c",
        """
        import socket, sys
        talk = socket.socket(socket.AF_UNIX)
        talk.connect(sys.argv[1])
        stream = talk.makefile("rw")
        print(sys.argv[2], file=stream, flush=True)
        print(stream.readline())
        """, ready.control, String(decoding: line, as: UTF8.self),
      ])
    let answer = try JSONSerialization.jsonObject(with: Data(ran.output.utf8)) as? [String: Any]
    try #require(answer?["error"] == nil, "\(ran)")
    return answer ?? [:]
  }

  /// Puts the doubles' addresses into the copy of the inventory that stands in the directory.
  func fillIn() throws {
    let path = base + "/sites.yaml"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    let names = [
      "jams-1": Self.windows[0], "sql-1": Self.windows[1], "jams-dr": Self.windows[2],
      "sql-2": Self.windows[3], "agent-1": Self.windows[4], "agent-2": Self.windows[5],
    ]
    for (name, host) in names {
      let port = try #require(ready.hosts[host]?.winrm)
      text.replace(
        "kind: winrm, address: \(name).example, authentication: negotiate, "
          + "ca: /etc/lifeboat/windows-ca.pem",
        with: """
          kind: winrm, url: "https://127.0.0.1:\(port)/wsman", authentication: basic, user: lifeboat, \
          password: "file:\(base)/windows", ca: "\(ready.ca)"
          """)
    }
    for (site, name) in [("production", "sql-1"), ("dr", "sql-2")] {
      text.replace(
        "host: database, address: \(name).example",
        with: "host: database, address: 127.0.0.1, port: \(try sqlServer.port(of: site))")
    }
    text.replace(
      "tls: { mode: verify-full, ca: /etc/lifeboat/sql-ca.pem }", with: "tls: { mode: disable }")
    text.replace("/etc/lifeboat/secrets/jams.password", with: "\(jams.directory)/password")
    text.replace("/etc/lifeboat/secrets", with: base)
    text.replace(
      "url: https://jams-1.example/jams",
      with: "url: \(jams.url)\n          ca: \(jams.certificates.authority)")
    text.replace("url: https://jams-dr.example/jams", with: "url: https://127.0.0.1:9/jams")
    try #require(!text.contains("authentication: negotiate"))
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  // MARK: - What a person types, and sees

  func type(_ line: String) async throws -> Ran {
    let path = Programs.directory.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    return try await run(
      "bash", ["-c", "cd \"$0\" && \(line)", base],
      environment: ["PATH": path, "LIFEBOAT_HOME": "\(base)/state"])
  }

  /// Nothing that was typed has changed anything.
  func expectUntouched() async throws {
    for host in Self.windows {
      let state = try await control(["do": "dump", "host": host])
      #expect(state["effects"] as? [String] == [], "\(host)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: base + "/share").isEmpty)
  }
}
