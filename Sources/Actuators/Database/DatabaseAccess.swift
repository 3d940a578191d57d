import Runbook

/// Opens databases for observers and operators.
struct DatabaseAccess: Sendable {
  /// Runs a reading command on the copy's host.
  let look: @Sendable (ReadOnlyCommand, Host) async throws -> CommandResult
  let servers: ServerConnections

  func read<Result: Sendable>(
    _ copy: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    switch copy.placement.location {
    case .file(let path):
      try await SQLiteHeader(copy: copy, path: path, look: look).check(isWriting: false)
      return try await SQLiteFile(copy: copy, path: path).read(body)
    case .server(let server):
      return try await servers.read(copy, server, body)
    }
  }

  func transaction<Result: Sendable>(
    _ copy: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    switch copy.placement.location {
    case .file(let path):
      try await SQLiteHeader(copy: copy, path: path, look: look).check(isWriting: true)
      return try await SQLiteFile(copy: copy, path: path).transaction(body)
    case .server(let server):
      return try await servers.transaction(copy, server, body)
    }
  }

  func session<Result: Sendable>(
    _ copy: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    guard case .server(let server) = copy.placement.location else {
      throw ActionError(
        "database.no_session", "\(copy.subject) is a file: it takes transactions only")
    }
    return try await servers.session(copy, server, body)
  }
}
