import Runbook

/// Reaches database servers over the network.
struct ServerConnections: Sendable {
  let secrets: SecretResolver

  func read<Result: Sendable>(
    _ copy: DatabaseCopy, _ server: DatabaseServer,
    _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    throw ActionError("database.unsupported", "\(copy.subject): no client yet")
  }

  func transaction<Result: Sendable>(
    _ copy: DatabaseCopy, _ server: DatabaseServer,
    _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    throw ActionError("database.unsupported", "\(copy.subject): no client yet")
  }

  func session<Result: Sendable>(
    _ copy: DatabaseCopy, _ server: DatabaseServer,
    _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    throw ActionError("database.unsupported", "\(copy.subject): no client yet")
  }
}
