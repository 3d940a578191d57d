import Glibc
import Synchronization

/// Ports for servers that tests start.
public enum FreePort {
  /// Below what the kernel gives to connections that choose none: such a one may take a free port at any moment.
  private static let range = 20_000..<32_000
  private static let given = Mutex<Set<Int>>([])

  /// A port of 127.0.0.1 that nobody listens on just now, and that no other test of this process was given.
  public static func find() throws -> Int {
    for _ in 0..<1000 {
      let port = Int.random(in: range)
      if isFree(port), given.withLock({ $0.insert(port).inserted }) { return port }
    }
    throw ServerFailure("no free port")
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
