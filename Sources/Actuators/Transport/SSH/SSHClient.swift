import Runbook

/// How the system's OpenSSH client is called for one host.
struct SSHClient: Sendable {
  enum Role: Sendable {
    /// Logs in, and carries the others.
    case connection
    /// Goes through that connection.
    case session
  }

  let settings: SSHSettings
  let connectTimeout: Duration
  let silenceTimeout: Duration

  init(_ settings: SSHSettings) throws {
    self.settings = settings
    connectTimeout = try Self.duration(settings.connectTimeout)
    silenceTimeout = try Self.duration(settings.silenceTimeout)
  }

  private static func duration(_ text: String) throws -> Duration {
    guard let duration = Duration(runbook: text) else {
      throw ActionError("inventory.duration", "'\(text)' is no duration", advice: "write it as 10s")
    }
    return duration
  }

  /// The login shell is replaced at once: from then on there is one kind of shell to speak to.
  private static let remoteCommand = "exec sh"

  func arguments(_ role: Role, configuration: String, controlSocket: String) -> [String] {
    arguments(
      configuration: configuration, controlSocket: controlSocket,
      master: role == .connection ? "yes" : "no", command: Self.remoteCommand)
  }

  /// For one command by a connection of its own.
  func arguments(forCommand command: String, configuration: String) -> [String] {
    arguments(configuration: configuration, controlSocket: "none", master: "no", command: command)
  }

  private func arguments(
    configuration: String, controlSocket: String, master: String, command: String
  ) -> [String] {
    var arguments = [
      "-F", configuration, "-T", "-o", "ControlPath=\(controlSocket)", "-o",
      "ControlMaster=\(master)",
    ]
    if let user = settings.user { arguments += ["-l", user] }
    if let port = settings.port { arguments += ["-p", String(port)] }
    return arguments + ["--", settings.destination, command]
  }

  /// What holds whatever the operator's own configuration says, as the first value counts; then that configuration. In a
  /// file, because a jump host's client gets it too: a jump host's key is checked just as strictly.
  var configuration: String {
    let silenceProbes = 3
    let fixed = [
      "BatchMode yes", "StrictHostKeyChecking yes", "NoHostAuthenticationForLocalhost no",
      "UpdateHostKeys no", "ForwardAgent no", "ForwardX11 no", "ClearAllForwardings yes",
      "Tunnel no", "PermitLocalCommand no", "RemoteCommand none", "RequestTTY no",
      "SessionType default", "StdinNull no", "ForkAfterAuthentication no", "EscapeChar none",
      "ControlPersist no", "LogLevel ERROR", "ConnectionAttempts 1",
      "ConnectTimeout \(seconds(connectTimeout))",
      "ServerAliveInterval \(seconds(silenceTimeout / silenceProbes))",
      "ServerAliveCountMax \(silenceProbes)",
    ]
    let included =
      settings.configuration.map { [$0] } ?? ["~/.ssh/config", "/etc/ssh/ssh_config"]
    return (fixed + included.map { "Include \(quoted($0))" }).joined(separator: "\n") + "\n"
  }

  /// Whole, and at least one.
  private func seconds(_ duration: Duration) -> Int64 {
    max(1, (duration.milliseconds + 999) / 1000)
  }

  private func quoted(_ path: String) -> String {
    let escaped = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(escaped)\""
  }
}
