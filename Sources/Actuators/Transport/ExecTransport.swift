import Runbook

/// Runs commands behind a prefix that enters the host, as `ssh host --` or `lab-scheduler at DIR --`.
struct ExecTransport: Transport {
  /// What ssh and programs that follow it exit with when they can't reach the host.
  private static let unreachableExitCode = 255

  let host: String
  let prefix: [String]
  let local: LocalTransport

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let checked = try invocation.checked()
    let behindPrefix = Invocation(
      arguments: prefix + checked.environmentPrefix + checked.arguments,
      standardInput: checked.standardInput, purpose: checked.purpose, timeout: checked.timeout)
    let result: CommandResult
    do {
      result = try await local.run(behindPrefix)
    } catch let error as ActionError where error.code == LocalTransport.ErrorCode.notStarted {
      throw unreachable(error.message)
    }
    if let why = refusal(in: result) { throw unreachable(why) }
    return result
  }

  /// The prefix program's own words, when it was that which exited with 255. A program on the host may exit with 255 too:
  /// the message's first word tells them apart.
  private func refusal(in result: CommandResult) -> String? {
    guard result.exitCode == Self.unreachableExitCode, let program = prefix.first else {
      return nil
    }
    let name = program.split(separator: "/").last.map(String.init) ?? program
    return result.standardError.split(separator: "\n").first { $0.hasPrefix("\(name):") }
      .map(String.init)
  }

  private func unreachable(_ why: String) -> ActionError {
    ActionError(
      "host.unreachable", "host \(host) can't be reached: \(why)",
      advice: "see whether it is up, and whether '\(prefix.first ?? "")' gets there",
      kind: .unreachable)
  }
}
