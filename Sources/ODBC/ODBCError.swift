/// What a driver or server reported: one diagnostic record.
/// https://learn.microsoft.com/sql/odbc/reference/develop-app/diagnostic-records
public struct ODBCDiagnostic: Sendable, Hashable {
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
}
