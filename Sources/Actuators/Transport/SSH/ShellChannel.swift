import Runbook
import SystemPackage

/// A shell on a host that runs one command after the other, over a child process that leads there.
///
/// Commands come on the shell's standard input: they are in no process list, and no login shell reads them. The shell leads
/// a session and a process group of its own, and what it runs is in that group.
final class ShellChannel: Sendable {
  /// The way to the host ended.
  struct Lost: Error {
    /// What it said last, as one line.
    let words: String
    /// Of the child process; nil when it couldn't be started or was ended.
    var exitCode: Int?
  }

  private typealias Pieces = AsyncStream<MarkedOutput.Piece>

  private let child: ShellChild
  /// One command at a time.
  private let turn = ConcurrencyLimit(1)
  /// The process group's number on the host.
  let group: Int

  private init(_ child: ShellChild, group: Int) {
    self.child = child
    self.group = group
  }

  /// Starts the child and waits for the shell's first word. Throws `Lost`, or `CancellationError`; the child is gone then.
  static func open(_ executable: FilePath, _ arguments: [String]) async throws -> ShellChannel {
    let mark = randomMark()
    let child = ShellChild(executable, arguments, mark: mark)
    do {
      let answer = try await child.answer(to: greeting(mark: mark))
      return ShellChannel(child, group: answer.exitCode)
    } catch {
      await child.end()
      throw error
    }
  }

  var hasEnded: Bool { child.hasEnded }

  /// Runs a command, as `ShellText` writes it. Throws `Lost` when its end was not seen, and `CancellationError`; in both
  /// cases the channel is of no more use.
  func run(_ text: String) async throws -> CommandResult {
    try await turn.withPlace { try await child.answer(to: "\(text)\ne $?\n") }
  }

  /// Lets the shell come to its end; cancelled, it ends the child process.
  func close() async { await child.close() }

  /// Ends the child process, whatever becomes of the shell.
  func end() async { await child.end() }

  // MARK: - The shell

  /// The first command: how to mark an end. The answer to it is the number of the shell's process group.
  private static func greeting(mark: String) -> String {
    """
    e() { printf '%s%s\\n' '\(mark)' "$1"; printf '%s%s\\n' '\(mark)' "$1" >&2; }
    e $$

    """
  }

  /// 128 bits that nothing on the host can guess.
  private static func randomMark() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in String(generator.next() as UInt64, radix: 36) }
      .joined(separator: "-") + " "
  }
}
