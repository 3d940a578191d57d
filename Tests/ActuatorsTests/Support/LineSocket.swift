import Glibc
import Synchronization
import TestSupport

/// A unix socket on which each line is answered by one.
final class LineSocket: Sendable {
  private let descriptor: Int32
  private let turn = Mutex(())

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected == 0 else { throw ServerFailure("no connection to \(path)") }
  }

  deinit { close(descriptor) }

  func ask(_ line: String) throws -> String {
    try turn.withLock { _ in
      var rest = Array((line + "\n").utf8)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { throw ServerFailure("the socket took no line") }
        rest = rest.dropFirst(count)
      }
      var answer: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while answer.last != UInt8(ascii: "\n") {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw ServerFailure("the socket gave no line") }
        answer += buffer[..<count]
      }
      return String(decoding: answer, as: UTF8.self)
    }
  }
}
