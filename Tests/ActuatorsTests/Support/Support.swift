import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

typealias Host = Runbook.Host

/// A directory of its own for one test, removed at the end.
func withDirectory(_ body: (String) async throws -> Void) async throws {
  let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("actuators-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(
    atPath: directory, withIntermediateDirectories: true)
  let result: Result<Void, any Error>
  do { result = .success(try await body(directory)) } catch { result = .failure(error) }
  try FileManager.default.removeItem(atPath: directory)
  try result.get()
}

extension Host {
  /// This machine under a name.
  static func here(_ site: String, _ name: String = "scheduler") -> Host {
    Host(site: site, name: name, connection: .local)
  }

  /// A host that is never up: a prefix that says so as ssh does.
  static func down(_ site: String, _ name: String = "scheduler", in directory: String) throws
    -> Host
  {
    let program = "\(directory)/never-up"
    if !FileManager.default.fileExists(atPath: program) {
      try "#!/bin/sh\necho 'never-up: host \(site): unreachable' >&2\nexit 255\n"
        .write(toFile: program, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: program)
    }
    return Host(site: site, name: name, connection: .exec(through: [program, "--"]))
  }
}

extension Arguments {
  init(
    _ values: [String: Value] = [:], on target: Target? = nil, in inventory: Inventory
  ) {
    self.init(step: "step", values: values, target: target, inventory: inventory)
  }
}

let world = ActuatorWorld(time: SystemTime())

/// Runs the conformance suite on an action that stands in a world where it is needed.
func expectConforms<Snapshot: Equatable & Sendable>(
  _ action: some Action, sourceLocation: SourceLocation = #_sourceLocation,
  _ snapshot: @escaping @Sendable () async throws -> Snapshot
) async throws {
  let findings = try await Conformance(action, in: world, snapshot: snapshot).findings()
  #expect(
    findings.isEmpty, "\(findings.joined(separator: "\n"))", sourceLocation: sourceLocation)
}

/// Runs the conformance suite for targets that can't be asked.
func expectConformsUnreachable(
  _ actions: [any Action], sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  for action in actions {
    let findings = try await UnreachableConformance(action, in: world).findings()
    #expect(
      findings.isEmpty, "\(findings.joined(separator: "\n"))", sourceLocation: sourceLocation)
  }
}
