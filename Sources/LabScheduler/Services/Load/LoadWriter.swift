import Dispatch
import ODBC
import Synchronization

/// Writes one row per interval to the copy that took the last one, and goes over to another as soon as that one fails.
///
/// Each copy is connected to on the side, again and again: a dead host, on which connecting hangs, must not keep the writer
/// from finding the new primary.
struct LoadWriter {
  private let copies: [LoadCopy]
  private let account: LoadAccount

  init(_ settings: DatabaseSettings, account: LoadAccount) {
    self.account = account
    copies = settings.copies.map { copy in
      LoadCopy(
        name: "\(copy.host):\(copy.port)", kind: settings.kind,
        settings: settings.connection(
          to: copy, connectTimeout: .seconds(1), statementTimeout: .milliseconds(500),
          grace: .milliseconds(100)))
    }
  }

  func run(every interval: Interval, until stop: StopSignal) throws {
    var number = account.lastNumber
    var present = 0
    var next = Clock.uptimeMilliseconds
    repeat {
      for copy in copies { copy.connectIfNeeded() }
      present = firstReachable(from: present)
      number = max(number, copies[present].highestNumber) + 1
      let attempt = attempt(number, copies[present])
      try account.append(attempt)
      if !attempt.acknowledged { present = (present + 1) % copies.count }
      // Attempts that an outage has swallowed are not made up.
      next = max(next + interval.milliseconds, Clock.uptimeMilliseconds)
    } while !stop.arrives(within: max(0, next - Clock.uptimeMilliseconds))
  }

  /// The copy at `index` or the next one that has a connection; the one at `index` when there is none.
  private func firstReachable(from index: Int) -> Int {
    let order = copies.indices.map { (index + $0) % copies.count }
    return order.first { copies[$0].isConnected } ?? index
  }

  private func attempt(_ number: Int, _ copy: LoadCopy) -> LoadAttempt {
    let startedAt = Clock.now
    let startedUptime = Clock.uptimeMilliseconds
    let isConnected = copy.isConnected
    let result = copy.write(number, at: startedAt)
    return LoadAttempt(
      number: number, copy: isConnected ? copy.name : nil, startedAt: startedAt, endedAt: Clock.now,
      startedUptimeMs: startedUptime,
      endedUptimeMs: Clock.uptimeMilliseconds, acknowledged: result == nil,
      inDoubt: result?.isInDoubt ?? false, error: result?.description)
  }
}

/// One copy of the database, and the connection to it while there is one.
private final class LoadCopy: Sendable {
  let name: String
  private let kind: DatabaseKind
  private let settings: ODBCSettings
  private let state = Mutex(State())

  private struct State {
    var connection: ODBCConnection?
    var isConnecting = false
    /// Of the rows that were there when the connection was made.
    var highestNumber = 0
    var lastError: ODBCError?
  }

  init(name: String, kind: DatabaseKind, settings: ODBCSettings) {
    self.name = name
    self.kind = kind
    self.settings = settings
  }

  var isConnected: Bool { state.withLock { $0.connection != nil } }
  var highestNumber: Int { state.withLock { $0.highestNumber } }

  func connectIfNeeded() {
    let isNeeded = state.withLock { state in
      guard state.connection == nil, !state.isConnecting else { return false }
      state.isConnecting = true
      return true
    }
    guard isNeeded else { return }
    DispatchQueue(label: "load.connect").async { [self] in
      let result = Result { try connect() }
      state.withLock { state in
        state.isConnecting = false
        switch result {
        case .success(let (connection, highestNumber)):
          state.connection = connection
          state.highestNumber = max(state.highestNumber, highestNumber)
        case .failure(let error): state.lastError = error as? ODBCError
        }
      }
    }
  }

  private func connect() throws -> (ODBCConnection, Int) {
    let connection = try ODBCConnection.openAndWait(settings)
    let table = NetworkedSchema.loadTable(kind)
    let highest = try connection.performAndWait {
      try $0.query("SELECT max(number) AS highest FROM \(table)").first?["highest"]
    }
    guard case .integer(let number)? = highest else { return (connection, 0) }
    return (connection, number)
  }

  /// The error that kept the row away, or nil when the server has acknowledged it.
  func write(_ number: Int, at time: Timestamp) -> ODBCError? {
    let (connection, lastError) = state.withLock { ($0.connection, $0.lastError) }
    guard let connection else {
      return lastError
        ?? ODBCError(kind: .unreachable, place: name, summary: "not connected yet")
    }
    let sql =
      "INSERT INTO \(NetworkedSchema.loadTable(kind)) (number, written_at) VALUES (?, ?)"
    do {
      try connection.performAndWait {
        _ = try $0.execute(sql, [.integer(number), .string(time.description)])
      }
      return nil
    } catch let error as ODBCError {
      // A refusal comes over a sound connection: this copy may become the primary in the next moment.
      if error.kind != .refused { state.withLock { $0.connection = nil } }
      return error
    } catch {
      return ODBCError(kind: .invalidCall, place: name, summary: "\(error)")
    }
  }
}
