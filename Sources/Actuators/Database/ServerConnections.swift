import ODBC
import Runbook
import Synchronization

/// Reaches database servers over the network. Connections are kept for the next call, as making one costs more than most
/// statements.
final class ServerConnections: Sendable {
  private let secrets: SecretResolver
  private let looking: Duration
  private let time: any TimeSource
  private let idle = Mutex<[Key: [ODBCConnection]]>([:])
  /// Log-ins under way for nobody in particular.
  private let approaches = Mutex<[Key: Task<Void, Never>]>([:])
  private let patience = Mutex<[DatabaseServer: Patience]>([:])

  /// Which connections can stand in for each other.
  private struct Key: Hashable {
    let kind: Database.Kind
    let server: DatabaseServer
    let mode: ODBCSettings.Mode
  }

  private enum Limit {
    static let connecting = Duration.seconds(5)
    /// Only ends what nobody waits for any more: an act ends by its step's own time-out.
    static let acting = Duration.seconds(3600)
  }

  /// - Parameter looking: how long one statement of a probe may take.
  init(secrets: SecretResolver, looking: Duration, time: any TimeSource) {
    self.secrets = secrets
    self.looking = looking
    self.time = time
  }

  /// One read-only transaction, as the account that can only look: all queries see one state.
  func read<Result: Sendable>(
    _ copy: DatabaseCopy, _ server: DatabaseServer,
    _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    let key = Key(kind: copy.database.kind, server: server, mode: .readOnly)
    return try await use(key, of: copy) { session in
      try session.transaction { session in
        let transaction = ServerTransaction(session: session, kind: key.kind)
        try transaction.seeOneState()
        return try body(transaction)
      }
    }
  }

  func transaction<Result: Sendable>(
    _ copy: DatabaseCopy, _ server: DatabaseServer,
    _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    let key = Key(kind: copy.database.kind, server: server, mode: .readWrite)
    return try await use(key, of: copy) { session in
      try session.transaction { session in
        let transaction = ServerTransaction(session: session, kind: key.kind)
        try transaction.beSerializable()
        return try body(transaction)
      }
    }
  }

  func session<Result: Sendable>(
    _ copy: DatabaseCopy, _ server: DatabaseServer,
    _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    let key = Key(kind: copy.database.kind, server: server, mode: .readWrite)
    var known: [SecretReference: Secret] = [:]
    if let password = copy.database.replication?.password {
      known[password] = try await secrets.resolve(password)
    }
    return try await use(key, of: copy) { [known] session in
      try body(ServerTransaction(session: session, kind: key.kind, secrets: known))
    }
  }

  /// Logs in anew as the account that changes things, and out again.
  func logIn(_ copy: DatabaseCopy, _ server: DatabaseServer) async throws {
    let key = Key(kind: copy.database.kind, server: server, mode: .readWrite)
    do {
      try await open(key).close()
    } catch {
      try Task.checkCancellation()
      throw ServerErrors(copy: copy, isWriting: false).described(error)
    }
  }

  /// Logs in for whoever comes next. Why it can't be done is told to whoever needs it.
  func approach(_ copy: DatabaseCopy, _ mode: ODBCSettings.Mode) async {
    guard case .server(let server) = copy.placement.location else { return }
    let key = Key(kind: copy.database.kind, server: server, mode: mode)
    let approach = Task {
      guard let connection = try? await open(key) else { return }
      idle.withLock { $0[key, default: []].append(connection) }
    }
    approaches.withLock { $0[key] = approach }
    await end(of: approach)
    approaches.withLock { $0[key] = nil }
  }

  /// Whoever doesn't wait any more ends it: the others log in by themselves then.
  private func end(of approach: Task<Void, Never>) async {
    await withTaskCancellationHandler {
      await approach.value
    } onCancel: {
      approach.cancel()
    }
  }

  /// Ends the connections that nobody uses.
  func close() {
    let connections = idle.withLock { idle in
      defer { idle = [:] }
      return idle.values.flatMap { $0 }
    }
    for connection in connections { connection.close() }
  }

  /// A connection goes back only after a success: after an error its state isn't worth finding out.
  private func use<Result: Sendable>(
    _ key: Key, of copy: DatabaseCopy, _ body: @escaping @Sendable (ODBCSession) throws -> Result
  ) async throws -> Result {
    let errors = ServerErrors(copy: copy, isWriting: key.mode == .readWrite)
    do {
      let connection = try await connection(key)
      do {
        let result = try await connection.perform(body)
        idle.withLock { $0[key, default: []].append(connection) }
        return result
      } catch {
        connection.close()
        throw error
      }
    } catch {
      try Task.checkCancellation()
      throw errors.described(error)
    }
  }

  /// One that is still alive, or a new one: a server may have been restarted since.
  private func connection(_ key: Key) async throws -> ODBCConnection {
    if let approach = approaches.withLock({ $0[key] }) { await end(of: approach) }
    while let kept = idle.withLock({ $0[key]?.popLast() }) {
      if try await isAlive(kept, key) { return kept }
      kept.close()
    }
    return try await open(key)
  }

  private func open(_ key: Key) async throws -> ODBCConnection {
    do {
      let connection = try await ODBCConnection.open(try await settings(key))
      try await connection.perform { session in
        try ServerTransaction(session: session, kind: key.kind).speakStandardSQL()
      }
      withPatience(key) { $0.answered() }
      return connection
    } catch let error as ODBCError where [.unreachable, .timedOut].contains(error.kind) {
      withPatience(key) { $0.wasLetDown(at: time.uptime()) }
      throw error
    }
  }

  /// A server that hangs keeps its connections, and answers none.
  private func isAlive(_ connection: ODBCConnection, _ key: Key) async throws -> Bool {
    do {
      let answer = try await time.within(connectTimeout(key)) {
        try await connection.query("SELECT 1")
      }
      if answer == nil { withPatience(key) { $0.wasLetDown(at: time.uptime()) } }
      return answer != nil
    } catch is ODBCError {
      return false
    }
  }

  private func connectTimeout(_ key: Key) -> Duration {
    withPatience(key) { $0.limit(at: time.uptime()) }
  }

  private func withPatience<Result: Sendable>(
    _ key: Key, _ body: (inout Patience) -> Result
  ) -> Result {
    patience.withLock { body(&$0[key.server, default: Patience(full: Limit.connecting)]) }
  }

  private func settings(_ key: Key) async throws -> ODBCSettings {
    let server = key.server
    let login = key.mode == .readOnly ? server.observer : server.operator
    var password = Secret("")
    if let reference = login.password { password = try await secrets.resolve(reference) }
    return ODBCSettings(
      server: key.kind.server, driver: server.driver, host: server.address, port: server.port,
      database: key.kind.home ?? server.database, user: login.user,
      password: ODBCPassword { [password] in password.reveal() }, mode: key.mode,
      encryption: try encryption(server.tls), connectTimeout: connectTimeout(key),
      statementTimeout: key.mode == .readOnly ? looking : Limit.acting)
  }

  private func encryption(_ tls: DatabaseServer.TLS) throws -> ODBCSettings.Encryption {
    switch tls.mode {
    case .disable: return .disabled
    case .require: return .required
    case .verifyFull:
      guard let authority = tls.authority else {
        throw ActionError(
          "database.tls",
          "the server's certificate can't be verified: the inventory names no authority",
          advice: "add tls: { ca: /path/to/ca.pem } to the database")
      }
      return .verified(authorityFile: authority)
    }
  }
}

extension Database.Kind {
  fileprivate var server: ODBCSettings.Server {
    switch self {
    case .mariadb: .mariaDB
    case .sqlserver: .sqlServer
    case .postgresql, .sqlite: .postgreSQL
    }
  }

  /// The database that connections stay in, where a copy of the inventory's can't always be opened.
  var home: String? { self == .sqlserver ? "master" : nil }
}
