import Runbook

/// Runs commands on a host by the system's OpenSSH client.
struct SSHTransport: Transport {
  let host: Host
  let settings: SSHSettings
  let connections: SSHConnections

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let checked = try invocation.checked()
    if checked.arguments.contains(where: { $0.utf8.count > ShellText.argumentLimitBytes }) {
      throw ActionError(
        "command.too_long",
        "\(checked.program): one of its arguments is longer than \(ShellText.argumentLimitBytes) "
          + "bytes, which no program can get",
        advice: "pass such data as standard input")
    }
    return try await connections.connection(to: host, settings).run(checked)
  }
}
