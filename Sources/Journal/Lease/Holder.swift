internal import Foundation

/// A process, described so that another process can tell later whether it still runs.
public struct Holder: Sendable, Hashable, Codable {
  /// The machine's host name: for people, and to recognise the machine after a restart.
  public let host: String
  public let pid: Int
  /// Field 22 of `/proc/PID/stat`: clock ticks from boot to the start of the process. With the
  /// pid it stays unique while the machine runs, because pids are used again.
  public let processStart: UInt64
  /// `/proc/sys/kernel/random/boot_id`: changes with every start of the kernel.
  public let bootID: String
  /// `/proc/self/ns/pid`: pids of containers on one kernel can't be compared with each other.
  public let pidNamespace: String
  /// The user who started it.
  public let user: String

  public init(
    host: String, pid: Int, processStart: UInt64, bootID: String, pidNamespace: String,
    user: String
  ) {
    self.host = host
    self.pid = pid
    self.processStart = processStart
    self.bootID = bootID
    self.pidNamespace = pidNamespace
    self.user = user
  }
}

extension Holder: CustomStringConvertible {
  public var description: String { "\(user) on \(host), process \(pid)" }
}

extension Holder {
  /// The calling process. Throws `JournalError.Code.storageFailed` where `/proc` can't be read.
  public static func current() throws -> Holder {
    try describing(pid: Int(getpid()))
  }

  /// The process `pid` of this machine; `user` is the caller's.
  public static func describing(pid: Int) throws -> Holder {
    guard let stat = ProcessStat(pid: pid) else { throw unreadable("/proc/\(pid)/stat") }
    return Holder(
      host: ThisMachine.hostName, pid: pid, processStart: stat.start,
      bootID: try ThisMachine.bootID(), pidNamespace: try ThisMachine.pidNamespace(),
      user: NSUserName())
  }

  fileprivate static func unreadable(_ path: String) -> JournalError {
    JournalError(
      code: .storageFailed, message: "this process can't be identified",
      advice: "Mount /proc, and allow this user to read it.", path: path)
  }
}

/// What tells this machine, this start of it, and this set of pids from others.
enum ThisMachine {
  static var hostName: String { ProcessInfo.processInfo.hostName }

  static func bootID() throws -> String {
    let path = "/proc/sys/kernel/random/boot_id"
    guard let content = FileManager.default.contents(atPath: path) else {
      throw Holder.unreadable(path)
    }
    return String(decoding: content, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  static func pidNamespace() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
  }
}

/// The fields of `/proc/PID/stat` (proc(5)) that tell whether a process lives.
struct ProcessStat: Equatable {
  let state: Character
  let threads: Int
  /// Clock ticks from boot to the process's start.
  let start: UInt64

  /// nil when there is no such process or it can't be looked at.
  init?(pid: Int) {
    guard let content = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
      return nil
    }
    self.init(line: String(decoding: content, as: UTF8.self))
  }

  init?(line: String) {
    // The second field is the program's name in parentheses, and may hold anything, even ")".
    guard let nameEnd = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: nameEnd)...].split(separator: " ")
    // fields[0] is the third field of the line.
    guard fields.count > 19, let state = fields[0].first, let threads = Int(fields[17]),
      let start = UInt64(fields[19])
    else { return nil }
    self.state = state
    self.threads = threads
    self.start = start
  }
}
