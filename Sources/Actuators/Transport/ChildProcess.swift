import Glibc
import Runbook
import Subprocess
import SystemPackage

/// One child process in a process group of its own, run to its end.
struct ChildProcess: Sendable {
  /// Between the polite signal and the one that can't be ignored.
  private static let grace = Duration.seconds(2)

  let executable: FilePath
  let arguments: [String]
  let environment: [String: String]
  let standardInput: String?

  /// Throws `CancellationError` when the task was cancelled; the whole process group is gone then.
  func run() async throws -> CommandResult {
    var group: pid_t?
    do {
      let result = try await start { group = $0 }
      // The library's `run` returns when it is cancelled, as if all were well.
      try Task.checkCancellation()
      return result
    } catch {
      // The library ends the group only for as long as its leader lives; grandchildren that ignored SIGTERM keep the group,
      // and thereby its number, alive.
      if let group { kill(-group, SIGKILL) }
      if error is CancellationError || Task.isCancelled { throw CancellationError() }
      throw described(error, hasStarted: group != nil)
    }
  }

  private func start(_ onStart: (pid_t) -> Void) async throws -> CommandResult {
    let result = try await Subprocess.run(
      configuration, input: .inputWriter, output: .sequence, error: .sequence
    ) { execution in
      onStart(execution.processIdentifier.value)
      async let fed: Void = feed(execution.standardInputWriter)
      async let output = CutText(reading: execution.standardOutput)
      async let error = CutText(reading: execution.standardError)
      try await fed
      return try await (output: output, error: error)
    }
    let streams = result.closureResult
    return CommandResult(
      exitCode: exitCode(result.terminationStatus), standardOutput: streams.output.text,
      standardError: streams.error.text,
      cutBytes: streams.output.cutBytes + streams.error.cutBytes)
  }

  private var configuration: Configuration {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: Self.grace)
    ]
    let additions = environment.map { (Environment.Key(stringLiteral: $0), Optional($1)) }
    return Configuration(
      executable: .path(executable), arguments: Arguments(arguments),
      environment: .inherit.updating(Dictionary(uniqueKeysWithValues: additions)),
      platformOptions: options)
  }

  private func feed(_ writer: StandardInputWriter) async throws {
    if let standardInput {
      do {
        _ = try await writer.write(standardInput)
      } catch let error where error.underlyingError == .brokenPipe {
        // The program ended, or closed its input, before it had read all. What that means, its exit code says.
      }
    }
    try await writer.finish()
  }

  /// As shells count: a signal is 128 plus its number.
  private func exitCode(_ status: TerminationStatus) -> Int {
    switch status {
    case .exited(let code): Int(code)
    case .signaled(let signal): 128 + Int(signal)
    }
  }

  private func described(_ error: any Error, hasStarted: Bool) -> ActionError {
    guard hasStarted else {
      return ActionError(
        LocalTransport.ErrorCode.notStarted, "'\(executable)' can't be started: \(error)",
        advice: "see that it exists and may be executed, and that its arguments are not too long")
    }
    return ActionError(
      "command.lost", "'\(executable)' was started, and its end was not seen: \(error)",
      advice: "look whether it did its work", kind: .inDoubt)
  }
}
