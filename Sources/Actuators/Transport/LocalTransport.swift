import Runbook
import Subprocess
import SystemPackage

/// Runs commands on this machine, as children of this process.
struct LocalTransport: Transport {
  enum ErrorCode {
    /// The child couldn't be started: nothing ran.
    static let notStarted = "command.not_started"
  }

  let time: any TimeSource
  let limit: ConcurrencyLimit
  private let executables = ExecutablePaths()

  init(time: any TimeSource, limit: ConcurrencyLimit) {
    self.time = time
    self.limit = limit
    ProcessSettings.prepareForChildren
  }

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let invocation = try invocation.checked()
    let executable = try await path(of: invocation.program)
    return try await limit.withPlace {
      let child = ChildProcess(
        executable: executable, arguments: Array(invocation.arguments.dropFirst()),
        environment: invocation.environment, standardInput: invocation.standardInput)
      guard let result = try await time.within(invocation.timeout, { try await child.run() })
      else { throw invocation.timedOut() }
      return result
    }
  }

  func path(of program: String) async throws -> FilePath {
    do {
      return try await executables.path(of: program)
    } catch {
      throw ActionError(
        ErrorCode.notStarted, "'\(program)' is not an executable on this machine's PATH",
        advice: "install it, or give its absolute path")
    }
  }
}
