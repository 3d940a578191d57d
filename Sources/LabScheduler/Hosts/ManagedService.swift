import Foundation
import Glibc
import SystemPackage

/// One service as its host manages it: at most one child process, and what is known of it.
struct ManagedService {
  let name: ServiceName
  private let host: HostDirectory
  private(set) var state: ServiceState = .stopped
  private(set) var since = Clock.now
  private(set) var pid: pid_t?
  private(set) var startType: StartType
  /// The host's end of the pipe on which the child says that it is ready.
  private(set) var readiness: FileDescriptor?

  init(name: ServiceName, host: HostDirectory) throws {
    self.name = name
    self.host = host
    startType = try JSON.read(StartTypeFile.self, file: host.startTypeFile(name)).startType
  }

  var status: ServiceStatus {
    ServiceStatus(name: name, state: state, pid: pid, startType: startType, since: since)
  }

  mutating func setStartType(_ type: StartType) throws {
    try StartTypeFile.write(type, to: host.startTypeFile(name))
    startType = type
  }

  mutating func start() throws {
    let (reader, writer) = try Self.pipe()
    defer { try? writer.close() }  // a copy of the child's end; closing it twice harms nothing
    do {
      let child = try ProcessSpawner.spawnSelf(
        [name.rawValue, host.path, "--host-pid", "\(getpid())", "--tell-ready"],
        streams: .init(log: host.logFile(name), readiness: writer))
      pid = child
      readiness = reader
      enter(.starting)
      try recordProcess(child)
    } catch {
      if pid == nil { try reader.close() }
      throw error
    }
  }

  private func recordProcess(_ child: pid_t) throws {
    guard let identity = ProcessIdentity(pid: child) else { return }
    try File.replace(host.identityFile(name), with: try JSON.encode(identity))
  }

  mutating func askToStop() {
    guard let pid, state != .stopping else { return }
    enter(.stopping)
    Glibc.kill(pid, SIGTERM)
  }

  mutating func killProcess() {
    if let pid { Glibc.kill(pid, SIGKILL) }
  }

  /// A person has looked at the failure and wants the service stopped, which it is.
  mutating func acknowledgeFailure() {
    if state == .failed { enter(.stopped) }
  }

  /// The child wrote to its pipe, or closed it by ending.
  mutating func readinessChanged() throws {
    guard let pipe = readiness else { return }
    var byte: UInt8 = 0
    let isReady = read(pipe.rawValue, &byte, 1) == 1
    try pipe.close()
    readiness = nil
    if isReady, state == .starting { enter(.running) }
  }

  /// Takes note of the child's end, if it has ended. True when it ended in any other way than
  /// by being asked to.
  mutating func reap() throws -> Bool {
    var status: Int32 = 0
    guard let child = pid, waitpid(child, &status, WNOHANG) == child else { return false }
    let endedItself = state != .stopping || status != 0
    if let readiness { try readiness.close() }
    readiness = nil
    pid = nil
    enter(status == 0 && state != .starting ? .stopped : .failed)
    try File.remove(host.identityFile(name))
    return endedItself
  }

  private mutating func enter(_ next: ServiceState) {
    state = next
    since = Clock.now
  }

  private static func pipe() throws -> (reader: FileDescriptor, writer: FileDescriptor) {
    let ends = try FileDescriptor.pipe()
    for end in [ends.readEnd, ends.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    return (ends.readEnd, ends.writeEnd)
  }
}

/// `services/NAME.json`
struct StartTypeFile: Codable {
  let startType: StartType

  static func write(_ type: StartType, to file: String) throws {
    try File.replace(file, with: try JSON.encode(StartTypeFile(startType: type)))
  }
}
