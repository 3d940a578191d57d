import Runbook

/// The OpenSSH that comes with Windows: each command has an ssh of its own, whose line cmd.exe reads there.
struct WindowsSSH: WindowsShell {
  private static let clientFailed = 255

  let host: Host
  let settings: SSHSettings
  let connections: SSHConnections
  let local: LocalTransport

  func run(
    _ words: [String], input: String, for invocation: Invocation
  ) async throws -> CommandResult {
    let arguments = try await connections.arguments(
      forCommand: words.joined(separator: " "), settings)
    let ended = try await local.run(
      Invocation(
        arguments: ["ssh"] + arguments, standardInput: input, purpose: invocation.purpose))
    guard ended.exitCode == Self.clientFailed else { return ended }
    let said = ended.standardError.split(whereSeparator: \.isNewline).joined(separator: "; ")
    let refusal = SSHRefusal(host: host.id, settings: settings)
    guard invocation.purpose == .looking || refusal.isBeforeLogin(said) else {
      throw invocation.unanswered(
        "command.lost",
        "'\(invocation.program)' was started on \(host.id), and its end was not seen, as the "
          + "connection was lost: \(said)", lookingAdvice: "")
    }
    throw refusal.error(ShellChannel.Lost(words: said, exitCode: ended.exitCode))
  }
}
