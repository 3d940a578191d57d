public import Foundation
import Glibc
import Synchronization

/// A server that a test has started. It dies with the test's process, however that ends: its supervisor, a shell, reads from a
/// pipe that only the test's process keeps open.
public final class ServerProcess: Sendable {
  private static let supervisor = """
    log=$1 directory=$2; shift 2
    "$@" </dev/null >>"$log" 2>&1 &
    echo $!
    exec >&- 2>&-
    read -r word
    kill -KILL $!
    wait
    [ "$word" = keep ] || [ -z "$directory" ] || rm -rf -- "$directory"
    """

  public let pid: pid_t
  private let pipe: Pipe
  private let hasEnded = Mutex(false)

  /// Starts `program`, whose output is appended to the file `log`.
  ///
  /// - Parameter directory: what is removed when the test's process ends before it has released the server.
  public init(_ program: [String], log: String, directory: String = "") throws {
    let shell = Process()
    // bash and not sh: Foundation starts it with SIGCHLD blocked, and dash waits for that signal. The process must be waited
    // for: PostgreSQL takes the zombie of a killed server for a running one.
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = ["-c", Self.supervisor, "supervisor", log, directory] + program
    pipe = Pipe()
    let output = Pipe()
    // Another child that inherits it would keep this server alive.
    _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    shell.standardInput = pipe
    shell.standardOutput = output
    try shell.run()
    let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    guard let pid = pid_t(answer.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw ServerFailure("\(program[0]): not started", log: log)
    }
    self.pid = pid
  }

  /// Whether the process does anything: a zombie doesn't.
  public var isRunning: Bool { ![nil, "Z"].contains(ProcessTree.state(of: pid)) }

  /// Whether the kernel has forgotten the process, so that its number means nothing any more.
  public var isGone: Bool { ProcessTree.state(of: pid) == nil }

  /// Sends a signal to the server's main process.
  public func signal(_ number: Int32) { Glibc.kill(pid, number) }

  /// Lets it and all its children hang, so that connections stay and nothing answers.
  public func suspend() async throws {
    let processes = ProcessTree.descendants(of: pid)
    for process in processes { Glibc.kill(process, SIGSTOP) }
    // On a busy machine a thread may go on for a while after the signal.
    try await eventually("the server hangs") {
      processes.allSatisfy { [nil, "T", "Z"].contains(ProcessTree.state(of: $0)) }
    }
  }

  public func resume() {
    for process in ProcessTree.descendants(of: pid) { Glibc.kill(process, SIGCONT) }
  }

  /// Ends it and all its children at once, as a power cut would.
  public func killAll() {
    for process in ProcessTree.descendants(of: pid) { Glibc.kill(process, SIGKILL) }
    release()
  }

  /// Lets the supervisor end.
  public func release() {
    let isFirst = hasEnded.withLock { ended in
      defer { ended = true }
      return !ended
    }
    guard isFirst else { return }
    pipe.fileHandleForWriting.write(Data("keep\n".utf8))
    pipe.fileHandleForWriting.closeFile()
  }
}

/// A server that didn't do what a test needs, with the end of its log.
public struct ServerFailure: Error, CustomStringConvertible {
  public let description: String

  init(_ what: String, log: String) {
    let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    description = "\(what)\n\(text.suffix(2000))"
  }

  public init(_ what: String) { description = what }
}

/// Processes by the kernel's word: `/proc/PID/stat`, proc(5).
enum ProcessTree {
  static func state(of pid: pid_t) -> Substring? { fields(of: pid)?.first }

  /// The process, its children, and theirs.
  static func descendants(of root: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var parents: [pid_t: pid_t] = [:]
    for pid in names.compactMap({ pid_t($0) }) {
      if let fields = fields(of: pid), fields.count > 1 { parents[pid] = pid_t(fields[1]) }
    }
    var found = [root]
    var next = 0
    while next < found.count {
      found += parents.filter { $0.value == found[next] }.keys
      next += 1
    }
    return found
  }

  /// From the third field on: the second, a name, may itself hold blanks and parentheses.
  private static func fields(of pid: pid_t) -> [Substring]? {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let end = stat.lastIndex(of: ")")
    else { return nil }
    return stat[stat.index(after: end)...].split(separator: " ")
  }
}
