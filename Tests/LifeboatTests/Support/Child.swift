import Foundation
import Synchronization
import TestSupport

/// A program that runs while the test goes on, with its output in a file.
final class Child: Sendable {
  let pid: pid_t
  private let log: String

  /// `posix_spawn` in a session of its own; both outputs go to `log`.
  init(
    _ program: String, _ arguments: [String], environment: [String: String], log: String,
    ownGroup: Bool = false
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // The thread that starts it may have signals blocked, and the child would never hear that it is to end.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    let group = ownGroup ? POSIX_SPAWN_SETPGROUP : 0
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(group))
    let merged = ProcessInfo.processInfo.environment.merging(Programs.environment) { $1 }
      .merging(environment) { $1 }
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, program, &actions, &attributes, &argv, &envp)
    guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EIO) }
    self.pid = pid
    self.log = log
  }

  var output: String {
    String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
  }

  func untilOutput(contains text: String) async throws {
    try await eventually("'\(text)' in the output") { output.contains(text) }
  }

  /// Waits for its end: the exit code, or 128 plus the signal.
  func end() async -> Int32 {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [pid] in
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7F
        continuation.resume(returning: signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
      }
    }
  }
}

extension TestLab {
  func start(_ arguments: [String]) async throws -> Child {
    try Child(
      Programs.lifeboat, arguments,
      environment: ["LIFEBOAT_HOME": home, "LIFEBOAT_SITES": inventory],
      log: "\(home).\(UUID().uuidString).log")
  }

  func removeFiles(_ names: [String]) throws {
    for name in names { try FileManager.default.removeItem(atPath: "\(lab)/\(name)") }
  }
}
