import Runbook

/// Changes the world. Only the executor has one.
struct ActuatorOperator: Operator {
  private let looking: ActuatorObserver
  private let transports: Transports
  private let timeout: Duration?
  private let probeFiles: ActuatorProbeFiles

  init(
    lookingThrough observer: ActuatorObserver, transports: Transports, timeout: Duration?,
    probeFiles: ActuatorProbeFiles
  ) {
    looking = observer
    self.transports = transports
    self.timeout = timeout
    self.probeFiles = probeFiles
  }

  var observer: any Observer { looking }
  var token: String { probeFiles.token }

  func run(_ command: Command, on host: Host) async throws -> CommandResult {
    let result = try await transports.transport(for: host).run(
      Invocation(
        arguments: command.arguments, standardInput: try await text(of: command.standardInput),
        environment: command.environment, account: command.account, purpose: .acting,
        timeout: timeout))
    return result.redacted(by: looking.secrets.redactor)
  }

  private func text(of input: CommandInput?) async throws -> String? {
    guard let input else { return nil }
    var text = ""
    for part in input.parts {
      switch part {
      case .text(let words): text += words
      case .secret(let reference, let notation):
        text += notation.written(
          try await looking.secrets.resolve(reference).reveal())
      }
    }
    return text
  }

  func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try await looking.databases.transaction(database, body)
  }

  func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try await looking.databases.session(database, body)
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try await looking.http.send(request)
  }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    try await probeFiles.writeProbeFile(name, contents: contents, in: directory, on: host)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    try await probeFiles.removeProbeFile(name, in: directory, on: host)
  }
}

extension CommandResult {
  /// Before anything is cut out of it: a part of a secret couldn't be told any more.
  func redacted(by redactor: Redactor, output: Bool = true) -> CommandResult {
    func redacted(_ text: String) -> String {
      cutBytes > 0 ? redactor.redacted(cut: text) : redactor.redacted(text)
    }
    return CommandResult(
      exitCode: exitCode, standardOutput: output ? redacted(standardOutput) : standardOutput,
      standardError: redacted(standardError), cutBytes: cutBytes)
  }
}
