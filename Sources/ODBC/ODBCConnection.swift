import Dispatch
import Synchronization

/// One connection to a networked database.
///
/// The driver's calls block, so they are made on a queue of the connection's own, one call after the other. Each call may be
/// waited for by a task (`perform`) or by a thread (`performAndWait`). Nobody waits longer than the statement's time-out
/// and the settings' `grace`. After a time-out or a cancellation the connection is at its end.
public final class ODBCConnection: Sendable {
  public let settings: ODBCSettings
  private let worker: DispatchQueue
  private let watchman: Watchman
  private let session: SessionBox

  /// Connects; throws an `ODBCError`.
  public static func open(_ settings: ODBCSettings) async throws -> ODBCConnection {
    let connection = ODBCConnection(settings)
    try await connection.perform { try $0.connect() }
    return connection
  }

  /// As `open`, for a thread that may block.
  public static func openAndWait(_ settings: ODBCSettings) throws -> ODBCConnection {
    let connection = ODBCConnection(settings)
    try connection.performAndWait { try $0.connect() }
    return connection
  }

  private init(_ settings: ODBCSettings) {
    self.settings = settings
    worker = DispatchQueue(label: "odbc.\(settings.place)")
    watchman = Watchman(place: settings.place, grace: settings.grace)
    session = SessionBox(ODBCSession(settings, watchman))
  }

  deinit { close() }

  /// Runs `body` on the connection's queue; its statements commit one by one.
  public func perform<Result: Sendable>(
    _ body: @escaping @Sendable (ODBCSession) throws -> Result
  ) async throws -> Result {
    let call = Call<Result>()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        submit(call, body) { continuation.resume(with: $0) }
      }
    } onCancel: {
      call.cancel(watchman)
    }
  }

  /// As `perform`, for a thread that may block.
  public func performAndWait<Result: Sendable>(
    _ body: @escaping @Sendable (ODBCSession) throws -> Result
  ) throws -> Result {
    let isDone = DispatchSemaphore(value: 0)
    let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
    submit(Call(), body) { result in
      outcome.withLock { $0 = result }
      isDone.signal()
    }
    isDone.wait()
    guard let result = outcome.withLock({ $0 }) else {
      preconditionFailure("the semaphore is signalled after the outcome is set")
    }
    return try result.get()
  }

  /// Runs `body` in one transaction: it is committed when `body` returns, and rolled back when it throws.
  public func transaction<Result: Sendable>(
    _ body: @escaping @Sendable (ODBCSession) throws -> Result
  ) async throws -> Result {
    try await perform { try $0.transaction(body) }
  }

  /// As `transaction`, for a thread that may block.
  public func transactionAndWait<Result: Sendable>(
    _ body: @escaping @Sendable (ODBCSession) throws -> Result
  ) throws -> Result {
    try performAndWait { try $0.transaction(body) }
  }

  /// The statement's rows.
  public func query(_ sql: String, _ parameters: [ODBCValue] = []) async throws -> [ODBCRow] {
    try await perform { try $0.query(sql, parameters) }
  }

  /// How many rows the statement touched.
  @discardableResult
  public func execute(_ sql: String, _ parameters: [ODBCValue] = []) async throws -> Int {
    try await perform { try $0.execute(sql, parameters) }
  }

  /// Ends the connection once the call under way has returned. Waits for nothing.
  public func close() {
    worker.async { [session] in session.value.disconnect() }
  }

  private func submit<Result: Sendable>(
    _ call: Call<Result>, _ body: @escaping @Sendable (ODBCSession) throws -> Result,
    completion: @escaping @Sendable (Swift.Result<Result, any Error>) -> Void
  ) {
    let number: Int
    do { number = try watchman.register { completion(.failure($0)) } } catch {
      return completion(.failure(error))
    }
    call.begin(number, watchman)
    worker.async { [watchman, session] in
      guard watchman.start(number) else { return }
      let result = Swift.Result { try body(session.value) }
      if watchman.interruption != nil { session.value.disconnect() }
      if watchman.finish(number) { completion(result) }
    }
  }
}

/// Hands the session to the connection's queue.
///
/// `@unchecked`: it is used in blocks of one serial queue only.
private final class SessionBox: @unchecked Sendable {
  let value: ODBCSession
  init(_ value: ODBCSession) { self.value = value }
}

/// A call that may be cancelled before it has its number.
private final class Call<Result: Sendable>: Sendable {
  private let state = Mutex<(number: Int?, isCancelled: Bool)>((nil, false))

  func begin(_ number: Int, _ watchman: Watchman) {
    let isCancelled = state.withLock {
      $0.number = number
      return $0.isCancelled
    }
    if isCancelled { watchman.cancel(number) }
  }

  func cancel(_ watchman: Watchman) {
    let number = state.withLock {
      $0.isCancelled = true
      return $0.number
    }
    if let number { watchman.cancel(number) }
  }
}
