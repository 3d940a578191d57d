import Runbook

/// Makes copies replicas of the primary.
struct GTIDFollowing: Sendable {
  /// How long statements under way may hold up that a copy is closed.
  static let closingTimeout = Duration.seconds(10)
  /// A replica whose primary was away asks again after so many seconds; the server's own default is 60.
  private static let connectRetry = 5

  let primary: DatabaseCopy
  let `operator`: any Operator

  /// False where the copy follows already. Refuses a copy that has transactions that the primary lacks: it would fail, or
  /// go on with other content.
  ///
  /// - Parameter semiSync: whether the primary is to wait for its replica before it acknowledges a commit.
  func follow(_ copy: DatabaseCopy, semiSync: Bool) async throws -> Bool {
    let server = try Self.server(of: primary)
    let history = try await `operator`.observer.read(primary) {
      try GTIDServer.read($0, of: primary)
    }
    guard history.source == nil, !history.isReadOnly else {
      throw ActionError(
        "replication.no_primary", "\(primary.subject) takes no changes: nobody can follow it",
        advice: "look who else reverses the replication; then run the step again")
    }
    let own = try await `operator`.observer.read(copy) { try GTIDServer.read($0, of: copy) }
    let follows = own.source.map { $0.isRunning && $0.address == Self.address(of: server) } ?? false
    if !follows {
      try await attach(copy, to: server, having: history.history, semiSync: semiSync)
      if semiSync { try await waitForReplicas() }
      _ = try await `operator`.session(copy) { try $0.execute(Self.starting) }
    }
    try await GTIDFence(copy: copy, operator: `operator`).keepClosed()
    return !follows
  }

  private func attach(
    _ copy: DatabaseCopy, to server: DatabaseServer, having history: GTIDHistory, semiSync: Bool
  ) async throws {
    let change = try Self.changeMaster(to: server, copy.database)
    let primary = primary
    try await `operator`.session(copy) { writer in
      try GTIDFence.close(writer, within: Self.closingTimeout)
      try Self.endTransactions(writer)
      // Asked here, as what isn't bound by read_only may have written until now.
      let own = try GTIDServer.read(writer, of: copy)
      let missing = history.missing(from: own.history)
      guard missing.isEmpty else {
        throw GTIDDivergence(of: copy, from: primary, gtids: missing, history: history).error
      }
      for statement in Self.semiSyncSettings(semiSync) { try writer.execute(statement) }
      if own.source != nil { try writer.execute(Self.stopping) }
      try writer.execute(change)
    }
  }

  /// As a source it would wait for replicas that it doesn't have, and its own applier with it.
  static func semiSyncSettings(_ semiSync: Bool) -> [SQLStatement] {
    [
      "SET GLOBAL rpl_semi_sync_master_enabled=0",
      "SET GLOBAL rpl_semi_sync_slave_enabled=\(number: semiSync ? 1 : 0)",
    ]
  }

  static let stopping: SQLStatement = "STOP SLAVE"
  static let starting: SQLStatement = "START SLAVE"
  static let waitingForReplicas: SQLStatement = "SET GLOBAL rpl_semi_sync_master_enabled=1"

  /// From now on, and not before a replica is about to come: until then each commit would wait in vain.
  private func waitForReplicas() async throws {
    _ = try await `operator`.session(primary) {
      try $0.execute(Self.waitingForReplicas)
    }
  }

  /// Transactions that hold rows can't be committed any more, and the applier would wait for them.
  private static func endTransactions(_ writer: any SQLWriter) throws {
    let query: SQLStatement = """
      SELECT t.trx_mysql_thread_id AS id FROM information_schema.innodb_trx t \
      JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
      WHERE t.trx_rows_locked + t.trx_rows_modified > 0 AND p.user <> 'system user'
      """
    for row in try writer.query(query) {
      guard let id = row["id"]?.integer else { continue }
      do { try writer.execute("KILL CONNECTION \(number: id)") } catch let error as ActionError {
        // One that has ended by itself meanwhile is no error.
        if try writer.query(query).contains(where: { $0["id"]?.integer == id }) { throw error }
      }
    }
  }

  static func server(of primary: DatabaseCopy) throws -> DatabaseServer {
    guard let server = primary.server else {
      throw ActionError("database.no_session", "\(primary.subject) is a file: nobody can follow it")
    }
    return server
  }

  static func address(of server: DatabaseServer) -> String { "\(server.address):\(server.port)" }

  /// The server takes no bound values here.
  static func changeMaster(to server: DatabaseServer, _ database: Database) throws -> SQLStatement {
    guard let replication = database.replication, let user = replication.user else {
      throw ActionError(
        "replication.no_account", "the inventory names no account for replicas of \(database.name)",
        advice: "add user and password to the database's 'replication'")
    }
    let account: SQLStatement = """
      CHANGE MASTER TO MASTER_HOST=\(literal: server.address), MASTER_PORT=\(number: server.port), \
      MASTER_USER=\(literal: user)
      """
    var parts = account.parts
    if let password = replication.password {
      parts += [.text(", MASTER_PASSWORD="), .secret(password)]
    }
    var options = ["MASTER_CONNECT_RETRY": String(connectRetry)]
    options.merge(replication.options) { _, own in own }
    for (name, value) in options.sorted(by: { $0.key < $1.key }) {
      parts += [.text(", \(try checked(name))="), written(value)]
    }
    return SQLStatement(
      parts: parts + [.text(", MASTER_USE_GTID=slave_pos, MASTER_DEMOTE_TO_SLAVE=1")])
  }

  /// Options are words of the statement, which can't be quoted.
  private static func checked(_ option: String) throws -> String {
    let isWord = option.allSatisfy { ("A"..."Z").contains($0) || $0 == "_" }
    guard option.hasPrefix("MASTER_"), isWord else {
      throw ActionError(
        "replication.option", "'\(option)' is no option of CHANGE MASTER",
        advice: "see 'replication' in the inventory: options are written as MASTER_HEARTBEAT_PERIOD"
      )
    }
    return option
  }

  private static func written(_ value: String) -> SQLStatement.Part {
    let isNumber = !value.isEmpty && value.allSatisfy { ("0"..."9").contains($0) || $0 == "." }
    return isNumber ? .text(value) : .literal(value)
  }
}
