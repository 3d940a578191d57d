import CODBC
import Dispatch
import Synchronization

/// Sees to it that nobody waits for a driver for ever.
///
/// A driver's call blocks its thread and can't be taken back. When a call's time is up, or its caller's task is cancelled, the
/// watchman asks the server to end the statement (`SQLCancel`, on a thread of its own, because that call speaks to the server
/// and may hang as well). When the driver still doesn't return within `grace`, the callers get their answer without it: the
/// connection is abandoned. Its thread lingers until the driver returns, and then closes the connection.
///
/// An interrupted connection is never used again: a cancellation may reach the server late, and would hit the next statement.
final class Watchman: Sendable {
  /// A statement's handle, which two threads may use: one is executing it, the other cancels it.
  ///
  /// `@unchecked`: ODBC allows `SQLCancel` from another thread, and `end` waits for it before the handle is freed.
  private struct Handle: @unchecked Sendable {
    let statement: SQLHSTMT?
    /// Whether the server may do what the call asks for even if nobody hears of it.
    let leavesDoubt: Bool
  }

  private struct State {
    var running: Handle?
    /// Tells the present driver's call from earlier ones, for timers that come late.
    var generation = 0
    var interruption: ODBCError.Kind?
    var isAbandoned = false
    var answers: [Int: @Sendable (ODBCError) -> Void] = [:]
    var executing: Int?
    var nextCall = 0
  }

  private let place: String
  private let grace: Duration
  private let state = Mutex(State())
  private let cancelling = DispatchGroup()
  private let timer = DispatchQueue(label: "odbc.timer")

  init(place: String, grace: Duration) {
    self.place = place
    self.grace = grace
  }

  // MARK: Calls, as their callers see them

  /// Notes that somebody waits; `answer` is called once at most, and only if the driver doesn't return in time.
  /// Throws when the driver still hasn't returned from an earlier call.
  func register(_ answer: @escaping @Sendable (ODBCError) -> Void) throws -> Int {
    try state.withLock {
      if $0.isAbandoned { throw endedError(.timedOut) }
      $0.nextCall += 1
      $0.answers[$0.nextCall] = answer
      return $0.nextCall
    }
  }

  /// Whether the call is still wanted, now that its turn has come.
  func start(_ call: Int) -> Bool {
    state.withLock {
      guard $0.answers[call] != nil else { return false }
      $0.executing = call
      return true
    }
  }

  /// Whether the call's own result is to be delivered: false when its caller has been answered already.
  func finish(_ call: Int) -> Bool {
    state.withLock {
      $0.executing = nil
      return $0.answers.removeValue(forKey: call) != nil
    }
  }

  /// The caller no longer wants the result.
  func cancel(_ call: Int) {
    let (isExecuting, answer) = state.withLock { state in
      let isExecuting = state.executing == call
      return (isExecuting, isExecuting ? nil : state.answers.removeValue(forKey: call))
    }
    if isExecuting { interrupt(.cancelled, generation: nil) }
    answer?(ODBCError(kind: .cancelled, place: place, summary: "cancelled before it was begun"))
  }

  // MARK: The driver's calls

  var interruption: ODBCError.Kind? { state.withLock { $0.interruption } }

  /// Watches a driver's call that is about to be made; throws when none may be made any more.
  func begin(_ statement: SQLHSTMT?, limit: Duration, leavesDoubt: Bool) throws {
    let generation = try state.withLock { state in
      if let kind = state.interruption { throw endedError(kind) }
      state.generation += 1
      state.running = Handle(statement: statement, leavesDoubt: leavesDoubt)
      return state.generation
    }
    timer.asyncAfter(deadline: .now() + .milliseconds(limit.wholeMilliseconds)) { [weak self] in
      self?.interrupt(.timedOut, generation: generation)
    }
  }

  /// The driver's call has returned. Waits for a cancellation under way, which still uses the handle.
  func end() {
    state.withLock { $0.running = nil }
    cancelling.wait()
  }

  private func endedError(_ kind: ODBCError.Kind) -> ODBCError {
    kind == .cancelled
      ? ODBCError(kind: kind, place: place, summary: "the call was cancelled")
      : ODBCError(
        kind: .invalidCall, place: place,
        summary: "the connection ended when an earlier call took too long; open a new one")
  }

  /// - Parameter generation: the driver's call that is meant; nil for the present one, or the next when none is under way.
  private func interrupt(_ kind: ODBCError.Kind, generation: Int?) {
    let running = state.withLock { state -> (handle: Handle, generation: Int)? in
      guard generation == nil || (generation == state.generation && state.running != nil),
        state.interruption == nil
      else { return nil }
      state.interruption = kind
      guard let running = state.running else { return nil }
      if running.statement != nil { cancelling.enter() }
      return (running, state.generation)
    }
    guard let running else { return }
    if running.handle.statement != nil {
      DispatchQueue(label: "odbc.cancel").async { [cancelling] in
        // Its result says nothing: what counts is how the statement itself returns.
        _ = SQLCancel(running.handle.statement)
        cancelling.leave()
      }
    }
    let grace = DispatchTimeInterval.milliseconds(grace.wholeMilliseconds)
    timer.asyncAfter(deadline: .now() + grace) { [self] in
      abandon(kind, generation: running.generation, leavesDoubt: running.handle.leavesDoubt)
    }
  }

  private func abandon(_ kind: ODBCError.Kind, generation: Int, leavesDoubt: Bool) {
    let answers = state.withLock { state -> [@Sendable (ODBCError) -> Void] in
      // A call that has returned is abandoned all the same while its cancellation hangs: its thread waits for that.
      guard state.generation == generation, state.executing != nil else { return [] }
      state.isAbandoned = true
      defer { state.answers = [:] }
      return Array(state.answers.values)
    }
    let error = ODBCError(
      kind: kind, place: place,
      summary: "the server gave no answer, not even to the request to stop",
      isInDoubt: leavesDoubt)
    for answer in answers { answer(error) }
  }
}
