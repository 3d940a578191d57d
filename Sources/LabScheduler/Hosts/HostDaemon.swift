import Foundation
import Glibc
import SystemPackage

/// A host of the lab: the first process of a small machine, and its service manager. One thread
/// does everything, so that no two things happen at once and no child loses its parent thread.
final class HostDaemon {
  private let host: HostDirectory
  private let signals: SignalPipe
  private var control: ControlSocket
  private var manager: ServiceManager
  private var waiting: [PendingRequest] = []
  private var shutdownDeadline: Int64?

  /// After this long a host that is shutting down takes its remaining services with it.
  private static let shutdownTimeout: Int64 = 5000

  init(_ host: HostDirectory) throws {
    self.host = host
    signals = try SignalPipe([SIGCHLD, SIGTERM, SIGINT])
    control = try ControlSocket(host: host)
    manager = try ServiceManager(
      host: host, configuration: try host.configuration(),
      log: { Terminal.log("host", $0) })
    guard let identity = ProcessIdentity(pid: getpid()) else {
      throw LabError(.failed, "/proc: does not show this process")
    }
    try File.replace(host.identityFile, with: try JSON.encode(identity))
  }

  func run() throws {
    Terminal.log("host", "up, process \(getpid())")
    while true {
      try manager.update()
      try answerWaiting()
      if let shutdownDeadline {
        if manager.stopNext() || Clock.uptimeMilliseconds > shutdownDeadline { break }
      }
      try waitForEvents()
    }
    try File.remove(host.socketFile)
    try File.remove(host.identityFile)
    Terminal.log("host", "down")
  }

  private func waitForEvents() throws {
    let descriptors =
      [signals.reader.rawValue, control.listener.rawValue]
      + manager.readinessPipes.map(\.rawValue) + control.connections.keys
    var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    guard poll(&entries, UInt(entries.count), nextTimeout) > 0 else { return }
    for entry in entries where entry.revents != 0 { try handle(entry.fd) }
  }

  private var nextTimeout: Int32 {
    let deadlines = waiting.map(\.deadline) + [shutdownDeadline].compactMap { $0 }
    guard let next = deadlines.min() else { return -1 }
    return Int32(clamping: max(0, next - Clock.uptimeMilliseconds) + 1)
  }

  private func handle(_ descriptor: Int32) throws {
    switch descriptor {
    case signals.reader.rawValue:
      let arrived = try signals.read()
      if arrived.contains(SIGTERM) || arrived.contains(SIGINT) { beginShutdown() }
    case control.listener.rawValue:
      control.acceptAll()
    case let pipe where manager.readinessPipes.contains { $0.rawValue == pipe }:
      try manager.readinessChanged(pipe)
    default:
      for request in control.receive(descriptor) { try carryOut(request, for: descriptor) }
    }
  }

  private func beginShutdown() {
    guard shutdownDeadline == nil else { return }
    Terminal.log("host", "shutting down")
    shutdownDeadline = Clock.uptimeMilliseconds + Self.shutdownTimeout
  }

  private func carryOut(_ request: HostRequest, for connection: Int32) throws {
    do {
      if let pending = try begin(request, for: connection) {
        waiting.append(pending)
      } else if case .show(let names) = request {
        try reply(services: try names.map(manager.named), to: connection)
      } else {
        try reply(services: [], to: connection)
      }
    } catch let error as LabError {
      try control.reply(HostReply(failure: error.kind, message: error.message), to: connection)
    } catch {
      try control.reply(HostReply(failure: .failed, message: "\(error)"), to: connection)
    }
  }

  /// Does what a request asks for; returns what is still to be waited for.
  private func begin(_ request: HostRequest, for connection: Int32) throws -> PendingRequest? {
    switch request {
    case .show:
      return nil
    case .setStartType(let name, let type):
      try manager.setStartType(try manager.named(name), type)
      return nil
    case .start(let name, let timeout):
      let service = try manager.named(name)
      guard shutdownDeadline == nil else {
        throw LabError(.refused, "service \(name): the host is shutting down")
      }
      try manager.start(service)
      return PendingRequest(connection, service, .running, timeout)
    case .stop(let name, let timeout):
      let service = try manager.named(name)
      manager.stop(service)
      return PendingRequest(connection, service, .stopped, timeout)
    case .kill(let name):
      let service = try manager.named(name)
      manager.kill(service)
      return PendingRequest(connection, service, .stopped, HostClient.greetingTimeout)
    }
  }

  private func reply(services: [ServiceName], to connection: Int32) throws {
    let reply = HostReply(services: manager.status(services), isBooted: manager.isBooted)
    try control.reply(reply, to: connection)
  }

  private func answerWaiting() throws {
    // A descriptor's number is used again: forget who has hung up before the next one comes.
    let present = waiting.filter { control.connections[$0.connection] != nil }
    waiting = []
    for request in present {
      if let reply = request.answer(manager) {
        try control.reply(reply, to: request.connection)
      } else {
        waiting.append(request)
      }
    }
  }
}
