import Foundation
import Glibc
import SystemPackage

/// A connection to a host's service manager.
final class HostClient {
  let directory: HostDirectory
  let greeting: HostGreeting
  private let socket: FileDescriptor
  private var buffer = LineBuffer()
  private var lines: [Data] = []

  /// How long a host may take to greet before it counts as unreachable.
  static let greetingTimeout: Int64 = 2000

  /// Connects and waits for the greeting.
  /// - Throws: `unreachable` when the host is down, or hangs.
  init(_ directory: HostDirectory, timeout: Int64 = HostClient.greetingTimeout) throws {
    self.directory = directory
    socket = try Sockets.unix()
    guard try Self.connect(socket, to: directory) else {
      try socket.close()
      throw LabError.unreachable(host: directory.path)
    }
    greeting = try Self.receive(
      HostGreeting.self, timeout: timeout, from: socket, of: directory, &buffer, &lines)
  }

  deinit {
    close(socket.rawValue)
  }

  /// Through the directory's descriptor: a socket's path must not exceed 108 bytes, a
  /// directory's may.
  private static func connect(_ socket: FileDescriptor, to directory: HostDirectory) throws -> Bool
  {
    guard
      let folder = try? FileDescriptor.open(
        FilePath(directory.path), .readOnly, options: [.directory, .closeOnExec])
    else { return false }
    return try folder.closeAfter {
      let path = "/proc/self/fd/\(folder.rawValue)/\(directory.socketName)"
      return Sockets.withAddress(path: path) { Glibc.connect(socket.rawValue, $0, $1) } == 0
    }
  }

  /// Sends a request and returns the answer of a host that could carry it out.
  func request(_ request: HostRequest, timeout: Int64 = greetingTimeout) throws -> HostReply {
    let line = try JSON.encode(request) + Data("\n".utf8)
    let sent = line.withUnsafeBytes {
      send(socket.rawValue, $0.baseAddress, $0.count, Sockets.neverWait)
    }
    guard sent == line.count else { throw LabError.unreachable(host: directory.path) }
    let reply = try Self.receive(
      HostReply.self, timeout: timeout, from: socket, of: directory, &buffer, &lines)
    if let kind = reply.failure {
      throw LabError(kind, reply.message ?? "the host gave no reason")
    }
    return reply
  }

  private static func receive<Message: Decodable>(
    _ type: Message.Type, timeout: Int64, from socket: FileDescriptor, of directory: HostDirectory,
    _ buffer: inout LineBuffer, _ lines: inout [Data]
  ) throws -> Message {
    let deadline = Clock.uptimeMilliseconds + timeout
    while lines.isEmpty {
      let remaining = deadline - Clock.uptimeMilliseconds
      guard remaining > 0, Sockets.waitUntilReadable(socket, milliseconds: remaining) else {
        throw LabError.unreachable(host: directory.path)
      }
      let isOpen = buffer.fill(from: socket.rawValue)
      lines = buffer.takeLines()
      if lines.isEmpty, !isOpen { throw LabError.unreachable(host: directory.path) }
    }
    do {
      return try JSON.decode(type, from: lines.removeFirst())
    } catch {
      throw LabError(.failed, "host \(directory.path): answers in another language: \(error)")
    }
  }
}
