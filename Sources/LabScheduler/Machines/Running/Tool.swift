import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A program of the system that the lab runs to its end: arguments as arguments, its output kept,
/// its time limited.
struct Tool {
  struct Result {
    /// The exit status, or 128 and the number of the signal that ended it.
    let status: Int32
    let output: Data
    let errors: String

    var text: String {
      String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// Runs the program and returns what it wrote; any other exit status than 0 is an error.
  @discardableResult
  static func run(
    _ program: [String], input: String = "", timeout: Int64 = 60_000
  ) throws -> String {
    let result = try result(program, input: input, timeout: timeout)
    guard result.status == 0 else {
      let said = result.errors.trimmingCharacters(in: .whitespacesAndNewlines).suffix(2000)
      throw LabError(
        .failed,
        "`\(program.joined(separator: " "))` ended with status \(result.status): \(said)")
    }
    return result.text
  }

  /// Runs the program to its end, however that looks.
  static func result(
    _ program: [String], input: String = "", timeout: Int64 = 60_000
  ) throws -> Result {
    let (pid, pipes) = try start(program)
    var exchange = PipeExchange(pipes: pipes, input: Data(input.utf8))
    defer { exchange.close() }
    let deadline = Clock.uptimeMilliseconds + timeout
    let isFinished = exchange.run(until: deadline)
    if !isFinished { kill(pid, SIGKILL) }
    let status = waitForEnd(of: pid)
    guard isFinished else {
      throw LabError(
        .timedOut, "`\(program.joined(separator: " "))`: took longer than \(timeout / 1000) s")
    }
    return Result(
      status: status, output: exchange.output,
      errors: String(decoding: exchange.errors, as: UTF8.self))
  }

  /// Between a pipe's making and its close-on-exec flag no other thread may start a child, which
  /// would hold the pipe open.
  private static let starting = Mutex(())

  private static func start(_ program: [String]) throws -> (pid_t, PipeExchange.Pipes) {
    try starting.withLock { _ in
      let input = try Pipe()
      let output = try Pipe()
      let errors = try Pipe()
      defer { for end in [input.reader, output.writer, errors.writer] { close(end) } }
      let pipes = PipeExchange.Pipes(
        input: input.writer, output: output.reader, errors: errors.reader)
      do {
        let pid = try ProcessSpawner.spawn(program) { actions in
          posix_spawn_file_actions_adddup2(&actions, input.reader, 0)
          posix_spawn_file_actions_adddup2(&actions, output.writer, 1)
          posix_spawn_file_actions_adddup2(&actions, errors.writer, 2)
        }
        return (pid, pipes)
      } catch {
        for end in [pipes.input, pipes.output, pipes.errors] { close(end) }
        throw error
      }
    }
  }

  private static func waitForEnd(of pid: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}

/// A pipe that no child inherits by accident.
private struct Pipe {
  let reader: Int32
  let writer: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw LabError.systemCall("pipe", on: "process \(getpid())") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    reader = ends[0]
    writer = ends[1]
  }
}

/// Feeds a child and collects what it writes, until it has closed both its outputs.
private struct PipeExchange {
  struct Pipes {
    let input: Int32
    let output: Int32
    let errors: Int32
  }

  private let pipes: Pipes
  private var pending: Data
  private var open: Set<Int32>
  private(set) var output = Data()
  private(set) var errors = Data()

  init(pipes: Pipes, input: Data) {
    self.pipes = pipes
    pending = input
    open = [pipes.input, pipes.output, pipes.errors]
    _ = fcntl(pipes.input, F_SETFL, O_NONBLOCK)
    signal(SIGPIPE, SIG_IGN)  // a child that doesn't read its input is told by its exit status
  }

  /// False when the deadline came first.
  mutating func run(until deadline: Int64) -> Bool {
    if pending.isEmpty { closeOne(pipes.input) }
    while open.contains(pipes.output) || open.contains(pipes.errors) {
      let rest = deadline - Clock.uptimeMilliseconds
      guard rest > 0 else { return false }
      var entries = open.map {
        pollfd(fd: $0, events: Int16($0 == pipes.input ? POLLOUT : POLLIN), revents: 0)
      }
      guard poll(&entries, UInt(entries.count), Int32(clamping: rest)) > 0 else { continue }
      for entry in entries where entry.revents != 0 { transfer(entry.fd) }
    }
    return true
  }

  private mutating func transfer(_ descriptor: Int32) {
    if descriptor == pipes.input { return feed() }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &chunk, chunk.count)
    if count > 0 {
      if descriptor == pipes.output {
        output.append(contentsOf: chunk[..<count])
      } else {
        errors.append(contentsOf: chunk[..<count])
      }
    } else if count == 0 || errno != EINTR {
      closeOne(descriptor)
    }
  }

  private mutating func feed() {
    let count = pending.withUnsafeBytes { write(pipes.input, $0.baseAddress, $0.count) }
    if count > 0 { pending = Data(pending.dropFirst(count)) }
    let isGone = count < 0 && errno != EAGAIN && errno != EINTR
    if isGone || pending.isEmpty { closeOne(pipes.input) }
  }

  private mutating func closeOne(_ descriptor: Int32) {
    if open.remove(descriptor) != nil { Glibc.close(descriptor) }
  }

  mutating func close() {
    for descriptor in open { closeOne(descriptor) }
  }
}
