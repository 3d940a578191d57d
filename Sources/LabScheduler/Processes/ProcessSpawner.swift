import Foundation
import Glibc
import SystemPackage

/// Starts processes that outlive the call that started them.
///
/// posix_spawn and no library: the libraries at hand tie a child to the task that awaits it, and
/// start it from a thread that may end. The kernel counts the end of that *thread* as the
/// parent's death, so the host's children must come from the thread that lives as long as it.
enum ProcessSpawner {
  struct Streams {
    /// Standard output and standard error are appended to this file; standard input is empty.
    let log: String
    /// Becomes descriptor 3 of the child.
    var readiness: FileDescriptor?
  }

  /// The descriptor on which a service tells that it is ready.
  static let readinessDescriptor: Int32 = 3

  /// The path of the running program.
  static func ownExecutable() throws -> String {
    do {
      return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    } catch {
      throw LabError(.failed, "/proc/self/exe: cannot be read: \(error.localizedDescription)")
    }
  }

  /// Starts this program with `arguments` and returns the child's process number.
  static func spawnSelf(_ arguments: [String], streams: Streams) throws -> pid_t {
    try spawn([try ownExecutable()] + arguments, streams: streams)
  }

  /// Starts `program`, found by `PATH` if its name has no slash, and returns the child's number.
  static func spawn(
    _ program: [String], environment: [String: String] = [:], streams: Streams
  ) throws -> pid_t {
    try spawn(program, environment: environment) { actions in
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_addopen(
        &actions, 1, streams.log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
      if let readiness = streams.readiness {
        posix_spawn_file_actions_adddup2(&actions, readiness.rawValue, readinessDescriptor)
      }
    }
  }

  /// Starts `program` with the descriptors that `arrange` gives it. What `environment` names is
  /// added to this process's own.
  static func spawn(
    _ program: [String], environment: [String: String] = [:],
    arranging arrange: (inout posix_spawn_file_actions_t) -> Void
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    arrange(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    giveDefaultSignals(&attributes)

    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var pid: pid_t = 0
    let result = withCStrings(program) { arguments in
      withCStrings(variables.map { "\($0.key)=\($0.value)" }) {
        posix_spawnp(&pid, program[0], &actions, &attributes, arguments, $0)
      }
    }
    guard result == 0 else {
      throw LabError(
        .programNotStarted, "\(program[0]): cannot be started: \(Errno(rawValue: result))")
    }
    return pid
  }

  /// Replaces the running process by `program`; returns only by throwing.
  static func replaceProcess(by program: [String]) throws -> Never {
    _ = withCStrings(program) { execvp($0[0]!, $0) }
    throw LabError(.programNotStarted, "\(program[0]): cannot be started: \(Errno.current)")
  }

  /// Closes what the starter left open, so that its pipes end when it does.
  static func closeInheritedDescriptors() throws {
    for name in try File.names(in: "/proc/self/fd") {
      if let descriptor = Int32(name), descriptor > 2 { close(descriptor) }
    }
  }

  private static func giveDefaultSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { strdup($0) }
    defer {
      for pointer in pointers { free(pointer) }
    }
    return body(pointers + [nil])
  }
}
