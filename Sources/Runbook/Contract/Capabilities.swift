public import struct Foundation.Date

/// Time, injected: the wall clock for what people read, a monotonic one for durations. They are different things.
public protocol TimeSource: Sendable {
  func now() -> Date
  /// Rises steadily from an unnamed start, whatever becomes of the wall clock.
  func uptime() -> Duration
  /// Throws `CancellationError` when the task is cancelled.
  func sleep(for duration: Duration) async throws
}

/// What a probe may use. Nothing here can change a target: commands come from a closed list, databases are opened
/// read-only at the server, HTTP is GET and HEAD.
public protocol Observer: Sendable {
  var time: any TimeSource { get }

  /// Throws `ActionError` of kind `unreachable` when the host can't be asked.
  func run(_ command: ReadOnlyCommand, on host: Host) async throws -> CommandResult

  /// One read-only transaction: all queries see one state.
  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result

  /// GET or HEAD, after a log-in where the server wants one.
  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse

  /// Shows that the account which changes a copy gets in: logs in and out again, and asks nothing of it. Of a file: that it
  /// may be written to. Throws `ActionError` when not.
  func logIn(_ database: DatabaseCopy) async throws
}

extension Observer {
  public func logIn(_ database: DatabaseCopy) async throws {
    throw ActionError("database.no_login", "\(database.subject) can't be logged in to from here")
  }
}

/// What an act may use. Only the executor makes one, and a rehearsal never does.
public protocol Operator: ProbeFileWriter {
  /// Looking, as in a probe.
  var observer: any Observer { get }

  func run(_ command: Command, on host: Host) async throws -> CommandResult

  /// One transaction, committed when `body` returns and rolled back when it throws.
  func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result

  /// Statements that are committed one by one: what no transaction can hold, as a change of a server's settings.
  func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result

  func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// Writes and removes probe files, whose names begin with `.lifeboat-probe-` and end with `token`; nothing else.
public protocol ProbeFileWriter: Sendable {
  /// Unique to this run and step, and the same when the run is resumed: a probe file left by a crash is found again.
  var token: String { get }
  func writeProbeFile(_ name: ProbeFileName, contents: String, in directory: String, on host: Host)
    async throws
  /// Removing a file that isn't there is no error.
  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws
}

/// `.lifeboat-probe-<label>-<token>`.
public struct ProbeFileName: Sendable, Hashable, CustomStringConvertible {
  public static let prefix = ".lifeboat-probe-"
  public let description: String

  /// Characters other than letters, digits and `-` become `-`: a name can't leave its directory.
  public init(label: String, token: String) {
    let safe = "\(label)-\(token)".map { character in
      character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
    }
    description = Self.prefix + String(safe)
  }
}

/// The outside world as a rehearsal has it.
public protocol ObservableWorld: Sendable {
  func makeObserver() -> any Observer
  /// For `--allow-probe-files` alone.
  func makeProbeFileWriter(token: String) -> any ProbeFileWriter
}

/// The outside world as an execution has it.
public protocol OperableWorld: ObservableWorld {
  /// Gets to all these places side by side, and changes nothing there. What can't be reached is left to the step that needs
  /// it: that says so in its own words.
  func approach(_ destinations: [Destination]) async
  func makeOperator(token: String) -> any Operator
}

extension OperableWorld {
  public func approach(_ destinations: [Destination]) async {}
}
