/// What the scheduler's tables hold.
enum StoreValue: Equatable, Sendable {
  case null
  case integer(Int)
  case string(String)
}

struct StoreRow: Sendable {
  let names: [String]
  let values: [StoreValue]

  subscript(column: String) -> StoreValue? {
    names.firstIndex(of: column).map { values[$0] }
  }
}

/// Where the scheduler's tables are. The services work on any: what they may do is decided within a transaction, by what that
/// transaction has read.
protocol SchedulerStore: Sendable {
  /// How long a service waits before it looks again, in milliseconds.
  var pollingInterval: Int64 { get }

  /// For looking only. What it has read may be otherwise in the next moment.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreTransaction) throws -> Value
  ) throws -> Value

  /// A transaction in which nobody else changes who is in control: what it has read is still so when it commits.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreTransaction) throws -> Value
  ) throws -> Value

  /// Looks whether the database is sound; one line that says how it was found.
  func check() throws -> String
}

/// Statements in one transaction. Their values stand for the `?`s, in order.
protocol StoreTransaction {
  /// The table's name as a statement has it: quoted where the server would change its capital.
  var failoverTable: String { get }

  func query(_ sql: String, _ values: [StoreValue]) throws -> [StoreRow]
  func execute(_ sql: String, _ values: [StoreValue]) throws

  /// Why nobody may write to this copy now; nil when it is the primary.
  func reasonNotToWrite() throws -> String?
}

extension StoreTransaction {
  func query(_ sql: String) throws -> [StoreRow] { try query(sql, []) }

  /// The first column of the first row, if that is a number.
  func integer(_ sql: String, _ values: [StoreValue] = []) throws -> Int? {
    guard case .integer(let number)? = try query(sql, values).first?.values.first else {
      return nil
    }
    return number
  }
}

extension StoreRow {
  func text(_ column: String) throws -> String {
    guard case .string(let text)? = self[column] else { throw unexpected(column) }
    return text
  }

  func integer(_ column: String) throws -> Int {
    guard case .integer(let number)? = self[column] else { throw unexpected(column) }
    return number
  }

  func time(_ column: String) throws -> Timestamp {
    guard let time = Timestamp(try text(column)) else { throw unexpected(column) }
    return time
  }

  private func unexpected(_ column: String) -> LabError {
    LabError(.failed, "the column \(column) doesn't hold what it should")
  }
}

extension Timestamp {
  var storeValue: StoreValue { .string(description) }
}
