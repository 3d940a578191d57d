import CODBC

/// Values at fixed places in memory, where the driver finds them while the statement runs.
final class BoundParameters {
  private var buffers: [UnsafeMutableRawPointer] = []

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }

  /// Binds `values` to the statement's `?`s in order; returns the driver's code if one is refused.
  func bind(_ values: [ODBCValue], to statement: SQLHSTMT?) -> SQLRETURN {
    for (index, value) in values.enumerated() {
      let code = bind(value, SQLUSMALLINT(index + 1), statement)
      guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else { return code }
    }
    return SQLRETURN(SQL_SUCCESS)
  }

  private func bind(_ value: ODBCValue, _ number: SQLUSMALLINT, _ statement: SQLHSTMT?) -> SQLRETURN
  {
    switch value {
    case .null:
      bind(
        number, statement, SQL_C_WCHAR, SQL_WVARCHAR, size: 1, copy([SQLWCHAR(0)]), SQL_NULL_DATA)
    case .boolean(let flag):
      bind(number, statement, SQL_C_BIT, SQL_BIT, size: 1, copy([SQLCHAR(flag ? 1 : 0)]), 1)
    case .integer(let integer):
      bind(number, statement, SQL_C_SBIGINT, SQL_BIGINT, size: 19, copy([Int64(integer)]), 8)
    case .string(let text):
      bindText(Array(text.utf16), number, statement)
    }
  }

  private func bindText(_ units: [SQLWCHAR], _ number: SQLUSMALLINT, _ statement: SQLHSTMT?)
    -> SQLRETURN
  {
    // Beyond this a plain VARCHAR may be refused.
    let type = units.count > 4000 ? SQL_WLONGVARCHAR : SQL_WVARCHAR
    return bind(
      number, statement, SQL_C_WCHAR, type, size: max(1, units.count), copy(units + [0]),
      Int32(units.count * MemoryLayout<SQLWCHAR>.size))
  }

  private func bind(
    _ number: SQLUSMALLINT, _ statement: SQLHSTMT?, _ cType: Int32, _ sqlType: Int32, size: Int,
    _ buffer: UnsafeMutableRawPointer, _ length: Int32
  ) -> SQLRETURN {
    let indicator = copy([SQLLEN(length)]).assumingMemoryBound(to: SQLLEN.self)
    return SQLBindParameter(
      statement, number, SQLSMALLINT(SQL_PARAM_INPUT), SQLSMALLINT(cType), SQLSMALLINT(sqlType),
      SQLULEN(size), 0, buffer, SQLLEN(max(0, length)), indicator)
  }

  private func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutableRawPointer {
    let buffer = UnsafeMutableRawPointer.allocate(
      byteCount: elements.count * MemoryLayout<Element>.stride,
      alignment: MemoryLayout<Element>.alignment)
    elements.withUnsafeBytes { buffer.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    buffers.append(buffer)
    return buffer
  }
}
