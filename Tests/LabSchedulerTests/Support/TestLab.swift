import Foundation
import GRDB
import Testing

@testable import LabScheduler

/// A lab of its own for one test, in a directory of its own, taken down at the end.
struct TestLab {
  let directory: String
  let layout: LabLayout

  /// Quick settings: a test waits for beats and shipments, not for the default pace.
  static let quick = [
    "--job-interval", "100ms", "--ship-interval", "50ms", "--heartbeat-interval", "200ms",
  ]

  static func with(
    _ options: [String] = [], named name: String = "lab", _ body: (TestLab) async throws -> Void
  ) async throws {
    try await TemporaryDirectory.with { parent in
      let lab = TestLab(directory: "\(parent)/\(name)")
      do {
        try await lab.run("up", quick + options)
        try await body(lab)
      } catch {
        lab.showLogs()
        await lab.takeDown()
        throw error
      }
      try await lab.run("down")
    }
  }

  init(directory: String) {
    self.directory = directory
    layout = LabLayout(directory)
  }

  /// After a failed test: what its processes had to say, before it is removed.
  private func showLogs() {
    for site in layout.sites {
      for service in ServiceName.allCases {
        let lines = log(service, site.name).split(separator: "\n").suffix(30)
        for line in lines { print("\(site.name) \(line)") }
      }
    }
  }

  /// After a failed test: nothing may be left running, and the first error is the one to show.
  private func takeDown() async {
    let result = try? await Task { try await Program.run(["lab", "down", directory]) }.value
    if result?.status != 0 { Issue.record("\(directory) may still be up") }
  }

  /// Runs `lab VERB DIR …` and expects it to succeed.
  @discardableResult
  func run(_ verb: String, _ options: [String] = []) async throws -> String {
    let result = try await Program.run(["lab", verb, directory] + options)
    try #require(result.status == 0, "lab \(verb): \(result.errors)")
    return result.output
  }

  func status() async throws -> LabStatus {
    try JSON.decode(LabStatus.self, from: Data(try await run("status", ["--json"]).utf8))
  }

  func host(_ site: SiteName, _ name: String = "scheduler") -> HostDirectory {
    layout.site(site).host(name)
  }

  func guid(_ site: SiteName, _ name: String = "scheduler") throws -> String {
    try ServerConfig(file: host(site, name).serverConfigFile).installedGuid
  }

  /// Runs `service VERB HOST …`.
  @discardableResult
  func service(
    _ verb: String, _ site: SiteName, _ arguments: [String], host name: String = "scheduler",
    expecting status: Int32 = 0
  ) async throws -> Program.Result {
    let result = try await Program.run(["service", verb, host(site, name).path] + arguments)
    try #require(
      result.status == status, "service \(verb) \(arguments): \(result.status) \(result.errors)")
    return result
  }

  func services(
    _ site: SiteName, _ names: [String] = [], host name: String = "scheduler"
  ) async throws -> [ServiceName: ServiceStatus] {
    let result = try await service("show", site, names, host: name)
    let list = try JSON.decode([ServiceStatus].self, from: Data(result.output.utf8))
    return Dictionary(uniqueKeysWithValues: list.map { ($0.name, $0) })
  }

  /// Enables and starts the three services of a site, as a runbook does.
  func startServices(_ site: SiteName) async throws {
    for name in ["server", "executor", "scheduler"] {
      try await service("set-start-type", site, [name, "automatic"])
      try await service("start", site, [name])
    }
  }

  func log(_ service: ServiceName, _ site: SiteName, host name: String = "scheduler") -> String {
    let data = FileManager.default.contents(atPath: host(site, name).logFile(service))
    return String(decoding: data ?? Data(), as: UTF8.self)
  }
}

extension TestLab {
  /// A client's connection, with nothing of the lab's own in it.
  func database(_ site: SiteName) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(
      path: layout.site(site).databaseFile, configuration: configuration)
  }

  func transaction<Value>(_ site: SiteName, _ body: (Database) throws -> Value) throws -> Value {
    try database(site).write(body)
  }

  func reading<Value>(_ site: SiteName, _ body: (Database) throws -> Value) throws -> Value {
    try database(site).read(body)
  }

  /// A statement in an immediate transaction; the number of rows that it changed.
  @discardableResult
  func execute(_ site: SiteName, _ sql: String) throws -> Int {
    try transaction(site) { db in
      try db.execute(sql: sql)
      return db.changesCount
    }
  }

  func state(_ site: SiteName) throws -> ReplicationState {
    try database(site).read(ReplicationState.read)
  }

  func strings(_ site: SiteName, _ sql: String) throws -> [String] {
    try database(site).read { try String.fetchAll($0, sql: sql) }
  }

  func count(_ site: SiteName, _ table: String) throws -> Int {
    try database(site).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
  }

  /// The plain SQL with which a runner promotes a replica.
  func promote(_ site: SiteName) throws {
    let changed = try execute(
      site,
      "UPDATE replication_state SET role = 'primary', epoch = epoch + 1 WHERE role = 'replica'")
    try #require(changed == 1)
  }

  func isCaughtUp(_ site: SiteName, with source: SiteName) throws -> Bool {
    try state(site).at == state(source).at
  }
}
