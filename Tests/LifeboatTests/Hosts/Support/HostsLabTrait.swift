import Foundation
import TestSupport
import Testing

@testable import LabScheduler

/// Gives a suite one lab of real hosts for all of its tests, and takes it down afterwards.
struct HostsLabTrait: SuiteTrait, TestScoping {
  let database: String
  let options: [String]

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Turns.hosts.take()
    defer { Turns.hosts.give() }
    let base = FileManager.default.temporaryDirectory.path + "/lh-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
    let lab = HostsLab(directory: base + "/lab", database: database)
    do {
      let up = try await lab.lab("up", ["--hosts", "--database", database] + options)
      try #require(up.code == 0, "\(up)")
      try await HostsLab.$current.withValue(lab, operation: function)
    } catch {
      Issue.record(error)
    }
    let down = try await Task { try await lab.lab("down") }.value
    #expect(down.code == 0, "\(down)")
    try FileManager.default.removeItem(atPath: base)
  }
}

extension Trait where Self == HostsLabTrait {
  static func hostsLab(_ database: String, _ options: [String] = []) -> HostsLabTrait {
    HostsLabTrait(database: database, options: options)
  }
}

extension Turns {
  /// A lab of hosts keeps both cores busy.
  static let hosts = Turns(1)
}

extension Trait where Self == ConditionTrait {
  /// For tests that need a lab of real hosts.
  static var needsHosts: ConditionTrait { .needsHosts(unless: HostPackages.obstacle()) }
}
