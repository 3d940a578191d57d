import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// A way to a Windows host's command processor.
protocol WindowsShell: Sendable {
  /// Runs a command line of plain words, which reads `input`. Throws `ActionError` when its end was not seen.
  func run(_ words: [String], input: String, for invocation: Invocation) async throws
    -> CommandResult
}

/// Runs our scripts on a Windows host, whatever the way there. It runs nothing else: there is no argument vector on
/// Windows that every program reads alike.
struct WindowsTransport: Transport {
  let host: Host
  let shell: any WindowsShell
  let time: any TimeSource

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let (name, order) = try order(invocation)
    let named = Invocation(arguments: [name], purpose: invocation.purpose)
    let ended = try await time.within(invocation.timeout) {
      try await shell.run(PowerShellRun.commandLine, input: order.input, for: named)
    }
    guard let ended else {
      throw Invocation(arguments: [name], purpose: invocation.purpose, timeout: invocation.timeout)
        .timedOut()
    }
    guard let result = order.result(in: ended.standardOutput) else {
      throw noAnswer(of: name, ended, invocation.purpose)
    }
    return result
  }

  private func order(_ invocation: Invocation) throws -> (name: String, PowerShellRun) {
    guard invocation.program == Command.windowsScript, invocation.arguments.count == 3,
      invocation.account == nil, invocation.standardInput == nil
    else {
      throw ActionError(
        "windows.no_program",
        "'\(invocation.program)' can't be run on \(host.id), a Windows host: only Lifeboat's own "
          + "scripts are",
        advice: "use an action that knows Windows, as docs/windows.md lists them")
    }
    let name = invocation.arguments[1]
    let text =
      switch invocation.purpose {
      case .looking: WindowsLook(rawValue: name)?.text
      case .acting: WindowsChange(rawValue: name)?.text
      }
    guard let text else {
      throw ActionError("windows.no_script", "there is no script '\(name)' for \(host.id)")
    }
    let parameters = try JSONDecoder().decode(
      Value.self, from: Data(invocation.arguments[2].utf8))
    return (name, PowerShellRun(script: text, parameters: parameters))
  }

  private func noAnswer(
    of name: String, _ ended: CommandResult, _ purpose: Invocation.Purpose
  ) -> ActionError {
    let words = PowerShellWords.read(ended.standardError)
    let said = words.isEmpty ? "" : ": \(Excerpt.beginning(of: words))"
    return ActionError(
      "windows.no_answer",
      "PowerShell on \(host.id) ended with code \(ended.exitCode) in '\(name)' and gave no answer"
        + said,
      advice: purpose == .acting
        ? "it may have done its work or a part of it: look"
        : "see that Windows PowerShell 5.1 is there and that the account may run it",
      kind: purpose == .acting ? .inDoubt : .failed)
  }
}
