import Runbook
import Subprocess
import Synchronization
import SystemPackage

/// The child process under a `ShellChannel`: text goes in, and pieces of output come out, each ended by a mark.
final class ShellChild: Sendable {
  private typealias Pieces = AsyncStream<MarkedOutput.Piece>

  private let requests: AsyncStream<[UInt8]>.Continuation
  private let output: Pieces
  private let error: Pieces
  private let running: Task<ShellChannel.Lost, Never>
  private let ended: Flag

  init(_ executable: FilePath, _ arguments: [String], mark: String) {
    let (requested, requests) = AsyncStream<[UInt8]>.makeStream()
    let (output, outputPieces) = Pieces.makeStream()
    let (error, errorPieces) = Pieces.makeStream()
    let ended = Flag()
    let streams = Streams(
      mark: mark, requested: requested, requests: requests, output: outputPieces, error: errorPieces
    )
    running = Task {
      let ending = await streams.run(Self.configuration(executable, arguments))
      ended.set()
      outputPieces.finish()
      errorPieces.finish()
      return ending
    }
    self.requests = requests
    self.output = output
    self.error = error
    self.ended = ended
  }

  deinit { running.cancel() }

  var hasEnded: Bool { ended.isSet }

  func answer(to request: String) async throws -> CommandResult {
    requests.yield(Array(request.utf8))
    return try await answer()
  }

  /// The number in a mark that comes on the standard output alone, before the answer.
  func announcement(after request: String) async throws -> Int {
    requests.yield(Array(request.utf8))
    guard let piece = await output.first(where: { _ in true }) else { throw try await lost() }
    return piece.exitCode
  }

  func answer() async throws -> CommandResult {
    guard let output = await output.first(where: { _ in true }),
      let error = await error.first(where: { _ in true })
    else { throw try await lost() }
    return CommandResult(
      exitCode: output.exitCode, standardOutput: output.text.text,
      standardError: error.text.text, cutBytes: output.text.cutBytes + error.text.cutBytes)
  }

  private func lost() async throws -> ShellChannel.Lost {
    try Task.checkCancellation()
    return await running.value
  }

  /// Closes its input and waits for its end; cancelled, it ends it.
  func close() async {
    requests.finish()
    await withTaskCancellationHandler {
      _ = await running.value
    } onCancel: {
      running.cancel()
    }
  }

  func end() async {
    running.cancel()
    _ = await running.value
  }

  private static func configuration(
    _ executable: FilePath, _ arguments: [String]
  ) -> Configuration {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
    ]
    return Configuration(
      executable: .path(executable), arguments: Arguments(arguments), platformOptions: options)
  }

  // MARK: - While it runs

  private struct Streams: Sendable {
    let mark: String
    let requested: AsyncStream<[UInt8]>
    let requests: AsyncStream<[UInt8]>.Continuation
    let output: Pieces.Continuation
    let error: Pieces.Continuation

    func run(_ configuration: Configuration) async -> ShellChannel.Lost {
      do {
        let result = try await Subprocess.run(
          configuration, input: .inputWriter, output: .sequence, error: .sequence
        ) { execution in
          async let written: Void = write(to: execution.standardInputWriter)
          async let outputRest = cut(execution.standardOutput, into: output)
          async let errorRest = cut(execution.standardError, into: error)
          _ = try await outputRest
          let words = try await errorRest
          // The child is gone: there is nobody to write to.
          requests.finish()
          try await written
          return words
        }
        var exitCode: Int?
        if case .exited(let code) = result.terminationStatus { exitCode = Int(code) }
        let lines = result.closureResult.split(whereSeparator: \.isNewline)
        return ShellChannel.Lost(words: lines.joined(separator: "; "), exitCode: exitCode)
      } catch {
        return ShellChannel.Lost(words: "\(error)")
      }
    }

    private func write(to writer: StandardInputWriter) async throws {
      for await bytes in requested { try await write(bytes, to: writer) }
      try await writer.finish()
    }

    private func write(_ bytes: [UInt8], to writer: StandardInputWriter) async throws {
      do {
        _ = try await writer.write(bytes)
      } catch let error where error.underlyingError == .brokenPipe {
        // The child ended. Whoever waits for an answer learns it from its output's end.
      }
    }

    /// Returns what came after the last mark.
    private func cut(
      _ sequence: SubprocessOutputSequence, into pieces: Pieces.Continuation
    ) async throws -> String {
      var marked = MarkedOutput(mark: mark)
      for try await buffer in sequence {
        for piece in buffer.withUnsafeBytes({ marked.take($0) }) { pieces.yield(piece) }
      }
      pieces.finish()
      return marked.rest
    }
  }
}

/// Raised once.
private final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}
