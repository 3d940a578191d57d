import Runbook

/// Looks, and can't do anything else: its commands are of a closed list, its databases are opened read-only, its requests
/// are GET and HEAD, after a log-in where a server wants one.
struct ActuatorObserver: Observer {
  /// Programs' messages are read in one language, file names in UTF-8, and times in UTC.
  private static let environment = ["LC_ALL": "C.UTF-8", "TZ": "UTC"]

  let time: any TimeSource
  let transports: Transports
  let servers: ServerConnections
  let secrets: SecretResolver
  let tokens: HTTPTokens
  let timeout: Duration

  func run(_ command: ReadOnlyCommand, on host: Host) async throws -> CommandResult {
    let result = try await transports.transport(for: host).run(
      Invocation(
        arguments: command.arguments, environment: Self.environment, account: command.account,
        purpose: .looking, timeout: timeout))
    // What is judged is left as it is: a password that is a common word must not change what a probe sees.
    return result.redacted(by: secrets.redactor, output: command.tellsWords)
  }

  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    try await databases.read(database, body)
  }

  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse {
    try await http.fetch(request)
  }

  func logIn(_ database: DatabaseCopy) async throws { try await databases.logIn(database) }

  var databases: DatabaseAccess {
    DatabaseAccess(look: { try await run($0, on: $1) }, servers: servers)
  }
  var http: HTTPClient { HTTPClient(secrets: secrets, tokens: tokens) }
}
