import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Letting machine accounts into SQL Server, with its double.
@Suite("SQL Server's logins, users and roles (a double)", .serialized)
struct SQLServerGrantTests {
  private static let account = #"EXAMPLE\DR-]';"x -- ö$"#
  private static let role = SQLServerPair.role

  private func grant(
    _ pair: SQLServerPair, at site: String = "production", account: String = account,
    role: String = role, _ statements: String = "modern"
  ) throws -> DatabaseGrant {
    try pair.make(
      DatabaseGrant.self,
      ["account": .string(account), "role": .string(role), "statements": .string(statements)],
      at: site)
  }

  /// Logins and, where they can be read, users with their roles.
  private func standing(_ pair: SQLServerPair) throws -> [String] {
    try SQLServerPair.sites.map { site in
      try pair.sql(site, "SELECT name FROM sys.server_principals ORDER BY name", database: "master")
    } + [
      members(pair),
      pair.sql("production", "SELECT name FROM sys.database_principals ORDER BY name"),
    ]
  }

  private func members(_ pair: SQLServerPair) throws -> String {
    try pair.sql(
      "production",
      """
      SELECT u.name, r.name FROM sys.database_role_members m \
      JOIN sys.database_principals r ON r.principal_id = m.role_principal_id \
      JOIN sys.database_principals u ON u.principal_id = m.member_principal_id ORDER BY 1
      """)
  }

  @Test(
    "login, user and role, with the modern statements and the old procedures",
    arguments: [
      "modern", "procedures",
    ])
  func granted(_ statements: String) async throws {
    try await SQLServerPair.with(
      .mirroring, operating: (["VIEW SERVER STATE", "ALTER ANY LOGIN"], ["db_owner"])
    ) { pair in
      try await expectConforms(try grant(pair, statements)) { try standing(pair) }
      #expect(try members(pair).contains("\(Self.account) \(Self.role)"))
      // The mirror has the user with the database, and needs the login alone.
      let mirror = try grant(pair, at: "dr", statements)
      #expect(
        try await pair.look(mirror).verdict == .needed("create the login \(Self.account)"))
      try await expectConforms(mirror) { try standing(pair) }
      try await pair.perform(try pair.reverse())
      let verdict = try await pair.look(try grant(pair, at: "dr", statements)).verdict
      #expect(verdict.isSatisfied, "\(verdict)")
    }
  }

  @Test func onlyWhatIsMissingIsDone() async throws {
    try await SQLServerPair.with(.single) { pair in
      let account = Self.account.replacing("]", with: "]]")
      try pair.sql("production", "CREATE LOGIN [\(account)] FROM WINDOWS", database: "master")
      try pair.sql("production", "CREATE USER [another name] FOR LOGIN [\(account)]")
      let action = try grant(pair)
      let seen = try await pair.look(action)
      #expect(seen.verdict == .needed("add it to \(Self.role)"))
      #expect(action.operations(given: seen.observation).count == 1)
      try await pair.perform(action)
      #expect(try members(pair).contains("another name \(Self.role)"))
    }
  }

  @Test("a user of that name that is another account's is left alone")
  func nameTaken() async throws {
    try await SQLServerPair.with(.single) { pair in
      let quoted = Self.account.replacing("]", with: "]]")
      try pair.sql("production", "CREATE LOGIN [EXAMPLE\\OLD$] FROM WINDOWS", database: "master")
      try pair.sql("production", "CREATE USER [\(quoted)] FOR LOGIN [EXAMPLE\\OLD$]")
      guard case .blocked(let why) = try await pair.look(try grant(pair)).verdict else {
        Issue.record("it isn't blocked")
        return
      }
      #expect(why.contains("belongs to another account"), "\(why)")
    }
  }

  @Test("a role that isn't there, an account that can't be one, a database of another kind")
  func refused() async throws {
    try await SQLServerPair.with(.single) { pair in
      let verdict = try await pair.look(try grant(pair, role: "nothing")).verdict
      #expect(verdict == .blocked("scheduler@production has no role 'nothing'"))
      for account in ["sa", #"A\B\C"#, #"A/B"#] {
        #expect(throws: ActionError.self) { try grant(pair, account: account) }
      }
    }
  }

  @Test("a primary that takes no changes takes no users either")
  func closed() async throws {
    try await SQLServerPair.with(.mirroring) { pair in
      try pair.double.ask([
        "do": "set", "instance": "production", "database": "JAMS",
        "changes": ["is_read_only": true],
      ])
      let finding = try await pair.finding("copy-takes-part", of: try grant(pair))
      #expect(finding == .violated("scheduler@production is draining"))
    }
  }

  @Test("who may not see users and roles isn't told that there are none")
  func permissions() async throws {
    try await SQLServerPair.with(.single, permissions: []) { pair in
      let verdict = try await pair.look(try grant(pair)).verdict
      guard case .unknown(let why) = verdict else {
        Issue.record("\(verdict)")
        return
      }
      #expect(why.contains("may not see the users and roles"), "\(why)")
    }
  }

  @Test("wherever the runner dies, running the step again completes it", arguments: 0...3)
  func dying(after calls: Int) async throws {
    try await SQLServerPair.with(.single) { pair in
      let action = try grant(pair)
      let mortal = MortalOperator(world.makeOperator(token: "t"), after: calls)
      let seen = try await pair.look(action).observation
      do { _ = try await action.act(mortal, given: seen) } catch is MortalOperator.Died {}
      try await pair.perform(action)
      #expect(try members(pair).contains("\(Self.account) \(Self.role)"))
    }
  }
}
