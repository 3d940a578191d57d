import Runbook
import Subprocess
import SystemPackage

/// Runs commands on this machine, as children of this process.
struct LocalTransport: Transport {
  enum ErrorCode {
    /// The child couldn't be started: nothing ran.
    static let notStarted = "command.not_started"
    static let timedOut = "command.timed_out"
  }

  let time: any TimeSource
  let limit: ChildLimit
  private let executables = ExecutablePaths()

  init(time: any TimeSource, limit: ChildLimit) {
    self.time = time
    self.limit = limit
    ProcessSettings.prepareForChildren
  }

  func run(_ invocation: Invocation) async throws -> CommandResult {
    let invocation = try invocation.checked()
    let executable = try await path(of: invocation.program)
    return try await limit.withPlace {
      try await withTimeout(of: invocation) {
        try await ChildProcess(
          executable: executable, arguments: Array(invocation.arguments.dropFirst()),
          environment: invocation.environment, standardInput: invocation.standardInput
        ).run()
      }
    }
  }

  private func path(of program: String) async throws -> FilePath {
    do {
      return try await executables.path(of: program)
    } catch {
      throw ActionError(
        ErrorCode.notStarted, "'\(program)' is not an executable on this machine's PATH",
        advice: "install it, or give its absolute path")
    }
  }

  private enum Ending: Sendable {
    case ended(CommandResult)
    case timeIsUp
  }

  private func withTimeout(
    of invocation: Invocation, _ body: @escaping @Sendable () async throws -> CommandResult
  ) async throws -> CommandResult {
    guard let timeout = invocation.timeout else { return try await body() }
    let ending = try await withThrowingTaskGroup(of: Ending.self) { group in
      group.addTask { .ended(try await body()) }
      group.addTask {
        try await time.sleep(for: timeout)
        return .timeIsUp
      }
      defer { group.cancelAll() }
      // Both tasks are children: leaving waits until the cancelled command's processes are gone.
      return try await group.next() ?? .timeIsUp
    }
    switch ending {
    case .ended(let result): return result
    case .timeIsUp: throw timedOut(invocation, after: timeout)
    }
  }

  private func timedOut(_ invocation: Invocation, after timeout: Duration) -> ActionError {
    let what = "'\(invocation.program)' gave no answer in \(timeout.runbookText) and was ended"
    switch invocation.purpose {
    case .looking:
      return ActionError(
        ErrorCode.timedOut, what, advice: "see whether the host hangs", kind: .unreachable)
    case .acting:
      return ActionError(
        ErrorCode.timedOut, what, advice: "it may have done its work or a part of it: look",
        kind: .inDoubt)
    }
  }
}
