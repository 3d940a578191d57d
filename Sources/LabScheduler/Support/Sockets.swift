import Foundation
import Glibc
import SystemPackage

/// The few socket calls that the lab needs, on descriptors that never block.
enum Sockets {
  /// Send without waiting, and without a signal when the other end has gone.
  static let neverWait = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)

  static func tcp() throws -> FileDescriptor { try make(AF_INET) }
  static func unix() throws -> FileDescriptor { try make(AF_UNIX) }

  private static func make(_ family: Int32) throws -> FileDescriptor {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw LabError.systemCall("socket", on: "process \(getpid())") }
    prepare(descriptor)
    return FileDescriptor(rawValue: descriptor)
  }

  private static func prepare(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// The next waiting connection, or nil.
  static func accept(_ socket: FileDescriptor) -> FileDescriptor? {
    let descriptor = Glibc.accept(socket.rawValue, nil, nil)
    guard descriptor >= 0 else { return nil }
    prepare(descriptor)
    return FileDescriptor(rawValue: descriptor)
  }

  static func withAddress<Result>(
    _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &address.sin_addr)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// The address of a Unix socket. Its path must fit into 108 bytes.
  static func withAddress<Result>(
    path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Waits until the descriptor has something to read; false after the time-out.
  static func waitUntilReadable(_ descriptor: FileDescriptor, milliseconds: Int64) -> Bool {
    var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, Int32(clamping: max(0, milliseconds))) > 0
  }
}

/// Collects bytes and gives out whole lines.
struct LineBuffer {
  private var bytes = Data()
  private static let limit = 65_536

  /// Reads what is there; false when the other end has gone or sends a line without an end.
  mutating func fill(from descriptor: Int32) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      if count == 0 { return false }
      bytes.append(contentsOf: chunk[..<count])
      if bytes.count > Self.limit { return false }
    }
  }

  mutating func takeLines() -> [Data] {
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    let complete = bytes[..<end]
    bytes = Data(bytes[bytes.index(after: end)...])
    return complete.split(separator: UInt8(ascii: "\n")).map { Data($0) }
  }
}
