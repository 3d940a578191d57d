import CPlatform
import Foundation
import Glibc
import SystemPackage

/// What every service is: a process that belongs to its host, says when it is ready, and works in
/// a loop until it is told to stop.
struct ServiceProcess {
  let name: ServiceName
  let log: ServiceLog
  private let stop: StopSignal
  private let readiness: FileDescriptor?
  /// Nil where a service manager sees to it that there is one.
  private let lock: FileLock?

  /// The process of a real machine, started by its service manager.
  init(name: ServiceName) {
    stop = StopSignal()
    self.name = name
    log = ServiceLog(name: name)
    readiness = nil
    lock = nil
  }

  /// - Parameters:
  ///   - hostPid: the host that started the service; nil when a person did.
  ///   - tellsReadiness: whether the host left it a pipe for that.
  init(name: ServiceName, host: HostDirectory, hostPid: Int32?, tellsReadiness: Bool) throws {
    stop = StopSignal()
    self.name = name
    log = ServiceLog(name: name)
    readiness =
      tellsReadiness ? FileDescriptor(rawValue: ProcessSpawner.readinessDescriptor) : nil
    if let hostPid { try Self.dieWithHost(hostPid) }
    guard let lock = try FileLock(path: host.lockFile(name)) else {
      throw LabError(.refused, "\(host.path): its \(name) is running already")
    }
    self.lock = lock
  }

  /// A host that loses its power takes its services along.
  private static func dieWithHost(_ hostPid: Int32) throws {
    guard platform_die_with_parent(SIGKILL) == 0 else {
      throw LabError.systemCall("prctl", on: "process \(getpid())")
    }
    // It may have died before it was asked for the signal.
    guard getppid() == hostPid else {
      throw LabError(.failed, "the host, process \(hostPid), is gone")
    }
  }

  /// Does `work` at once and then every `milliseconds`. A failure is logged and tried again: a
  /// service outlives a busy or briefly missing database. The service is ready when the work has
  /// been done without a failure for the first time; until then a database that refuses ends it,
  /// because somebody has to see to that.
  func repeatUntilStopped(every milliseconds: Int64, _ work: () throws -> Void) throws {
    var failure: String?
    var isReady = false
    repeat {
      do {
        try work()
        if failure != nil { log.write("works again") }
        failure = nil
        if !isReady { try tellReady() }
        isReady = true
      } catch let error as LabError where error.kind == .refused && !isReady {
        throw error
      } catch {
        let message = (error as? LabError)?.line ?? "\(error)"
        if message != failure { log.write("failed, will try again: \(message)") }
        failure = message
      }
    } while !stop.arrives(within: milliseconds)
    log.write("stopped")
  }

  private func tellReady() throws {
    log.write("ready, process \(getpid())")
    guard let readiness else { return }
    try readiness.closeAfter { _ = try readiness.writeAll("\n".utf8) }
  }
}

/// A service's log lines.
struct ServiceLog: Sendable {
  let name: ServiceName

  func write(_ line: String) {
    Terminal.log(name.rawValue, line)
  }
}
