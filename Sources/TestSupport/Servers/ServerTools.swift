import Foundation
import Glibc
import Synchronization

/// What the fixtures of database servers have in common.
enum ServerTools {
  /// The words before a program that make it run as `user`. Servers refuse to run as root.
  static func asUser(_ user: String) -> [String] {
    getuid() == 0
      ? ["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"] : []
  }

  /// A directory of `user`'s own.
  static func makeDirectory(_ name: String, user: String) throws -> String {
    let path = "/tmp/lifeboat-\(name)-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try give(path, to: user)
    return path
  }

  static func give(_ path: String, to user: String) throws {
    guard getuid() == 0 else { return }
    guard let entry = getpwnam(user), chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0
    else { throw ServerFailure("\(path) can't be given to \(user): is its package installed?") }
  }

  /// Runs a program to its end.
  static func run(_ program: [String], environment: [String: String] = [:]) async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program[0])
    process.arguments = Array(program.dropFirst())
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let log = "/tmp/lifeboat-tool-\(UUID().uuidString.prefix(8)).log"
    try Data().write(to: URL(fileURLWithPath: log))
    defer { unlink(log) }
    let output = FileHandle(forWritingAtPath: log)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    guard process.terminationStatus == 0 else {
      throw ServerFailure("\(program[0]): exit status \(process.terminationStatus)", log: log)
    }
  }

  /// Starts a server and waits until its log says so.
  static func start(_ program: [String], log: String, directory: String, ready: String) async throws
    -> ServerProcess
  {
    let before = FileManager.default.contents(atPath: log)?.count ?? 0
    let process = try ServerProcess(program, log: log, directory: directory)
    do {
      try await eventually("\(program[0]) is ready", within: .seconds(60)) {
        let text = FileManager.default.contents(atPath: log)?.dropFirst(before) ?? Data()
        if String(decoding: text, as: UTF8.self).contains(ready) { return true }
        guard process.isRunning else { throw ServerFailure("\(program[0]) ended", log: log) }
        return false
      }
    } catch {
      process.killAll()
      throw error
    }
    return process
  }
}
