import Foundation
import Glibc

/// What happens to a site's machines as a whole. Every process is the recorded one, told by its
/// number and its start, never by its name.
struct SitePower {
  let hosts: [HostDirectory]

  private static let deathTimeout: Int64 = 10_000

  /// A power cut: SIGKILL to the hosts, which takes their services along, and to any service that
  /// is left of an earlier one. Returns when all are gone.
  func cut() throws {
    let processes = try recorded()
    for process in processes { try process.send(SIGKILL) }
    try waitUntilGone(processes)
  }

  /// Everything stops in its tracks, and still holds its sockets and locks.
  func hang() throws {
    for process in try recorded() { try process.send(SIGSTOP) }
  }

  /// Ends a hang.
  func resume() throws {
    for process in try recorded() { try process.send(SIGCONT) }
  }

  /// Shuts the hosts down in order; those that do not manage it lose their power.
  func shutDown() throws {
    let processes = try recorded()
    for process in processes where process.condition == .suspended { try process.send(SIGCONT) }
    let hostProcesses = try hosts.compactMap { try $0.recordedProcess() }
    for process in hostProcesses { try process.send(SIGTERM) }
    if try !areGone(hostProcesses, within: Self.deathTimeout) { try cut() }
    try waitUntilGone(processes)
  }

  private func recorded() throws -> [ProcessIdentity] {
    try hosts.compactMap { try $0.recordedProcess() }
      + hosts.flatMap { try $0.recordedServiceProcesses() }
  }

  private func waitUntilGone(_ processes: [ProcessIdentity]) throws {
    guard try areGone(processes, within: Self.deathTimeout) else {
      let left = processes.filter { $0.condition != .gone }.map { String($0.pid) }
      throw LabError(.timedOut, "processes \(left.joined(separator: ", ")): do not end")
    }
  }

  private func areGone(_ processes: [ProcessIdentity], within timeout: Int64) throws -> Bool {
    let deadline = Clock.uptimeMilliseconds + timeout
    while processes.contains(where: { $0.condition != .gone }) {
      guard Clock.uptimeMilliseconds < deadline else { return false }
      poll(nil, 0, 5)  // they are not this process's children: there is nothing to wait on
    }
    return true
  }
}
