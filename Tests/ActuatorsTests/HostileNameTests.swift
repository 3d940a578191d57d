import Foundation
import ODBC
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Every name that reaches SQL Server or JAMS's REST server from an inventory or a runbook, to the doubles of both: it arrives
/// unchanged or is refused, and is never taken for a statement or another path.
@Suite("Hostile names to SQL Server and by REST (doubles)", .serialized)
struct HostileNameTests {
  private static let table = "CREATE TABLE dbo.Failover (GUID nvarchar(100) PRIMARY KEY)"
  private static let canary = "CREATE TABLE dbo.\(HostileValues.canary) (id int PRIMARY KEY)"
  private static let row = "INSERT INTO dbo.Failover VALUES (N'FOREIGN')"

  /// One instance, and what tests do with it.
  private struct Bench: Sendable {
    let double: SQLServerDouble

    @discardableResult
    func sql(_ text: String, in database: String = "JAMS") throws -> [[String]] {
      let answer = try double.ask([
        "do": "sql", "instance": "production", "database": database, "text": text,
      ])
      return (answer["rows"] as? [[Any]] ?? []).map { $0.map { "\($0)" } }
    }

    func action<A: Action>(
      _ type: A.Type, _ values: [String: Value] = [:], database: String = "JAMS",
      table: String = "dbo.Failover", column: String = "GUID"
    ) throws -> A {
      let secret = SecretReference("file:\(double.directory)/password")
      let server = Runbook.DatabaseServer(
        address: "127.0.0.1", port: try double.port(of: "production"), database: database,
        tls: .init(mode: .disable), observer: .init(user: "admin", password: secret),
        operator: .init(user: "admin", password: secret),
        installation: .init(
          service: "MSSQLSERVER", account: #"NT SERVICE\MSSQLSERVER"#, dataDirectory: #"C:\DATA"#))
      let host = Host(
        site: "production", name: "scheduler", connection: .local, services: ["scheduler"],
        guid: .value("OWN"))
      let described = Runbook.Database(
        name: "scheduler", kind: .sqlserver, replication: nil, primary: "production",
        failoverTable: table, guidColumn: column,
        placements: ["production": .init(host: "scheduler", location: .server(settings: server))])
      let inventory = Inventory(
        sites: [Site(name: "production", hosts: [host])], databases: [described])
      return try A(
        Arguments(values, on: .databaseAtSite(described, site: "production"), in: inventory))
    }

    /// Empties the table that the action means, as the engine does.
    func empty(_ action: FailoverTruncate) async throws {
      let seen = try await action.probe(world.makeObserver())
      guard case .needed = action.judge(seen) else {
        throw ActionError("failover_table.unseen", "\(action.judge(seen))")
      }
      _ = try await action.act(world.makeOperator(token: "t"), given: seen)
    }

    func isEmpty(_ table: String, in database: String = "JAMS") throws -> Bool {
      try sql("SELECT count(*) FROM dbo.\(quoted(table))", in: database) == [["0"]]
    }
  }

  private static func quoted(_ name: String) -> String { "[\(name.replacing("]", with: "]]"))]" }

  private static func tables(_ bench: Bench) -> [HostileValues.Row] {
    [
      .init(parameter: "database", ordinary: "plain") { text in
        try bench.sql("CREATE DATABASE \(quoted(text))", in: "master")
        for statement in [table, row] { try bench.sql(statement, in: text) }
        try await bench.empty(bench.action(FailoverTruncate.self, database: text))
        return try bench.isEmpty("Failover", in: text) ? text : nil
      },
      .init(parameter: "failover_table", ordinary: "plain") { text in
        try bench.sql("CREATE TABLE dbo.\(quoted(text)) (GUID nvarchar(100) PRIMARY KEY)")
        try bench.sql("INSERT INTO dbo.\(quoted(text)) VALUES (N'FOREIGN')")
        try await bench.empty(bench.action(FailoverTruncate.self, table: "dbo.\(text)"))
        return try bench.isEmpty(text) ? text : nil
      },
      .init(parameter: "guid_column", ordinary: "plain") { text in
        try bench.sql("CREATE TABLE dbo.[of \(text.count)] (\(quoted(text)) nvarchar(100))")
        try bench.sql("INSERT INTO dbo.[of \(text.count)] VALUES (N'FOREIGN')")
        defer { _ = try? bench.sql("DROP TABLE dbo.[of \(text.count)]") }
        let action = try bench.action(
          FailoverTruncate.self, table: "dbo.of \(text.count)", column: text)
        try await bench.empty(action)
        return try bench.isEmpty("of \(text.count)") ? text : nil
      },
    ]
  }

  private static func grants(_ bench: Bench) -> [HostileValues.Row] {
    @Sendable func grant(_ account: String, _ role: String, _ statements: String) async throws {
      let action = try bench.action(
        DatabaseGrant.self,
        ["account": .string(account), "role": .string(role), "statements": .string(statements)])
      let seen = try await action.probe(world.makeObserver())
      _ = try await action.act(world.makeOperator(token: "t"), given: seen)
    }
    return ["modern", "procedures"].flatMap { statements -> [HostileValues.Row] in
      [
        .init(parameter: "account, \(statements)", ordinary: "plain-\(statements)") { text in
          let account = "\(statements)\\\(text)"
          try await grant(account, "JAMSApp", statements)
          let names = try bench.sql("SELECT name FROM sys.server_principals", in: "master")
          return names.contains([account]) ? text : nil
        },
        .init(parameter: "role, \(statements)", ordinary: "plain-\(statements)") { text in
          let role = statements == "modern" ? text : "\(text)2"
          try bench.sql("CREATE ROLE \(quoted(role))")
          try await grant("EXAMPLE\\\(statements)", role, statements)
          let held = try bench.sql(
            """
            SELECT r.name FROM sys.database_role_members m \
            JOIN sys.database_principals r ON r.principal_id = m.role_principal_id
            """)
          return held.contains([role]) ? text : nil
        },
      ]
    }
  }

  private static func logins(_ bench: Bench) -> [HostileValues.Row] {
    @Sendable func open(_ user: String, _ password: String) async throws {
      let settings = ODBCSettings(
        server: .sqlServer, host: "127.0.0.1", port: try bench.double.port(of: "production"),
        database: "master", user: user, password: ODBCPassword { password }, mode: .readWrite,
        encryption: .disabled)
      let connection = try await ODBCConnection.open(settings)
      _ = try await connection.query("SELECT 1")
    }
    return [
      .init(parameter: "user", ordinary: "plain-user") { text in
        try bench.sql(
          "CREATE LOGIN \(quoted(text)) WITH PASSWORD = N'known'", in: "master")
        try await open(text, "known")
        return text
      },
      .init(parameter: "password", ordinary: "plain-password") { text in
        let user = "of \(text.count) \(text.hashValue)"
        let literal = text.replacing("'", with: "''")
        try bench.sql(
          "CREATE LOGIN \(quoted(user)) WITH PASSWORD = N'\(literal)'", in: "master")
        try await open(user, text)
        return text
      },
    ]
  }

  @Test("names in SQL Server")
  func sqlServer() async throws {
    let instance: [String: Any] = [
      "logins": ["admin": ["password": "secret", "sysadmin": true] as [String: Any]],
      "databases": ["JAMS": ["sql": [Self.table, Self.canary], "roles": ["JAMSApp"]]],
    ]
    try await SQLServerDouble.with(["instances": ["production": instance]]) { double in
      try "secret".write(
        toFile: "\(double.directory)/password", atomically: true, encoding: .utf8)
      let bench = Bench(double: double)
      for row in Self.tables(bench) + Self.grants(bench) + Self.logins(bench) {
        try await row.expectSafe()
        #expect(
          try bench.sql("SELECT name FROM sys.tables").contains([HostileValues.canary]),
          "\(row.parameter)")
      }
    }
  }

  @Test("names in what JAMS is asked by REST")
  func rest() async throws {
    let world: [String: Any] = [
      "open": [
        "resource": "/api/resource/{resource}", "resource_update": "/api/resource",
        "jobs": "/api/job", "version": "/api/version",
      ]
    ]
    try await JAMSDouble.with(world) { double in
      for row in [Self.resource(double), Self.quantity(double), Self.account(double)]
        + Self.fields(double)
      {
        try await row.expectSafe()
      }
    }
  }

  // MARK: - By REST

  private static func at(_ rest: SchedulerREST, _ values: [String: Value] = [:]) throws
    -> Arguments
  {
    let host = Host(site: "here", name: "one", connection: .local, rest: rest)
    return Arguments(
      values, on: .host(host), in: Inventory(sites: [Site(name: "here", hosts: [host])]))
  }

  /// The fact that an action states, or why it can't.
  private static func fact(_ property: String, of action: some Action) async throws -> Value {
    let seen = try await action.probe(world.makeObserver())
    let key = seen.facts.map(\.key).first { $0.property == property }
    guard let key, let value = seen[key.subject, property] else {
      throw ActionError("rest.gap", key.flatMap { seen.gap($0.subject, property) } ?? property)
    }
    return value
  }

  private static func window(_ resource: String, quantity: String = "quantityAvailable")
    -> SchedulerREST.MaintenanceWindow
  {
    .init(
      resource: resource, path: "/api/resource/{resource}", updatePath: "/api/resource",
      quantityField: quantity)
  }

  private static func resource(_ double: JAMSDouble) -> HostileValues.Row {
    let names = HostileValues.texts.filter { $0.count < 1000 } + ["plain"]
    return HostileValues.Row(
      parameter: "maintenance_window: resource", ordinary: "plain", texts: names
    ) { text in
      let resources = names.enumerated().map {
        ["resourceName": $0.element, "quantityAvailable": $0.offset + 1] as [String: Any]
      }
      try double.set(["resources": resources])
      let action = try SchedulerQuiesce(at(double.rest(window: window(text))))
      return try await fact(MaintenanceWindow.quantity, of: action).integer.map { names[$0 - 1] }
    }
  }

  /// The whole resource is sent back, with one of its fields changed.
  private static func quantity(_ double: JAMSDouble) -> HostileValues.Row {
    HostileValues.Row(parameter: "maintenance_window: quantity", ordinary: "quantityAvailable") {
      text in
      try double.set(["resources": [["resourceName": "plain", text: 7] as [String: Any]]])
      let action = try SchedulerQuiesce(at(double.rest(window: window("plain", quantity: text))))
      let seen = try await action.probe(world.makeObserver())
      guard case .needed = action.judge(seen) else {
        throw ActionError("rest.unseen", "\(action.judge(seen))")
      }
      _ = try await action.act(world.makeOperator(token: "t"), given: seen)
      let held = try double.ask(["do": "state"])["resources"] as? [[String: Any]]
      return held?.first?.first { $0.value as? Int == 0 }?.key
    }
  }

  private static func account(_ double: JAMSDouble) -> HostileValues.Row {
    HostileValues.Row(parameter: "rest: user", ordinary: "somebody") { text in
      try double.set(["accounts": [text: JAMSDouble.password]])
      defer { try? double.set(["accounts": [JAMSDouble.user: JAMSDouble.password]]) }
      let action = try SchedulerHealth(at(double.rest(user: text)))
      return try await fact("server_severity", of: action) == "Success" ? text : nil
    }
  }

  private static func fields(_ double: JAMSDouble) -> [HostileValues.Row] {
    @Sendable func localJobs(_ job: [String: String], _ jobs: SchedulerREST.Jobs) async throws
      -> String?
    {
      try double.set(["jobs": [job, ["job": "distant", "on": "AGENT-1"].merging(job) { $1 }]])
      let action = try AgentsCheck(at(double.rest(jobs: jobs)))
      let found = try await fact("local_jobs", of: action).list ?? []
      return found.compactMap(\.string).first
    }
    return [
      .init(parameter: "jobs: name", ordinary: "jobName") { text in
        let jobs = SchedulerREST.Jobs(
          path: "/api/job", nameField: text, agentField: "on", localAgent: "JAMS-1")
        return try await localJobs([text: "nightly", "on": "JAMS-1"], jobs) == "nightly"
          ? text : nil
      },
      .init(parameter: "jobs: agent", ordinary: "agentName") { text in
        let jobs = SchedulerREST.Jobs(
          path: "/api/job", nameField: "job", agentField: text, localAgent: "JAMS-1")
        return try await localJobs(["job": "nightly", text: "JAMS-1"], jobs) == "nightly"
          ? text : nil
      },
      .init(parameter: "jobs: local_agent", ordinary: "JAMS-2") { text in
        let jobs = SchedulerREST.Jobs(
          path: "/api/job", nameField: "job", agentField: "on", localAgent: text)
        return try await localJobs(["job": "nightly", "on": text], jobs) == "nightly" ? text : nil
      },
      .init(parameter: "version: field", ordinary: "version") { text in
        try double.set(["version": [text: "7.7.0"]])
        let rest = double.rest(version: .init(path: "/api/version", field: text))
        let action = try SchedulerHealth(at(rest, ["version": "7.7.0"]))
        return try await fact("server_version", of: action) == "7.7.0" ? text : nil
      },
    ]
  }
}
