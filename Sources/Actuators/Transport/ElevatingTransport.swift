import Runbook

/// Runs commands with the rights that they need, and where on the host they belong: behind `sudo` where the host asks for it, then
/// behind what leads inside, and as another account where the command asks for that.
struct ElevatingTransport: Transport {
  let elevation: Elevation
  /// Entering may take rights that the command's account doesn't have, so that this comes before the account.
  let inside: [String]
  let base: any Transport

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let checked = try invocation.checked()
    let prefix = prefix(for: checked.account)
    guard !prefix.isEmpty else { return try await base.run(checked) }
    let result = try await base.run(
      Invocation(
        arguments: prefix + checked.environmentPrefix + checked.arguments,
        standardInput: checked.standardInput, purpose: checked.purpose, timeout: checked.timeout))
    if let refusal = refusal(by: prefix, in: result) {
      throw ActionError(
        refusal.code, "'\(checked.program)' was not started: \(refusal.words)",
        advice: refusal.advice)
    }
    return result
  }

  private func prefix(for account: String?) -> [String] {
    let runuser = account.map { ["runuser", "-u", $0, "--"] } ?? []
    switch (elevation, account) {
    case (.none, _): return inside + runuser
    case (.sudo, let account?) where inside.isEmpty: return ["sudo", "-n", "-u", account, "--"]
    case (.sudo, _): return ["sudo", "-n", "--"] + inside + runuser
    }
  }

  /// `sudo`, `runuser` and `nsenter` exit with 1 when they refuse, as many a command does: their name before the words tells
  /// it apart.
  private func refusal(
    by prefix: [String], in result: CommandResult
  ) -> (code: String, words: String, advice: String)? {
    guard result.exitCode == 1, result.standardOutput.isEmpty else { return nil }
    let lines = result.standardError.split(whereSeparator: \.isNewline)
    func words(of program: String) -> String? {
      guard prefix.contains(program) else { return nil }
      let name = program.lastPathComponent
      return lines.first { $0.hasPrefix("\(name): ") }.map(String.init)
    }
    if let words = words(of: "sudo") {
      return (
        "host.elevation", words,
        "let the account that enters the host run it by sudo without a password (NOPASSWD)"
      )
    }
    if let words = words(of: "runuser") {
      return (
        "host.elevation", words,
        "see that the account exists there, and that commands enter the host as root"
      )
    }
    if let words = inside.first.flatMap(words) {
      return (
        "host.inside", words,
        "see 'inside' of the host in the inventory: what it enters must be there, and takes root's rights"
      )
    }
    return nil
  }
}
