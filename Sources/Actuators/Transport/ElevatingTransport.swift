import Runbook

/// Runs commands with the rights that they need: behind `sudo` where the host asks for it, and as another account where the
/// command does.
struct ElevatingTransport: Transport {
  let elevation: Elevation
  let base: any Transport

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let checked = try invocation.checked()
    let prefix = prefix(for: checked.account)
    guard !prefix.isEmpty else { return try await base.run(checked) }
    return try await base.run(
      Invocation(
        arguments: prefix + checked.environmentPrefix + checked.arguments,
        standardInput: checked.standardInput, purpose: checked.purpose, timeout: checked.timeout))
  }

  private func prefix(for account: String?) -> [String] {
    switch (elevation, account) {
    case (.none, nil): []
    case (.none, let account?): ["runuser", "-u", account, "--"]
    case (.sudo, nil): ["sudo", "-n", "--"]
    case (.sudo, let account?): ["sudo", "-n", "-u", account, "--"]
    }
  }
}
