import CPlatform
import Engine
import Foundation

/// The first signal stops after the step in hand, the second at once. Both leave a run that can be resumed.
enum Signals {
  static func stopping<Result: Sendable>(
    _ control: RunControl, console: Console, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let work = Task { try await body() }
    let sources = handle {
      if control.isStopping {
        console.writeError(
          "lifeboat: stopping at once; what is being done will be probed when the run is resumed")
        work.cancel()
      } else {
        control.stopAfterStep()
        console.writeError("lifeboat: stopping after the step in hand; once more stops at once")
      }
    }
    defer { for source in sources { source.cancel() } }
    return try await work.value
  }

  /// The first signal stops: for what changes nothing, and only cleans up after itself.
  static func cancelling<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let work = Task { try await body() }
    let sources = handle { work.cancel() }
    defer { for source in sources { source.cancel() } }
    return try await work.value
  }

  /// Ctrl-C, a request to end, and a terminal that is gone.
  private static func handle(_ handler: @escaping @Sendable () -> Void)
    -> [any DispatchSourceSignal]
  {
    [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler(handler: handler)
      source.resume()
      return source
    }
  }
}
