import Foundation
import Glibc
import Synchronization

/// The control interface of a double: one JSON object a line, and one line back, over loopback TCP or a unix socket.
final class DoubleControl: Sendable {
  private let connection: Mutex<FileHandle>

  init(port: Int) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw ServerFailure("the double's control port can't be reached") }
    connection = Mutex(FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
  }

  init(path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ServerFailure("\(path) is too long for a socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else { throw ServerFailure("the double's socket \(path) can't be reached") }
    connection = Mutex(FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
  }

  func ask(_ request: [String: Any]) throws -> [String: Any] {
    let line = try JSONSerialization.data(withJSONObject: request) + Data("\n".utf8)
    let answer = try connection.withLock { connection -> Data in
      try connection.write(contentsOf: line)
      var answer = Data()
      while !answer.contains(10) {
        // `read(upToCount:)` waits for as many bytes.
        let more = connection.availableData
        guard !more.isEmpty else { throw ServerFailure("the double gives no answer") }
        answer += more
      }
      return answer
    }
    guard let found = try JSONSerialization.jsonObject(with: answer) as? [String: Any],
      found["error"] == nil
    else { throw ServerFailure("the double refuses: \(String(decoding: answer, as: UTF8.self))") }
    return found
  }
}
