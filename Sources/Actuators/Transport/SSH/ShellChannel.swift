import Runbook
import Synchronization
import SystemPackage

/// A shell on a host that runs one command after the other, over a child process that leads there.
///
/// Commands come on the shell's standard input: they are in no process list, and no login shell reads them. The shell leads
/// a session and a process group of its own. What only looks runs in that group; what acts has a group and an output of its
/// own: what it leaves behind can neither write into the next command's output nor be ended with the next command.
final class ShellChannel: Sendable {
  /// The way to the host ended.
  struct Lost: Error {
    /// What it said last, as one line.
    let words: String
    /// Of the child process; nil when it couldn't be started or was ended.
    var exitCode: Int?
  }

  /// The host has no `setsid`, or no `sed`.
  struct MissingTools: Error {}

  private let child: ShellChild
  /// One command at a time.
  private let turn = ConcurrencyLimit(1)
  private let group: Int
  private let detachedGroup = Mutex<Int?>(nil)

  private init(_ child: ShellChild, group: Int) {
    self.child = child
    self.group = group
  }

  /// The numbers, on the host, of the process groups in which the command runs, that of the shell last.
  var groups: [Int] {
    let all: [Int?] = [detachedGroup.withLock(\.self), group]
    return all.compactMap(\.self)
  }

  /// Starts the child and waits for the shell's first word. Throws `Lost`, `MissingTools` or `CancellationError`; the child
  /// is gone then.
  static func open(_ executable: FilePath, _ arguments: [String]) async throws -> ShellChannel {
    let mark = randomMark()
    let child = ShellChild(executable, arguments, mark: mark)
    do {
      let answer = try await child.answer(to: greeting(mark: mark))
      guard answer.exitCode > 0 else { throw MissingTools() }
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

  /// Runs a command, as `ShellText` writes a detached one. Its output goes through two readers that end with its mark,
  /// whoever else still has it open. Cancelled, it returns when it knows the group to end, or after `patience`.
  func runDetached(
    _ text: String, patience: Duration, time: any TimeSource
  ) async throws -> CommandResult {
    try await turn.withPlace {
      try Task.checkCancellation()
      let group = try await announcement(
        after: "{ { { \(text); e $?; } 2>&1 >&3 3>&- | r >&2 3>&-; } 3>&1 | o; }\n",
        patience: patience, time: time)
      detachedGroup.withLock { $0 = group > 0 ? group : nil }
      let result = try await child.answer()
      detachedGroup.withLock { $0 = nil }
      return result
    }
  }

  /// Isn't cancelled with its caller at once: the command has begun, and could not be ended as long as nobody knows its group.
  private func announcement(
    after request: String, patience: Duration, time: any TimeSource
  ) async throws -> Int {
    let announcement = Task { try await child.announcement(after: request) }
    return try await withTaskCancellationHandler {
      try await announcement.value
    } onCancel: {
      Task {
        defer { announcement.cancel() }
        try await time.sleep(for: patience)
      }
    }
  }

  /// Lets the shell come to its end; cancelled, it ends the child process.
  func close() async { await child.close() }

  /// Ends the child process, whatever becomes of the shell.
  func end() async { await child.end() }

  // MARK: - The shell

  /// The first command: how to mark an end (`e`), how to read up to one (`r`), and how to announce the group whose number
  /// comes first (`o`); zero, where the command could not be started. The answer is the number of the shell's process
  /// group; zero, where a tool is missing.
  private static func greeting(mark: String) -> String {
    """
    m='\(mark)'
    e() { printf '%s%s\\n' "$m" "$1"; printf '%s%s\\n' "$m" "$1" >&2; }
    r() { export LC_ALL=C; exec sed "/$m/q"; }
    o() { IFS= read -r g; case $g in
    *[!0-9]*) printf '%s0\\n%s\\n' "$m" "$g" ;;
    *) printf '%s%s\\n' "$m" "$g"; r ;;
    esac; }
    if command -v setsid >/dev/null && command -v sed >/dev/null; then e $$; else e 0; fi

    """
  }

  /// 128 bits that nothing on the host can guess.
  private static func randomMark() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<2).map { _ in String(generator.next() as UInt64, radix: 36) }
      .joined(separator: "-") + " "
  }
}
