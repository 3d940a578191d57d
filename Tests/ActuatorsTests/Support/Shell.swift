import Subprocess
import SystemPackage
import Testing

/// A child's output, for tests that look at what is on this machine.
@discardableResult
func shell(_ arguments: String...) async throws -> String { try await shell(arguments) }

@discardableResult
func shell(_ arguments: [String]) async throws -> String {
  let result = try await Subprocess.run(
    arguments[0].contains("/") ? .path(FilePath(arguments[0])) : .name(arguments[0]),
    arguments: Subprocess.Arguments(Array(arguments.dropFirst())),
    input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
  try #require(
    result.terminationStatus.isSuccess, "\(arguments): \(result.standardError)")
  return result.standardOutput
}
