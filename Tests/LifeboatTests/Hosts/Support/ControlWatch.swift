import Foundation
import Synchronization

/// Looks again and again, from outside, whether two databases take changes, or two schedulers run, at one moment.
final class ControlWatch: Sendable {
  private let task: Task<[String], any Error>

  init(_ lab: HostsLab) throws {
    task = Task {
      var findings: [String] = []
      while !Task.isCancelled {
        if try await Self.both(lab.isWritable) { findings.append("two databases take changes") }
        if try await Self.both({ try await lab.unit("lab-server", at: $0) == "active" }) {
          findings.append("two servers run")
        }
      }
      return findings
    }
  }

  /// Both are asked again after the first answer: what was so at both ends of one look was so at once.
  private static func both(_ isSo: (String) async throws -> Bool) async throws -> Bool {
    guard try await isSo("production") else { return false }
    guard try await isSo("dr") else { return false }
    return try await isSo("production")
  }

  func stop() async throws -> [String] {
    task.cancel()
    return try await task.value
  }
}
