import Runbook

/// Runs commands with the rights that they need: behind `sudo` where the host asks for it, and as another account where the
/// command does.
struct ElevatingTransport: Transport {
  let elevation: Elevation
  let base: any Transport

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let checked = try invocation.checked()
    let prefix = prefix(for: checked.account)
    guard let program = prefix.first else { return try await base.run(checked) }
    let result = try await base.run(
      Invocation(
        arguments: prefix + checked.environmentPrefix + checked.arguments,
        standardInput: checked.standardInput, purpose: checked.purpose, timeout: checked.timeout))
    if let words = Self.refusal(by: program, in: result) {
      throw ActionError(
        "host.elevation", "'\(checked.program)' was not started: \(words)",
        advice: program == "sudo"
          ? "let the account that enters the host run it by sudo without a password (NOPASSWD)"
          : "see that the account exists there, and that commands enter the host as root")
    }
    return result
  }

  private func prefix(for account: String?) -> [String] {
    switch (elevation, account) {
    case (.none, nil): []
    case (.none, let account?): ["runuser", "-u", account, "--"]
    case (.sudo, nil): ["sudo", "-n", "--"]
    case (.sudo, let account?): ["sudo", "-n", "-u", account, "--"]
    }
  }

  /// `sudo` and `runuser` exit with 1 when they refuse, as many a command does: their name before the words tells it apart.
  private static func refusal(by program: String, in result: CommandResult) -> String? {
    guard result.exitCode == 1, result.standardOutput.isEmpty else { return nil }
    return result.standardError.split(whereSeparator: \.isNewline)
      .first { $0.hasPrefix("\(program): ") }.map(String.init)
  }
}
