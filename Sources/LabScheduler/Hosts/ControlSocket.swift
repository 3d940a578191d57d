import Foundation
import Glibc
import SystemPackage

/// The host's end of its Unix socket: accepts, greets, reads requests and sends replies. A client
/// that does not take its reply at once is dropped: the host waits for nobody.
struct ControlSocket {
  let listener: FileDescriptor
  private let greeting: Data
  private(set) var connections: [Int32: LineBuffer] = [:]

  /// Binds in the working directory, which is the host's: the whole path might be too long.
  init(host: HostDirectory) throws {
    try File.remove(host.socketFile)
    let socket = try Sockets.unix()
    let bound = Sockets.withAddress(path: host.socketName) { bind(socket.rawValue, $0, $1) }
    guard bound == 0, listen(socket.rawValue, 64) == 0 else {
      throw LabError.systemCall("bind", on: host.socketFile)
    }
    listener = socket
    greeting = try Self.line(HostGreeting(host: host.path, pid: getpid()))
  }

  mutating func acceptAll() {
    while let connection = Sockets.accept(listener) {
      connections[connection.rawValue] = LineBuffer()
      send(greeting, to: connection.rawValue)
    }
  }

  /// The requests that have come on a connection.
  mutating func receive(_ descriptor: Int32) -> [HostRequest] {
    guard var buffer = connections[descriptor] else { return [] }
    let isOpen = buffer.fill(from: descriptor)
    let lines = buffer.takeLines()
    let requests = lines.compactMap { try? JSON.decode(HostRequest.self, from: $0) }
    connections[descriptor] = buffer
    if !isOpen || requests.count < lines.count { hangUp(descriptor) }
    return requests
  }

  mutating func reply(_ reply: HostReply, to descriptor: Int32) throws {
    send(try Self.line(reply), to: descriptor)
  }

  private mutating func send(_ line: Data, to descriptor: Int32) {
    guard connections[descriptor] != nil else { return }
    let sent = line.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Sockets.neverWait)
    }
    if sent != line.count { hangUp(descriptor) }
  }

  private mutating func hangUp(_ descriptor: Int32) {
    guard connections.removeValue(forKey: descriptor) != nil else { return }
    close(descriptor)
  }

  private static func line(_ message: some Encodable) throws -> Data {
    try JSON.encode(message) + Data("\n".utf8)
  }
}
