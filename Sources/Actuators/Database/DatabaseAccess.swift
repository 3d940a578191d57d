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

  /// Gets in as the account that changes the copy, and asks nothing of it.
  func logIn(_ copy: DatabaseCopy) async throws {
    switch copy.placement.location {
    case .file(let path):
      try await SQLiteHeader(copy: copy, path: path, look: look).check(isWriting: true)
      guard try await look(.isWritable(path), copy.host).exitCode == 0 else {
        throw ActionError(
          "database.read_only", "\(copy.subject): \(path) can't be written to on \(copy.host.id)",
          advice: "see the file's permissions")
      }
    case .server(let server):
      try await servers.logIn(copy, server)
    }
  }

  func session<Result: Sendable>(
    _ copy: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    switch copy.placement.location {
    case .file(let path):
      try await SQLiteHeader(copy: copy, path: path, look: look).check(isWriting: false)
      return try await SQLiteFile(copy: copy, path: path).session(body)
    case .server(let server):
      return try await servers.session(copy, server, body)
    }
  }
}
