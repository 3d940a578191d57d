import ODBC
public import Runbook

/// The outside world: hosts, databases and HTTP servers, as they really are.
public struct ActuatorWorld: OperableWorld {
  /// What bounds a single look or command.
  public struct Limits: Sendable {
    /// Child processes at once.
    public var concurrentChildren: Int
    /// How long one command of a probe may take before its host counts as unreachable.
    public var look: Duration
    /// How long one command of an act may take. Nil: until the step's own deadline.
    public var command: Duration?

    public init(
      concurrentChildren: Int = 64, look: Duration = .seconds(10), command: Duration? = nil
    ) {
      self.concurrentChildren = concurrentChildren
      self.look = look
      self.command = command
    }
  }

  private let time: any TimeSource
  private let limits: Limits
  private let transports: Transports
  private let servers: ServerConnections
  private let tokens = HTTPTokens()
  /// Where this world's secrets come from.
  public let secrets: SecretResolver

  /// `redactor` learns every secret that is resolved.
  public init(
    time: any TimeSource, limits: Limits = Limits(), redactor: Redactor = Redactor()
  ) {
    self.time = time
    self.limits = limits
    transports = Transports(
      time: time, concurrentChildren: limits.concurrentChildren, redactor: redactor)
    secrets = transports.secrets
    servers = ServerConnections(secrets: secrets, looking: limits.look, time: time)
  }

  public func makeObserver() -> any Observer { observer }

  public func makeProbeFileWriter(token: String) -> any ProbeFileWriter {
    ActuatorProbeFiles(token: token, transports: transports, timeout: limits.look)
  }

  public func makeOperator(token: String) -> any Operator {
    ActuatorOperator(
      lookingThrough: observer, transports: transports, timeout: limits.command,
      probeFiles: ActuatorProbeFiles(
        token: token, transports: transports, timeout: limits.look))
  }

  public func approach(_ destinations: [Destination]) async {
    await withTaskGroup(of: Void.self) { group in
      for destination in destinations { group.addTask { await approach(destination) } }
    }
  }

  private func approach(_ destination: Destination) async {
    switch destination {
    case .host(let host): await transports.approach(host, within: limits.look)
    case .reading(let copy): await servers.approach(copy, .readOnly)
    case .writing(let copy): await servers.approach(copy, .readWrite)
    }
  }

  /// Ends the connections to hosts and databases. A process that ends without it leaves none behind either: it is quicker
  /// and tidier.
  public func close() async throws {
    servers.close()
    try await transports.close()
  }

  private var observer: ActuatorObserver {
    ActuatorObserver(
      time: time, transports: transports, servers: servers, secrets: secrets,
      tokens: tokens, timeout: limits.look)
  }
}
