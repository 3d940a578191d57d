/// A value that is bound to a statement's `?`, or a column of a row.
public enum ODBCValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int)
  /// Text, and anything else in the server's text form. Bytes are `\x` and hexadecimal digits.
  ///
  /// A time with a zone loses its zone in the PostgreSQL driver: cast it to text in the statement.
  case string(String)
}

/// A row as the server returned it: columns in order.
public struct ODBCRow: Sendable, Hashable {
  public let names: [String]
  public let values: [ODBCValue]

  public init(names: [String], values: [ODBCValue]) {
    self.names = names
    self.values = values
  }

  /// The first column of that name.
  public subscript(name: String) -> ODBCValue? {
    names.firstIndex(of: name).map { values[$0] }
  }
}
