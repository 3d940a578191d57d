import CODBC

/// Reads the rows of an executed statement, column by column. A code that is no success ends the reading; the caller knows
/// the statement's diagnostics.
struct ResultReader {
  struct Refusal: Error { let code: SQLRETURN }

  private struct Column {
    let name: String
    let type: Int32
  }

  let statement: SQLHSTMT?

  var columnCount: Int {
    get throws {
      var count: SQLSMALLINT = 0
      try check(SQLNumResultCols(statement, &count))
      return Int(count)
    }
  }

  func rows() throws -> [ODBCRow] {
    let columns = try (0..<columnCount).map { try column(SQLUSMALLINT($0 + 1)) }
    let names = columns.map(\.name)
    var rows: [ODBCRow] = []
    while true {
      let code = SQLFetch(statement)
      if code == SQL_NO_DATA { return rows }
      try check(code)
      let values = try columns.enumerated().map {
        try value(SQLUSMALLINT($0.offset + 1), $0.element.type)
      }
      rows.append(ODBCRow(names: names, values: values))
    }
  }

  private func column(_ number: SQLUSMALLINT) throws -> Column {
    var name = [SQLWCHAR](repeating: 0, count: 512)
    var length: SQLSMALLINT = 0
    var type: SQLSMALLINT = 0
    var size: SQLULEN = 0
    var digits: SQLSMALLINT = 0
    var nullable: SQLSMALLINT = 0
    try check(
      SQLDescribeColW(
        statement, number, &name, SQLSMALLINT(name.count), &length, &type, &size, &digits, &nullable
      ))
    let units = name.prefix(min(Int(length), name.count - 1))
    return Column(name: String(decoding: units, as: UTF16.self), type: Int32(type))
  }

  private func value(_ column: SQLUSMALLINT, _ type: Int32) throws -> ODBCValue {
    switch type {
    case SQL_BIT: try fixed(column, SQL_C_BIT, UInt8(0)).map { .boolean($0 != 0) } ?? .null
    case SQL_TINYINT, SQL_SMALLINT, SQL_INTEGER:
      try fixed(column, SQL_C_SBIGINT, Int64(0)).map { .integer(Int($0)) } ?? .null
    case SQL_BIGINT: try bigInteger(column)
    case SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY:
      try pieces(column, SQL_C_BINARY, UInt8.self).map { .string(hexadecimal($0)) } ?? .null
    default: try text(column).map { .string($0) } ?? .null
    }
  }

  /// An unsigned one may be beyond `Int`: then it stays text.
  private func bigInteger(_ column: SQLUSMALLINT) throws -> ODBCValue {
    guard let text = try text(column) else { return .null }
    return Int(text).map { .integer($0) } ?? .string(text)
  }

  private func text(_ column: SQLUSMALLINT) throws -> String? {
    try pieces(column, SQL_C_WCHAR, SQLWCHAR.self).map { String(decoding: $0, as: UTF16.self) }
  }

  private func fixed<Number: BitwiseCopyable>(
    _ column: SQLUSMALLINT, _ type: Int32, _ zero: Number
  ) throws -> Number? {
    var number = zero
    var indicator: SQLLEN = 0
    try check(
      SQLGetData(
        statement, column, SQLSMALLINT(type), &number, SQLLEN(MemoryLayout<Number>.size), &indicator
      ))
    return indicator == SQL_NULL_DATA ? nil : number
  }

  /// A value of any length. The driver returns "with info" as long as there is more than the buffer holds.
  private func pieces<Unit: FixedWidthInteger & BitwiseCopyable>(
    _ column: SQLUSMALLINT, _ type: Int32, _ unit: Unit.Type
  ) throws -> [Unit]? {
    var whole: [Unit] = []
    var buffer = [Unit](repeating: 0, count: 4096)
    // Text ends with a zero in the buffer, bytes don't.
    let room = type == SQL_C_WCHAR ? buffer.count - 1 : buffer.count
    let size = MemoryLayout<Unit>.size
    while true {
      var indicator: SQLLEN = 0
      let code = SQLGetData(
        statement, column, SQLSMALLINT(type), &buffer, SQLLEN(buffer.count * size), &indicator)
      if code == SQL_NO_DATA { return whole }
      try check(code)
      if indicator == SQL_NULL_DATA { return nil }
      let left = indicator == SQL_NO_TOTAL ? Int.max : Int(indicator) / size
      whole += buffer.prefix(min(left, room))
      if left <= room { return whole }
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return "\\x" + String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  private func check(_ code: SQLRETURN) throws {
    guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else { throw Refusal(code: code) }
  }
}
