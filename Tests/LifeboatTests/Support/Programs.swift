import Foundation
import Subprocess
import SystemPackage

/// The programs under test, as they were built beside the tests.
enum Programs {
  static let lifeboat = directory.appendingPathComponent("lifeboat").path
  static let labScheduler = directory.appendingPathComponent("lab-scheduler").path

  /// What every program is started with. The tests of the proof ask for it themselves: in an unoptimised build it takes
  /// longer than all the rest.
  static let environment = ["LIFEBOAT_PROOF_STATES": "0"]

  /// The project's root, for runbooks and fixtures.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func runbook(_ name: String) -> String {
    root.appendingPathComponent("Runbooks/\(name).yaml").path
  }

  static let directory: URL = {
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
    guard let bundle, let end = bundle.range(of: ".xctest") else {
      return root.appendingPathComponent(".build/debug")
    }
    return URL(fileURLWithPath: String(bundle[..<end.lowerBound])).deletingLastPathComponent()
  }()
}

/// How a program ended, and what it said.
struct Ran: Sendable, CustomStringConvertible {
  /// The exit code, or 128 plus the signal that ended it.
  let code: Int32
  let output: String
  let error: String

  var description: String { "exit \(code)\n\(output)\(error)" }
}

/// Runs a program to its end.
func run(
  _ program: String, _ arguments: [String], environment: [String: String] = [:]
) async throws -> Ran {
  let result = try await Subprocess.run(
    program.hasPrefix("/") ? .path(FilePath(program)) : .name(program),
    arguments: Arguments(arguments),
    environment: .inherit.updating(
      Dictionary(
        Programs.environment.merging(environment) { $1 }.map {
          (Environment.Key(stringLiteral: $0.key), Optional($0.value))
        },
        uniquingKeysWith: { $1 })),
    output: .string(limit: 16 * 1024 * 1024), error: .string(limit: 16 * 1024 * 1024))
  let code: Int32 =
    switch result.terminationStatus {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  return Ran(code: code, output: result.standardOutput, error: result.standardError)
}
