public import Runbook

/// `database.grant`
public struct DatabaseGrant: ActingAction {
  public static let schema = ActionSchema(
    name: "database.grant",
    summary: "Let a Windows account into a SQL Server database, in a role",
    discussion: """
      As for the machine account of a scheduler's server: its login on the instance, its user in the database, and that
      user's membership in the role. What is there already stays as it is.

      Logins are not replicated: take one step for each copy. Users and members are; so on a replica, which nobody can write
      to, only the login is looked at and made.

      A user belongs to an account by its SID, whatever it is called. Where a user has the account's name and another SID (the
      machine was joined to the domain anew), the step is blocked: whose the user's permissions are is for a person to say.

      `procedures` are sp_grantlogin, sp_grantdbaccess and sp_addrolemember, for servers or rules that want these. Microsoft has
      deprecated them.

      The operating account needs ALTER ANY LOGIN, and db_owner in the database; the observing account VIEW ANY DEFINITION.
      """,
    target: .databaseAtSite,
    parameters: [
      .init("account", .string, required: true, #"A Windows account, as EXAMPLE\DR-SCHEDULER$"#),
      .init("role", .string, required: true, "A role that the database has"),
      .init(
        "statements", .choice(["modern", "procedures"]), default: "modern",
        "CREATE LOGIN, CREATE USER and ALTER ROLE, or the old procedures"),
    ],
    effect: .changes,
    reversibility: .irreversible,
    facts: CopyFacts.notes + GrantFacts.notes,
    guards: [
      .init(takesPart, "the copy is the primary, or a replica, which needs the login alone")
    ],
    example: #"""
      id: let-dr-in
      action: database.grant
      target: scheduler@dr
      with: { account: 'EXAMPLE\DR-SCHEDULER$', role: JAMSApp }
      """#)

  private static let takesPart = "copy-takes-part"

  private let copy: DatabaseCopy
  private let facts: GrantFacts
  private let isByProcedures: Bool

  public init(_ arguments: Arguments) throws {
    copy = try arguments.databaseCopy()
    guard copy.database.kind == .sqlserver else {
      throw ActionError(
        "database.kind",
        "step \(arguments.step): \(copy.database.name) is \(copy.database.kind.rawValue), and Windows accounts are SQL Server's",
        advice: "remove the step, or see the database's 'kind'")
    }
    let account = try arguments.requiredString("account")
    guard account.split(separator: "\\", omittingEmptySubsequences: false).count == 2 else {
      throw ActionError(
        "database.account", "step \(arguments.step): '\(account)' is no Windows account",
        advice: #"write DOMAIN\NAME; a machine's ends in $"#)
    }
    facts = GrantFacts(copy: copy, account: account, role: try arguments.requiredString("role"))
    isByProcedures = arguments.string("statements") == "procedures"
  }

  public var destinations: [Destination] { [.reading(copy), .writing(copy)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let state = CopyFacts(copy: copy).observe(observer)
    async let grants = facts.observe(observer)
    return Observation(try await state + grants)
  }

  // MARK: - Judging

  public func judge(_ observation: Observation) -> Verdict {
    guard let role = observation.role(of: copy) else {
      return .unknown(
        observation.gap(copy.subject, FactName.role) ?? "\(copy.subject) has an unknown role")
    }
    let needed = role == .replica ? [GrantFacts.login] : GrantFacts.all
    if let gap = observation.firstGap(needed.map(facts.key)) { return .unknown(gap) }
    if role != .replica {
      guard facts.isTrue(GrantFacts.hasRole, observation) else {
        return .blocked("\(copy.subject) has no role '\(facts.role)'")
      }
      if facts.isTrue(GrantFacts.nameTaken, observation) {
        return .blocked(
          "a user '\(facts.account)' of \(copy.subject) belongs to another account, by its SID")
      }
    }
    let missing = Missing(facts, observation)
    return missing.isNothing
      ? .satisfied("\(facts.account) is let into \(copy.subject)")
      : .needed(missing.words.joined(separator: ", "))
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    result.state(facts.subject, GrantFacts.login, true)
    guard observation.role(of: copy) == .primary else { return result }
    result.state(facts.subject, GrantFacts.user, .string(Missing(facts, observation).userName))
    result.state(facts.subject, GrantFacts.member, true)
    return result
  }

  public var guards: [Guard] {
    [
      Guard(Self.takesPart, demand: "\(copy.subject) is the primary or a replica") { [copy] in
        switch $0.role(of: copy) {
        case .primary, .replica: .holds
        case let role?: .violated("\(copy.subject) is \(role.rawValue)")
        case nil: .unknown($0.gap(copy.subject, FactName.role) ?? "its role isn't known")
        }
      }
    ]
  }

  // MARK: - Acting

  public func operations(given observation: Observation) -> [Operation] {
    statements(for: Missing(facts, observation)).map { Operation(.statement($0, in: copy)) }
  }

  /// One by one: none of them may be in a transaction in every case, and each is done only where it isn't done yet.
  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let missing = Missing(facts, observation)
    let statements = statements(for: missing)
    try await `operator`.session(copy) { writer in
      for statement in statements { _ = try writer.execute(statement) }
    }
    return Evidence(["done": .list(missing.words.map(Value.string))])
  }

  private func statements(for missing: Missing) -> [SQLStatement] {
    let (account, role, user) = (facts.account, facts.role, missing.userName)
    var statements: [SQLStatement] = []
    if missing.lacksLogin {
      statements.append(
        isByProcedures
          ? "EXEC sp_grantlogin \(literal: account)"
          : "CREATE LOGIN \(identifier: account) FROM WINDOWS")
    }
    if missing.lacksUser {
      statements.append(
        isByProcedures
          ? "\(within: copy)EXEC sp_grantdbaccess \(literal: account)"
          : "\(within: copy)CREATE USER \(identifier: account) FOR LOGIN \(identifier: account)")
    }
    if missing.lacksMembership {
      statements.append(
        isByProcedures
          ? "\(within: copy)EXEC sp_addrolemember \(literal: role), \(literal: user)"
          : "\(within: copy)ALTER ROLE \(identifier: role) ADD MEMBER \(identifier: user)")
    }
    return statements
  }

  /// What isn't there yet.
  private struct Missing: Sendable {
    let lacksLogin: Bool
    let lacksUser: Bool
    let lacksMembership: Bool
    /// The user that the account has, or will have.
    let userName: String
    private let facts: GrantFacts

    init(_ facts: GrantFacts, _ observation: Observation) {
      self.facts = facts
      let isPrimary = observation.role(of: facts.copy) == .primary
      let user = observation[facts.subject, GrantFacts.user]?.string ?? ""
      lacksLogin = !facts.isTrue(GrantFacts.login, observation)
      lacksUser = isPrimary && user.isEmpty
      lacksMembership = isPrimary && !facts.isTrue(GrantFacts.member, observation)
      userName = user.isEmpty ? facts.account : user
    }

    var isNothing: Bool { words.isEmpty }
    var words: [String] {
      (lacksLogin ? ["create the login \(facts.account)"] : [])
        + (lacksUser ? ["create its user in \(facts.copy.subject)"] : [])
        + (lacksMembership ? ["add it to \(facts.role)"] : [])
    }
  }
}
