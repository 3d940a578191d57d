import Foundation
import Testing

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
    let down = try await lab.lab("down")
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
  /// Skips where no lab of real hosts can be made, and says why. Where it must be possible, as in CI, nothing is skipped:
  /// what is missing makes the tests fail.
  static var needsHosts: ConditionTrait {
    .enabled("real hosts need root and Debian's systemd-container, mmdebstrap and nftables") {
      let isRequired = ProcessInfo.processInfo.environment["LIFEBOAT_REQUIRE_HOSTS"] == "1"
      let programs = ["/usr/bin/systemd-nspawn", "/usr/bin/mmdebstrap", "/usr/sbin/nft"]
      return isRequired
        || geteuid() == 0 && programs.allSatisfy(FileManager.default.isExecutableFile)
    }
  }
}
