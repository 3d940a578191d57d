import Foundation
import Subprocess
import SystemPackage

/// The built `lab-scheduler`, run as a user would.
enum Program {
  /// It stands beside the test bundle, in the build's products.
  static let executable: String = {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("lab-scheduler").path
  }()

  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  static func run(_ arguments: [String]) async throws -> Result {
    let result = try await Subprocess.run(
      .path(FilePath(executable)), arguments: Arguments(arguments), input: .none,
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let code): code
      case .signaled(let signal): -signal
      }
    return Result(
      status: status, output: result.standardOutput, errors: result.standardError)
  }
}
