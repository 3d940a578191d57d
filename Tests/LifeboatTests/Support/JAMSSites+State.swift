import Foundation
import TestSupport
import Testing

extension JAMSSites {
  // MARK: - What a person types

  func lifeboat(_ arguments: [String], crashAt: String? = nil) async throws -> Ran {
    var environment = ["LIFEBOAT_HOME": "\(directory)/state", "LIFEBOAT_SITES": inventory]
    if let crashAt { environment["LIFEBOAT_CRASH_AT"] = crashAt }
    return try await run(Programs.lifeboat, arguments, environment: environment)
  }

  /// A shipped runbook; `from=dr`.
  func carryOut(
    _ verb: String, _ runbook: String, _ values: [String] = [], _ more: [String] = [],
    crashAt: String? = nil
  ) async throws -> Ran {
    try await lifeboat(
      [verb, Programs.runbook(runbook)] + values.flatMap { ["--set", $0] } + more,
      crashAt: crashAt)
  }

  /// A shipped runbook that waits for nothing that comes late: for tests of what is refused.
  func impatient(_ runbook: String) throws -> String {
    let text = try String(contentsOfFile: Programs.runbook(runbook), encoding: .utf8)
    let path = "\(directory)/\(runbook).yaml"
    try text.replacing(/\ timeout: \w+/, with: " timeout: 10s")
      .replacing(/stop_timeout: \w+/, with: "stop_timeout: 2s")
      .replacing(/interval: \d+s/, with: "interval: 100ms")
      .write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// The last run's steps and how they ended.
  func outcomes() async throws -> [String: String] {
    let shown = try await lifeboat(["audit", "show", "--output", "json"])
    var found: [String: String] = [:]
    for line in shown.output.split(separator: "\n") {
      let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard let entry, entry["kind"] as? String == "step.ended", let step = entry["step"] as? String
      else { continue }
      found[step] = (entry["body"] as? [String: Any])?["outcome"] as? String
    }
    return found
  }

  // MARK: - What happens at the sites

  func power(_ hosts: [String], on: Bool) throws {
    try doubles.askJAMS(["do": "power", "hosts": hosts, "on": on])
  }

  func setWindows(_ host: String, _ state: [String: Any]) throws {
    try doubles.askWindows(["do": "set", "host": host, "state": state])
  }

  /// Other files on a host; nil removes one.
  func changeFiles(_ host: String, _ changes: [String: String?]) throws {
    var files = try dump(host)["files"] as? [String: String] ?? [:]
    for (path, text) in changes { files[path] = text }
    try setWindows(host, ["files": files])
  }

  /// Members of a host's services, as `["start_type": "disabled"]`; of all of them, or of those named.
  func changeServices(_ host: String, _ changes: [String: Any], of names: [String]? = nil) throws {
    let services = try dump(host)["services"] as? [[String: Any]] ?? []
    try setWindows(
      host,
      [
        "services": services.map { service in
          let name = service["name"] as? String ?? ""
          return names?.contains(name) ?? JAMSHost.services.contains(name)
            ? service.merging(changes) { $1 } : service
        }
      ])
  }

  func setSQLServer(_ target: [String: Any], _ changes: [String: Any]) throws {
    try doubles.askSQLServer(
      target.merging(["do": "set", "changes": changes]) { $1 })
  }

  @discardableResult
  func sql(_ site: String, _ text: String, in database: String = "JAMS") throws -> [[String]] {
    try doubles.askSQLServer(["do": "sql", "instance": site, "database": database, "text": text])[
      "rows"] as? [[String]] ?? []
  }

  /// By the jobs of log shipping, so that the copy has what production has now.
  func shipLog() throws {
    for (site, job) in [
      ("production", "LSBackup_JAMS"), ("dr", "LSCopy_production_JAMS"),
      ("dr", "LSRestore_production_JAMS"),
    ] {
      try sql(site, "EXEC msdb.dbo.sp_start_job @job_name = N'\(job)'", in: "msdb")
      try doubles.askSQLServer(["do": "look", "times": 5])
    }
  }

  /// Control has moved to the DR site without Lifeboat; `isForced`: although production couldn't be asked.
  func moveByHand(_ replication: JAMSReplication, isForced: Bool = false) throws {
    for host in ["production.scheduler", JAMSHost.partner] {
      try changeServices(host, ["state": "Stopped", "start_type": "disabled"])
    }
    if isForced { try power(["production.database"], on: false) }
    let (site, statement) = replication.move(isForced)
    try sql(site, statement, in: "master")
    try doubles.askSQLServer(["do": "look", "times": 5])
    if isForced { try power(["production.database"], on: true) }
    try sql("dr", "DELETE FROM dbo.Failover")
    try changeServices("dr.scheduler", ["state": "Running", "start_type": "manual"])
    try expectInControl("dr.scheduler")
  }

  /// Of one REST server: `["active": false]`.
  func setREST(_ host: String, _ changes: [String: Any]) throws {
    try doubles.askJAMS(["do": "rest", "host": host, "request": ["do": "set", "changes": changes]])
  }

  /// Of one REST server: `["match": "GET .*", "action": "hang"]`.
  func faultREST(_ host: String, _ fault: [String: Any]) throws {
    try doubles.askJAMS([
      "do": "rest", "host": host, "request": fault.merging(["do": "fault"]) { $1 },
    ])
  }

  /// The access lists of a scheduler's queues.
  func setQueues(_ host: String, _ access: [[String: Any]]) throws {
    try setWindows(
      host,
      ["queues": Dictionary(uniqueKeysWithValues: JAMSHost.queues.map { ($0, access) })])
  }

  // MARK: - What is so

  func dump(_ host: String) throws -> [String: Any] {
    try doubles.askWindows(["do": "dump", "host": host])
  }

  /// What JAMS does, once nothing changes any more by itself.
  func settled() throws -> [String: Any] { try doubles.askJAMS(["do": "state"]) }

  /// All that the doubles hold and that a runbook could have changed.
  func everything() throws -> String {
    let jams = try settled()
    var hosts: [String: Any] = [:]
    for host in JAMSHost.all {
      var dump = try dump(host.id)
      // What looking does.
      for key in ["messages", "shells", "running"] { dump[key] = nil }
      hosts[host.id] = dump
    }
    var state = try doubles.askSQLServer(["do": "state"])
    var tables: [String: Any] = [:]
    var instances = state["instances"] as? [String: [String: Any]] ?? [:]
    for name in instances.keys {
      instances[name]?["sessions"] = nil
      tables[name] = try doubles.askSQLServer([
        "do": "rows", "instance": name, "database": "JAMS", "table": "dbo.Failover",
      ])["rows"]
    }
    state["instances"] = instances
    let shared = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/logs").sorted()
    let all: [String: Any] = [
      "jams": jams, "hosts": hosts, "sqlserver": state, "tables": tables, "shared": shared,
    ]
    let data = try JSONSerialization.data(
      withJSONObject: all, options: [.sortedKeys, .prettyPrinted])
    return String(decoding: data, as: UTF8.self)
  }

  /// That host's scheduler alone is in control, by its own GUID in its own site's database, and there never were two.
  func expectInControl(_ id: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let state = try settled()
    #expect(schedulers("in_control", state) == [id], sourceLocation: sourceLocation)
    #expect(state["doubled"] as? Bool == false, sourceLocation: sourceLocation)
    let host = JAMSHost.named(id)
    let rows = try sql(host.site, "SELECT CAST(GUID AS nvarchar(40)) FROM dbo.Failover")
    #expect(rows == [[host.guid]], sourceLocation: sourceLocation)
  }

  /// Whose scheduler's services run.
  func running() throws -> [String] { schedulers("runs", try settled()) }

  func inControl() throws -> [String] { schedulers("in_control", try settled()) }

  private func schedulers(_ property: String, _ state: [String: Any]) -> [String] {
    let schedulers = state["schedulers"] as? [String: [String: Any]] ?? [:]
    return schedulers.filter { $0.value[property] as? Bool == true }.keys.sorted()
  }

  /// At which site control was, one after the other. Within a pair it may have gone to the partner while the two were stopped.
  func history() throws -> [String] {
    let hosts = try settled()["history"] as? [String] ?? []
    return hosts.map { JAMSHost.named($0).site }.reduce(into: []) { sites, site in
      if sites.last != site { sites.append(site) }
    }
  }

  func startTypes(_ host: String) throws -> Set<String> {
    let services = try dump(host)["services"] as? [[String: Any]] ?? []
    return Set(
      services.filter { JAMSHost.services.contains($0["name"] as? String ?? "") }
        .compactMap { $0["start_type"] as? String })
  }
}
