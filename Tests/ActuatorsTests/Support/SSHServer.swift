import Foundation
import Runbook
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A real sshd on a loopback port, with keys of its own, that lets in whoever runs the tests.
struct SSHServer: Sendable {
  static let program = "/usr/sbin/sshd"
  static var isHere: Bool { FileManager.default.isExecutableFile(atPath: program) }

  let directory: String
  let port: Int
  let pid: pid_t

  /// Runs `body` with a server that takes these lines into its configuration.
  static func with(
    _ lines: [String] = [], _ body: @Sendable (SSHServer) async throws -> Void
  ) async throws {
    try await withDirectory { directory in
      let port = try FreePort.find()
      try await write(in: directory, port: port, lines)
      var options = PlatformOptions()
      options.teardownSequence = []
      _ = try await Subprocess.run(
        .path(FilePath(program)),
        arguments: ["-D", "-f", "\(directory)/sshd_config", "-E", "\(directory)/log"],
        platformOptions: options, input: .none, output: .discarded, error: .discarded
      ) { execution in
        let server = SSHServer(
          directory: directory, port: port, pid: execution.processIdentifier.value)
        let result: Result<Void, any Error>
        do {
          try await eventually("sshd") {
            FileManager.default.fileExists(atPath: "\(directory)/pid")
          }
          result = .success(try await body(server))
        } catch { result = .failure(error) }
        server.killAll()
        try result.get()
      }
    }
  }

  private static func write(in directory: String, port: Int, _ lines: [String]) async throws {
    try await shell("mkdir", "\(directory)/home")
    // Where sshd runs as root it wants a directory to lock its children into.
    if getuid() == 0 { try await shell("mkdir", "-p", "/run/sshd") }
    for key in ["host_key", "client_key"] {
      try await shell("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(directory)/\(key)")
    }
    let hostKey = try read("\(directory)/host_key.pub")
    try write("[127.0.0.1]:\(port) \(hostKey)", "\(directory)/known_hosts")
    try write(
      """
      Port \(port)
      ListenAddress 127.0.0.1
      HostKey \(directory)/host_key
      AuthorizedKeysFile \(directory)/client_key.pub
      PidFile \(directory)/pid
      StrictModes no
      UsePAM no
      PermitRootLogin yes
      SetEnv HOME=\(directory)/home
      \(lines.joined(separator: "\n"))
      """, "\(directory)/sshd_config")
    try write(
      """
      Host server
        HostName 127.0.0.1
        Port \(port)
      Host *
        IdentityFile \(directory)/client_key
        IdentitiesOnly yes
        UserKnownHostsFile \(directory)/known_hosts
        GlobalKnownHostsFile /dev/null
      """, "\(directory)/ssh_config")
  }

  static func read(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  static func write(_ text: String, _ path: String) throws {
    try (text + "\n").write(toFile: path, atomically: false, encoding: .utf8)
  }

  func host(
    to destination: String = "server", elevation: Elevation = .none, connectTimeout: String = "10s",
    silenceTimeout: String = "15s", configuration: String? = nil
  ) -> Host {
    Host(
      site: "dr", name: "ssh",
      connection: .ssh(
        settings: SSHSettings(
          destination: destination, configuration: configuration ?? "\(directory)/ssh_config",
          connectTimeout: connectTimeout, silenceTimeout: silenceTimeout)),
      elevation: elevation)
  }

  /// How often somebody was let in.
  func logIns() throws -> Int {
    try Self.read("\(directory)/log").split(separator: "\n").count { $0.contains("Accepted ") }
  }

  // MARK: - Processes

  /// The listening sshd's descendants: a process a login, and what runs in it.
  func descendants() -> [pid_t] { Processes.descendants(of: pid) }

  func signalAll(_ signal: Int32) { for pid in descendants() + [pid] { kill(pid, signal) } }

  private func killAll() { signalAll(SIGKILL) }
}

/// Processes of this machine, as `/proc` shows them.
enum Processes {
  static func descendants(of ancestor: pid_t) -> [pid_t] {
    var parents: [pid_t: [pid_t]] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = pid_t(name), let parent = parent(of: pid) else { continue }
      parents[parent, default: []].append(pid)
    }
    var found: [pid_t] = []
    var next = [ancestor]
    while let pid = next.popLast() {
      let children = parents[pid] ?? []
      found += children
      next += children
    }
    return found
  }

  static func parent(of pid: pid_t) -> pid_t? {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
      return nil
    }
    let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 1 ? pid_t(fields[1]) : nil
  }

  /// Whether it runs; a zombie doesn't.
  static func isAlive(_ pid: pid_t) -> Bool {
    guard kill(pid, 0) == 0 || errno == EPERM,
      let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    else { return false }
    return !status.contains(") Z ")
  }

  /// As `ps` calls it.
  static func name(_ pid: pid_t) -> String {
    let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)
    return name?.filter { !$0.isNewline } ?? ""
  }

  static func arguments(_ pid: pid_t) -> [String] {
    let line = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
    return (line ?? "").split(separator: "\0").map(String.init)
  }

  /// Those whose command line contains `text`.
  static func running(_ text: String) -> [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { name in
      guard let pid = pid_t(name),
        let line = try? String(contentsOfFile: "/proc/\(name)/cmdline", encoding: .utf8),
        line.contains(text)
      else { return nil }
      return pid
    }
  }
}
