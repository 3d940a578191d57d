import Runbook

/// Runs commands on a host by the system's OpenSSH client.
struct SSHTransport: Transport {
  let host: String
  let settings: SSHSettings
  let local: LocalTransport

  func run(_ invocation: Invocation) async throws -> CommandResult {
    throw ActionError("host.unreachable", "\(host): no ssh yet", kind: .unreachable)
  }
}
