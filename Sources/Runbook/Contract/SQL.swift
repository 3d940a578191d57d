/// A statement whose identifiers are quoted by the dialect and whose values are bound. Written by interpolation:
///
///     let statement: SQLStatement = "DELETE FROM \(identifier: table) WHERE guid = \(guid)"
public struct SQLStatement: Sendable, Hashable, ExpressibleByStringInterpolation {
  public enum Part: Sendable, Hashable {
    case text(String)
    case identifier(String)
    case table(TableName)
    /// What comes after it is said within this database, where a connection may be in another one.
    case within(database: String)
    case value(Value)
    /// A literal of the dialect, where the server takes no bound value.
    case literal(String)
    /// A literal whose text is had only when the statement goes out, and is never part of a message.
    case secret(SecretReference)
  }

  public let parts: [Part]

  public init(stringLiteral text: String) { parts = [.text(text)] }
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }
  /// For statements that are put together, as from a mapping of options.
  public init(parts: [Part]) { self.parts = parts }
  /// A statement that the runbook's author wrote, word for word, and which they said of this copy.
  public init(verbatim text: String, in copy: DatabaseCopy) {
    let within: SQLStatement = "\(within: copy)"
    parts = within.parts + [.text(text)]
  }

  public struct StringInterpolation: StringInterpolationProtocol {
    var parts: [Part] = []

    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ text: String) { parts.append(.text(text)) }
    public mutating func appendInterpolation(identifier: String) {
      parts.append(.identifier(identifier))
    }
    public mutating func appendInterpolation(table: TableName) { parts.append(.table(table)) }
    public mutating func appendInterpolation(within copy: DatabaseCopy) {
      if let server = copy.server { parts.append(.within(database: server.database)) }
    }
    public mutating func appendInterpolation(literal: String) { parts.append(.literal(literal)) }
    public mutating func appendInterpolation(secret: SecretReference) {
      parts.append(.secret(secret))
    }
    public mutating func appendInterpolation(_ value: Value) { parts.append(.value(value)) }
    public mutating func appendInterpolation(_ value: String) {
      parts.append(.value(.string(value)))
    }
    public mutating func appendInterpolation(_ value: Int) { parts.append(.value(.integer(value))) }
  }
}

/// A table, with what a server needs to know whose connections stay outside its databases.
public struct TableName: Sendable, Hashable {
  public let database: String
  public let schema: String
  public let name: String

  public init(database: String, schema: String, name: String) {
    self.database = database
    self.schema = schema
    self.name = name
  }
}

/// A row as the server returned it: columns in order.
public struct SQLRow: Sendable, Hashable {
  public let columns: [(name: String, value: Value)]

  public init(_ columns: [(name: String, value: Value)]) { self.columns = columns }

  public subscript(column: String) -> Value? { columns.first { $0.name == column }?.value }

  /// As a fact keeps it.
  public var value: Value {
    .mapping(
      Dictionary(columns.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
  }

  public static func == (left: SQLRow, right: SQLRow) -> Bool {
    left.columns.map(\.name) == right.columns.map(\.name)
      && left.columns.map(\.value) == right.columns.map(\.value)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

/// A transaction that the server itself holds to reading.
public protocol SQLReader {
  func query(_ statement: SQLStatement) throws -> [SQLRow]
}

/// A transaction that may change rows; in a session each statement is one by itself.
public protocol SQLWriter: SQLReader {
  /// Returns how many rows the statement touched.
  @discardableResult func execute(_ statement: SQLStatement) throws -> Int
  /// A query that changes something, by a function that does.
  @discardableResult func call(_ statement: SQLStatement) throws -> [SQLRow]
}

extension SQLWriter {
  @discardableResult public func call(_ statement: SQLStatement) throws -> [SQLRow] {
    try query(statement)
  }
}
