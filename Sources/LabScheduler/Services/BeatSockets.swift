import Foundation
import Glibc
import SystemPackage

/// Accepts the partner's connections and reads whole lines from them.
final class BeatListener {
  private let socket: FileDescriptor
  private var connections: [Int32: LineBuffer] = [:]

  init(address: String, port: UInt16) throws {
    socket = try Sockets.tcp()
    guard Self.bound(socket, address, port), listen(socket.rawValue, 16) == 0 else {
      throw LabError.systemCall("bind", on: "\(address):\(port)")
    }
  }

  /// Whether nobody listens there.
  static func isFree(address: String, port: UInt16) throws -> Bool {
    let socket = try Sockets.tcp()
    defer { close(socket.rawValue) }
    return bound(socket, address, port)
  }

  /// The address may be reused, unless somebody listens: a process that was being started holds a copy of a socket that is
  /// closed here, for a moment longer.
  private static func bound(_ socket: FileDescriptor, _ address: String, _ port: UInt16) -> Bool {
    var yes: Int32 = 1
    setsockopt(
      socket.rawValue, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return Sockets.withAddress(address, port) { bind(socket.rawValue, $0, $1) } == 0
  }

  /// The beats that have come; anything else on the wire ends its connection.
  func receive() -> [Beat] {
    while let connection = Sockets.accept(socket) {
      connections[connection.rawValue] = LineBuffer()
    }
    var beats: [Beat] = []
    for (descriptor, var buffer) in connections {
      let isOpen = buffer.fill(from: descriptor)
      let lines = buffer.takeLines()
      let understood = lines.compactMap { try? JSON.decode(Beat.self, from: $0) }
      beats += understood
      if isOpen, understood.count == lines.count {
        connections[descriptor] = buffer
      } else {
        close(descriptor)
        connections[descriptor] = nil
      }
    }
    return beats
  }
}

/// Keeps a connection to the partner as well as it can be had. A beat that cannot be sent at once
/// is dropped: a late one would be worth nothing.
final class BeatSender {
  let instance = UUID().uuidString
  private let address: String
  private let port: UInt16
  private var socket: FileDescriptor?

  init(address: String, port: UInt16) throws {
    self.address = address
    self.port = port
  }

  func send(_ beat: Beat) throws {
    let line = try JSON.encode(beat) + Data("\n".utf8)
    let socket = try socket ?? connect()
    let sent = line.withUnsafeBytes {
      Glibc.send(socket.rawValue, $0.baseAddress, $0.count, Sockets.neverWait)
    }
    if sent == line.count {
      self.socket = socket
    } else {
      try socket.close()
      self.socket = nil
    }
  }

  private func connect() throws -> FileDescriptor {
    let socket = try Sockets.tcp()
    // A refusal shows in the send that follows.
    _ = Sockets.withAddress(address, port) { Glibc.connect(socket.rawValue, $0, $1) }
    return socket
  }
}
