internal import Foundation

/// Whether the process that holds a lease still runs.
public enum Liveness: Sendable, Hashable {
  case alive
  case dead
  /// It runs, or ran, where this process can't look.
  case unknown
}

/// Looks for holders on this machine. Doubt never counts as dead: two runners on the same sites
/// are the worst that can happen.
public struct HolderCheck: Sendable {
  private let check: @Sendable (Holder) throws -> Liveness

  public init(_ check: @escaping @Sendable (Holder) throws -> Liveness) {
    self.check = check
  }

  public func callAsFunction(_ holder: Holder) throws -> Liveness {
    try check(holder)
  }

  /// Looks into this machine's `/proc`.
  public static let onThisMachine = HolderCheck { holder in
    guard holder.bootID == (try ThisMachine.bootID()) else {
      // The kernel that ran it is gone, when this is the same machine, started again.
      return holder.host == ThisMachine.hostName ? .dead : .unknown
    }
    guard holder.pidNamespace == (try ThisMachine.pidNamespace()) else { return .unknown }
    return liveness(ofProcess: holder.pid, startedAt: holder.processStart)
  }

  private static func liveness(ofProcess pid: Int, startedAt start: UInt64) -> Liveness {
    // kill(2) addresses groups by 0 and below: no holder has such a pid.
    guard let pid = pid_t(exactly: pid), pid > 0 else { return .unknown }
    // Signal 0 only asks. With /proc hidden (hidepid) it is the one sign of a stranger's process.
    if kill(pid, 0) != 0, errno == ESRCH { return .dead }
    guard let stat = ProcessStat(pid: Int(pid)) else { return .alive }
    guard stat.start == start else { return .dead }
    // A zombie waits only for its parent, unless its other threads outlive the first.
    let isZombie = stat.state == "Z" || stat.state == "X"
    return isZombie && stat.threads <= 1 ? .dead : .alive
  }
}
