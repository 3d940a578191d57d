import Runbook

/// What a command of the author's left behind: its exit code, and the end of what it wrote.
struct CommandEvidence: Sendable {
  let result: CommandResult
  let program: [String]
  let host: Host

  init(_ result: CommandResult, of program: [String], on host: Host) {
    self.result = result
    self.program = program
    self.host = host
  }

  /// Throws when the command failed.
  func checked() throws -> Evidence {
    guard result.exitCode == 0 else {
      throw ActionError(
        "command.failed",
        "'\(program[0])' on \(host.id) exited with \(result.exitCode): "
          + tail(result.standardError.split(whereSeparator: \.isNewline).joined(separator: "; ")),
        advice: "see what it says, mend the cause, and run the step again",
        // Cut off by a signal, or by the program that entered the host: nobody knows how far it came.
        kind: result.exitCode >= 128 ? .inDoubt : .failed)
    }
    return Evidence([
      "exit_code": .integer(result.exitCode),
      "stdout": .string(tail(result.standardOutput)),
      "stderr": .string(tail(result.standardError)),
      "cut_bytes": .integer(result.cutBytes),
    ])
  }

  /// The end of what was read; of an output beyond all bounds the rest was not even read.
  private func tail(_ text: String) -> String {
    let unread =
      text.utf8.count < CutText.limitBytes || result.cutBytes == 0
      ? "" : "… \(Excerpt.spelled(result.cutBytes)) bytes cut"
    return Excerpt.end(of: text) + unread
  }
}
