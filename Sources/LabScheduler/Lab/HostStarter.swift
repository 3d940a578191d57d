import Foundation
import Glibc
import SystemPackage

/// Starts hosts that are down, and waits until they have booted.
struct HostStarter {
  /// Generous: it only has to end a wait for a host that will never answer.
  private static let bootTimeout: Int64 = 20_000

  /// Starts sites side by side, but a site's primary before its secondary, which would take
  /// control if the primary were late. Hosts that are up stay as they are.
  static func start(_ sites: [SiteLayout], _ settings: LabSettings) throws {
    let hosts = sites.map { $0.hosts(settings) }
    try start(hosts.compactMap(\.first))
    try start(hosts.flatMap { $0.dropFirst() })
  }

  private static func start(_ hosts: [HostDirectory]) throws {
    var children: [HostDirectory: pid_t] = [:]
    for host in hosts where try !isUp(host) {
      children[host] = try ProcessSpawner.spawnSelf(
        ["host", host.path, "--detached"], streams: .init(log: host.logFile))
    }
    let deadline = Clock.uptimeMilliseconds + bootTimeout
    for host in hosts { try waitUntilBooted(host, child: children[host], deadline) }
  }

  private static func isUp(_ host: HostDirectory) throws -> Bool {
    guard let recorded = try host.recordedProcess() else { return false }
    return recorded.condition != .gone
  }

  private static func waitUntilBooted(
    _ host: HostDirectory, child: pid_t?, _ deadline: Int64
  ) throws {
    while true {
      if let client = try? HostClient(host), try client.request(.show(names: [])).isBooted {
        return
      }
      if let child, waitpid(child, nil, WNOHANG) == child {
        throw LabError(.failed, "host \(host.path): ended at its start; \(host.logFile) says why")
      }
      guard Clock.uptimeMilliseconds < deadline else {
        throw LabError(.timedOut, "host \(host.path): has not booted; \(host.logFile) says why")
      }
      poll(nil, 0, 10)  // another process is at work: there is nothing to wait on but time
    }
  }
}
