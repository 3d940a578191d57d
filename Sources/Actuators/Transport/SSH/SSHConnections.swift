import Runbook

/// One connection a host, for as long as Lifeboat runs.
actor SSHConnections {
  private let local: LocalTransport
  private var directory: SSHDirectory?
  private var connections: [Key: SSHConnection] = [:]
  private var configurations: [SSHSettings: String] = [:]
  private var count = 0

  private struct Key: Hashable {
    let settings: SSHSettings
    let elevation: Elevation
  }

  init(local: LocalTransport) { self.local = local }

  func connection(to host: Host, _ settings: SSHSettings) async throws -> SSHConnection {
    let client = try SSHClient(settings)
    let executable = try await local.path(of: "ssh")
    let key = Key(settings: settings, elevation: host.elevation)
    if let connection = connections[key] { return connection }
    count += 1
    let connection = try SSHConnection(
      to: host, by: client, executable: executable, in: try privateDirectory(), number: count,
      time: local.time)
    connections[key] = connection
    return connection
  }

  /// For a host on which there is no shell to keep: the client's arguments for one command, with a configuration that is
  /// written once.
  func arguments(forCommand command: String, _ settings: SSHSettings) throws -> [String] {
    let client = try SSHClient(settings)
    let written = configurations[settings]
    let configuration =
      try written ?? privateDirectory().write(client.configuration, to: "\(count + 1).conf")
    if written == nil {
      count += 1
      configurations[settings] = configuration
    }
    return client.arguments(forCommand: command, configuration: configuration)
  }

  /// Ends all connections. What is asked afterwards opens new ones.
  func close() async throws {
    await withTaskGroup(of: Void.self) { group in
      for connection in connections.values { group.addTask { await connection.close() } }
    }
    connections = [:]
    configurations = [:]
    try directory?.remove()
    directory = nil
  }

  private func privateDirectory() throws -> SSHDirectory {
    if let directory { return directory }
    let directory = try SSHDirectory()
    self.directory = directory
    return directory
  }
}
