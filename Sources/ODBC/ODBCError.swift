/// What a driver or server reported: one diagnostic record.
/// https://learn.microsoft.com/sql/odbc/reference/develop-app/diagnostic-records
public struct ODBCDiagnostic: Sendable, Hashable, CustomStringConvertible {
  /// SQLSTATE, five characters.
  public let state: String
  /// The server's own number.
  public let nativeError: Int
  public let message: String

  public init(state: String, nativeError: Int, message: String) {
    self.state = state
    self.nativeError = nativeError
    self.message = message
  }

  public var description: String { "\(message) [\(state), \(nativeError)]" }
}

/// What went wrong with a database, in terms that a caller can act on. It never holds a statement, a bound value or a
/// connection string.
public struct ODBCError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure. The raw values are stable.
  public enum Kind: String, Sendable, Hashable {
    /// This machine can't speak to that kind of server: the driver is missing or can't be loaded.
    case driverMissing = "driver_missing"
    /// No connection came about: nobody listens, or the name is unknown.
    case unreachable
    case timedOut = "timed_out"
    case authentication
    /// The server's certificate isn't the expected one, or it offers no encryption.
    case encryption
    /// The server understood, and said no.
    case refused
    /// The connection broke while a statement was under way, or before it.
    case connectionLost = "connection_lost"
    case cancelled
    /// The call can't be sent as it is: text with a NUL, or a connection that has ended.
    case invalidCall = "invalid_call"
  }

  public let kind: Kind
  /// `server:port/database`.
  public let place: String
  /// Whose numbers the diagnostics hold, where a server has said something.
  public let server: ODBCSettings.Server?
  /// What happened, in one sentence.
  public let summary: String
  /// All that driver and server said, in their order.
  public let diagnostics: [ODBCDiagnostic]
  /// Whether the server may have done the statement nevertheless: nobody knows before looking again.
  public let isInDoubt: Bool

  public init(
    kind: Kind, place: String, server: ODBCSettings.Server? = nil, summary: String,
    diagnostics: [ODBCDiagnostic] = [], isInDoubt: Bool = false
  ) {
    self.kind = kind
    self.place = place
    self.server = server
    self.summary = summary
    self.diagnostics = diagnostics
    self.isInDoubt = isInDoubt
  }

  /// The first SQLSTATE, if there is one.
  public var state: String? { diagnostics.first?.state }

  public var description: String {
    let words = diagnostics.map(\.description).joined(separator: "; ")
    let doubt = isInDoubt ? " (it may have been done nevertheless)" : ""
    return "\(place): \(summary)\(doubt)" + (words.isEmpty ? "" : ": \(words)")
  }
}
