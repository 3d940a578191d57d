import Subprocess
import Synchronization
import SystemPackage

/// Remembers where programs are: looking a name up in PATH costs more than starting a child.
final class ExecutablePaths: Sendable {
  private let known = Mutex<[String: FilePath]>([:])

  /// An absolute or relative path stays as it is. Throws `SubprocessError` for a name that PATH doesn't lead to.
  func path(of program: String) async throws(SubprocessError) -> FilePath {
    if program.contains("/") { return FilePath(program) }
    if let path = known.withLock({ $0[program] }) { return path }
    let path = try await Executable.name(program).resolveExecutablePath(in: .inherit)
    known.withLock { $0[program] = path }
    return path
  }
}
