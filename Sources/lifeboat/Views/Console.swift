import CPlatform
import Foundation
import Review
import Runbook
import Synchronization

/// Writes to the terminal or the pipe. The only place that does.
final class Console: Sendable {
  /// Whether standard output is a terminal whose last line can be redrawn.
  let isTerminal: Bool
  /// Knows the secrets that this process resolved; nothing is written that it didn't see.
  let redactor: Redactor
  private let isColoured: Bool
  private let hasStatus = Mutex(false)

  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    isTerminal = isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb"
    isColoured = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
    redactor = Redactor { reference, obstacle in
      Self.put(
        "lifeboat: warning: the secret '\(reference)' \(obstacle.words)\n",
        to: platform_standard_error())
    }
  }

  /// Whether a person can be asked.
  var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isTerminal }

  /// How many columns there are to write in: the terminal's; in a pipe, as many as fit on any.
  var width: Int {
    let columns = platform_terminal_columns(STDOUT_FILENO)
    return columns > 0 ? Int(columns) : 100
  }

  func write(_ line: Line) {
    hasStatus.withLock { hasStatus in
      let erase = hasStatus ? "\r\u{1B}[K" : ""
      hasStatus = false
      put(erase + styled(visible(line.text), line.tone) + "\n", to: platform_standard_output())
    }
  }

  func write(_ text: String) { write(Line(text)) }

  func write(_ lines: [Line]) { lines.forEach(write) }

  /// Redraws the last line. Only on a terminal.
  func status(_ text: String) {
    guard isTerminal else { return }
    hasStatus.withLock { hasStatus in
      hasStatus = true
      put("\r\u{1B}[K" + visible(text), to: platform_standard_output())
    }
  }

  func writeError(_ text: String) {
    hasStatus.withLock { hasStatus in
      if hasStatus { put("\n", to: platform_standard_output()) }
      hasStatus = false
      put(visible(text) + "\n", to: platform_standard_error())
    }
  }

  /// Asks on the terminal; nil at the end of input, and when the task is cancelled.
  func ask(_ prompt: String) async -> String? {
    hasStatus.withLock { hasStatus in
      let erase = hasStatus ? "\r\u{1B}[K" : ""
      hasStatus = false
      put(erase + visible(prompt), to: platform_standard_output())
    }
    // On a thread of its own: the few that run tasks must not wait for a person.
    let lines = AsyncStream<String> { lines in
      Thread.detachNewThread {
        if let line = readLine() { lines.yield(line) }
        lines.finish()
      }
    }
    for await line in lines { return line }
    return nil
  }

  /// A secret is looked for in the text as it is.
  private func visible(_ text: String) -> String { VisibleText.of(redactor.redacted(text)) }

  private func put(_ text: String, to file: UnsafeMutablePointer<FILE>) {
    Self.put(redactor.redacted(text), to: file)
  }

  private static func put(_ text: String, to file: UnsafeMutablePointer<FILE>) {
    fputs(text, file)
    fflush(file)
  }

  private func styled(_ text: String, _ tone: Line.Tone) -> String {
    guard isColoured, let code = Self.code(of: tone) else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  private static func code(of tone: Line.Tone) -> String? {
    switch tone {
    case .plain: nil
    case .heading: "1"
    case .good: "32"
    case .attention: "33"
    case .bad: "1;31"
    case .faint: "2"
    }
  }
}
