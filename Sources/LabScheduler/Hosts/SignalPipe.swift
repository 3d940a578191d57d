import Foundation
import Glibc
import SystemPackage

/// Turns signals into bytes on a pipe, for a loop that polls. A thread of its own waits for them,
/// so there is no handler that could interrupt anything.
struct SignalPipe {
  let reader: FileDescriptor

  /// Holds the signals back from every other thread. Call it before any is started.
  init(_ signals: [Int32]) throws {
    let ends = try FileDescriptor.pipe()
    for end in [ends.readEnd, ends.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends.readEnd.rawValue, F_SETFL, O_NONBLOCK)
    reader = ends.readEnd
    signal(SIGPIPE, SIG_IGN)
    var waited = sigset_t()
    sigemptyset(&waited)
    for signal in signals { sigaddset(&waited, signal) }
    pthread_sigmask(SIG_BLOCK, &waited, nil)
    let set = waited
    let writer = ends.writeEnd.rawValue
    Thread.detachNewThread {
      var set = set
      var arrived: Int32 = 0
      while sigwait(&set, &arrived) == 0 {
        var byte = UInt8(arrived)
        write(writer, &byte, 1)
      }
    }
  }

  /// The signals since the last time.
  func read() throws -> Set<Int32> {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = Glibc.read(reader.rawValue, &bytes, bytes.count)
    return Set(bytes.prefix(max(0, count)).map(Int32.init))
  }
}
