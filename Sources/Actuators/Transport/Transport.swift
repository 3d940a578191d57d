import Runbook

/// A way to run argument vectors on a host. No shell reads them: every argument arrives byte for byte.
///
/// Ways that keep a connection, and those to Windows hosts, conform in files of their own and get a case in `Transports`.
protocol Transport: Sendable {
  /// Throws `ActionError` (`host.unreachable`, `command.not_found`, `command.timed_out`, …) when there is no exit code to
  /// return, and `CancellationError` when the task was cancelled; the command's processes are gone by then.
  func run(_ invocation: Invocation) async throws -> CommandResult
}

/// One command, ready to be sent.
struct Invocation: Sendable {
  /// What it means when the time is up.
  enum Purpose: Sendable {
    /// Nothing can have changed: the target just couldn't be asked.
    case looking
    /// It may or may not have been done.
    case acting
  }

  let arguments: [String]
  var standardInput: String?
  /// Added to the host's environment. Never a secret: on the far side it is part of an argument vector.
  var environment: [String: String] = [:]
  /// The account that it runs as there; nil: the one that enters the host.
  var account: String?
  let purpose: Purpose
  /// Nil: until the task is cancelled.
  var timeout: Duration?

  /// What messages call it: the program and no more, as arguments may be long.
  var program: String { arguments.first ?? "" }

  /// Sets the environment on the far side: what enters a host, or changes the account, need not pass its own on.
  var environmentPrefix: [String] {
    guard !environment.isEmpty else { return [] }
    return ["env", "--"] + environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }

  /// Refuses what an argument vector can't hold.
  func checked() throws -> Invocation {
    guard !program.isEmpty else {
      throw ActionError(
        "command.empty", "the command has no program", advice: "name one as its first item")
    }
    let texts = arguments + environment.flatMap { [$0.key, $0.value] }
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw ActionError(
        "command.nul_byte", "\(program): an argument contains a NUL byte, which no program can get",
        advice: "pass such data as standard input")
    }
    guard !environment.keys.contains(where: { $0.isEmpty || $0.contains("=") }) else {
      throw ActionError(
        "command.environment", "\(program): a name in its environment is empty or contains '='")
    }
    return self
  }
}

extension Invocation {
  /// The time is up, and the command was ended.
  func timedOut() -> ActionError {
    let limit = timeout.map { " in \($0.runbookText)" } ?? ""
    return unanswered(
      "command.timed_out", "'\(program)' gave no answer\(limit) and was ended",
      lookingAdvice: "see whether the host hangs")
  }

  /// What it means that a command was started and its end not seen.
  func unanswered(_ code: String, _ what: String, lookingAdvice: String) -> ActionError {
    switch purpose {
    case .looking: ActionError(code, what, advice: lookingAdvice, kind: .unreachable)
    case .acting:
      ActionError(
        code, what, advice: "it may have done its work or a part of it: look", kind: .inDoubt)
    }
  }
}

/// Chooses the transport for a host's connection.
struct Transports: Sendable {
  private let local: LocalTransport
  private let ssh: SSHConnections
  private let winrm: WinRMClients
  /// Where secrets come from that ways need.
  let secrets: SecretResolver

  init(time: any TimeSource, concurrentChildren: Int, redactor: Redactor) {
    local = LocalTransport(time: time, limit: ConcurrencyLimit(concurrentChildren))
    ssh = SSHConnections(local: local)
    secrets = SecretResolver(here: local, redactor: redactor)
    winrm = WinRMClients(secrets: secrets)
  }

  func transport(for host: Host) -> any Transport {
    let way: any Transport =
      switch host.connection {
      case .local: local
      case .exec(let prefix): ExecTransport(host: host.id, prefix: prefix, local: local)
      case .ssh(let settings) where host.isWindows:
        WindowsTransport(
          host: host,
          shell: WindowsSSH(host: host, settings: settings, connections: ssh, local: local),
          time: local.time)
      case .ssh(let settings): SSHTransport(host: host, settings: settings, connections: ssh)
      case .winrm(let settings):
        WindowsTransport(
          host: host, shell: WinRMShell(host: host, client: winrm.client(for: settings)),
          time: local.time)
      }
    // Windows has neither sudo nor accounts to change to.
    return host.isWindows
      ? way
      : ElevatingTransport(elevation: host.elevation, inside: host.inside ?? [], base: way)
  }

  /// Logs in where a connection is kept. Why it can't be had is told to whoever needs it.
  func approach(_ host: Host, within limit: Duration) async {
    guard case .ssh(let settings) = host.connection, !host.isWindows else { return }
    _ = try? await SSHTransport(host: host, settings: settings, connections: ssh).run(
      Invocation(arguments: ["true"], purpose: .looking, timeout: limit))
  }

  /// Ends all connections that are kept.
  func close() async throws { try await ssh.close() }
}
