import Foundation
import Glibc

/// One process of one boot, told apart from a later process with the same number by the moment
/// it started.
struct ProcessIdentity: Codable, Equatable, Sendable {
  let pid: Int32
  /// Clock ticks since boot (field 22 of `/proc/PID/stat`, proc(5)).
  let startTicks: UInt64
  let bootId: String

  enum Condition {
    case running
    case suspended
    case gone
  }

  /// The identity of the process that has this number now.
  init?(pid: Int32) {
    guard let stat = ProcessStat(pid: pid), let bootId = Self.currentBoot() else { return nil }
    self.pid = pid
    startTicks = stat.startTicks
    self.bootId = bootId
  }

  /// The process's condition; a zombie has done all it will ever do, so it counts as gone.
  var condition: Condition {
    guard
      bootId == Self.currentBoot(), let stat = ProcessStat(pid: pid),
      stat.startTicks == startTicks, !"ZX".contains(stat.state)
    else { return .gone }
    return "Tt".contains(stat.state) ? .suspended : .running
  }

  /// Sends a signal to this process and no other. One that is gone needs none.
  func send(_ signal: Int32) throws {
    guard condition != .gone else { return }
    guard kill(pid, signal) == 0 || errno == ESRCH else {
      throw LabError.systemCall("signal \(signal)", on: "process \(pid)")
    }
  }

  private static func currentBoot() -> String? {
    guard let data = try? File.read("/proc/sys/kernel/random/boot_id") else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// What the lab reads of `/proc/PID/stat`.
private struct ProcessStat {
  let state: Character
  let startTicks: UInt64

  init?(pid: Int32) {
    guard let data = try? File.read("/proc/\(pid)/stat") else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    // The second field, the program's name, may itself hold blanks and parentheses.
    guard let nameEnd = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: nameEnd)...].split(separator: " ")
    guard fields.count > 19, let state = fields[0].first, let ticks = UInt64(fields[19]) else {
      return nil
    }
    self.state = state
    startTicks = ticks
  }
}
