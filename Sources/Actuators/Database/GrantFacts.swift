import Runbook

/// What a Windows account has in SQL Server: its login on the instance, its user and that user's role in a database.
struct GrantFacts: Sendable {
  static let login = "login"
  static let user = "user"
  static let nameTaken = "user_name_taken"
  static let hasRole = "has_role"
  static let member = "role_member"
  static let all = [login] + inDatabase
  private static let inDatabase = [user, nameTaken, hasRole, member]
  static let notes: [ActionSchema.Note] = [
    .init(login, "of the account: it has a login on the instance"),
    .init(user, "of the account: the user in the database that has its SID; empty: none"),
    .init(nameTaken, "of the account: a user with its name has another SID"),
    .init(hasRole, "of the account: the database has the role"),
    .init(member, "of the account: its user is in the role"),
  ]

  let copy: DatabaseCopy
  let account: String
  let role: String

  /// Two steps of one runbook ask after two accounts, or two roles.
  var subject: String { "\(copy.subject): \(account) in \(role)" }

  func key(_ property: String) -> FactKey { FactKey(subject, property) }

  func isTrue(_ property: String, _ observation: Observation) -> Bool {
    observation[subject, property]?.boolean == true
  }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      return try await observer.read(copy) { reader in
        let login = Fact(subject, Self.login, .boolean(try hasLogin(reader)))
        let state = try copy.database.replicationFamily.state(reader, of: copy)
        if let why = state.unreadable {
          return [login] + Self.inDatabase.map { Fact(subject, $0, .unknown(why)) }
        }
        return [login] + (try lookInside(reader))
      }
    } catch {
      let gap = try Reading(gapFrom: error)
      return Self.all.map { Fact(subject, $0, gap) }
    }
  }

  private func hasLogin(_ reader: any SQLReader) throws -> Bool {
    let rows = try reader.query("SELECT SUSER_ID(\(account)) AS login")
    return rows.first?["login"]?.integer != nil
  }

  private func lookInside(_ reader: any SQLReader) throws -> [Fact] {
    let database = copy.failoverTable.database
    try requireSight(reader)
    let user = try reader.query(
      "SELECT name FROM \(identifier: database).sys.database_principals WHERE sid = SUSER_SID(\(account))"
    ).first?["name"]?.string
    let strangers = try reader.query(
      """
      SELECT name FROM \(identifier: database).sys.database_principals \
      WHERE name = \(account) AND (sid IS NULL OR sid <> SUSER_SID(\(account)))
      """)
    let roles = try reader.query(
      "SELECT name FROM \(identifier: database).sys.database_principals WHERE type = 'R' AND name = \(role)"
    )
    let memberships = try reader.query(
      """
      SELECT r.name FROM \(identifier: database).sys.database_role_members m \
      JOIN \(identifier: database).sys.database_principals r ON r.principal_id = m.role_principal_id \
      JOIN \(identifier: database).sys.database_principals u ON u.principal_id = m.member_principal_id \
      WHERE r.name = \(role) AND u.sid = SUSER_SID(\(account))
      """)
    return [
      Fact(subject, Self.user, .string(user ?? "")),
      Fact(subject, Self.nameTaken, .boolean(!strangers.isEmpty)),
      Fact(subject, Self.hasRole, .boolean(!roles.isEmpty)),
      // The database's owner is in no role, and may do everything.
      Fact(subject, Self.member, .boolean(!memberships.isEmpty || user == "dbo")),
    ]
  }

  /// Who may not see users and roles would be told that there are none.
  private func requireSight(_ reader: any SQLReader) throws {
    let rows = try reader.query(
      "\(within: copy)SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION') AS may_see"
    )
    guard rows.first?["may_see"] == 1 else {
      throw ActionError(
        "database.no_permission",
        "\(copy.subject): the account may not see the users and roles of the database",
        advice: "grant it VIEW ANY DEFINITION, or VIEW DEFINITION in the database")
    }
  }
}
