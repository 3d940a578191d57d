public import Foundation

extension JSON {
  /// The canonical bytes of RFC 8785 (JSON Canonicalization Scheme): members in the order of
  /// their keys' UTF-16 code units, numbers as ECMAScript writes them, the fewest escapes, UTF-8.
  ///
  /// Throws `JSONError` for what has no such form: NaN, infinities, integers beyond ±(2⁵³ − 1),
  /// and nesting deeper than `maximumDepth`.
  public var canonical: Data {
    get throws(JSONError) {
      var writer = CanonicalWriter()
      try writer.write(self, depth: 0)
      return Data(writer.bytes)
    }
  }
}

private struct CanonicalWriter {
  var bytes: [UInt8] = []

  mutating func write(_ value: JSON, depth: Int) throws(JSONError) {
    switch value {
    case .null: bytes += "null".utf8
    case .boolean(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): try write(integer: value)
    case .number(let value): try write(number: value)
    case .string(let value): write(string: value)
    case .array(let elements): try write(array: elements, depth: depth + 1)
    case .object(let members): try write(object: members, depth: depth + 1)
    }
  }

  private mutating func write(integer value: Int64) throws(JSONError) {
    guard JSON.exactIntegers.contains(value) else {
      throw JSONError(
        code: .numberOutOfRange,
        message:
          "\(value) is beyond ±(2^53 - 1), where JSON numbers become imprecise: use a string",
        offset: nil)
    }
    bytes += String(value).utf8
  }

  private mutating func write(number value: Double) throws(JSONError) {
    guard value.isFinite else {
      throw JSONError(
        code: .numberOutOfRange, message: "\(value) has no JSON form", offset: nil)
    }
    bytes += ECMAScriptNumber.text(value).utf8
  }

  private mutating func write(array elements: [JSON], depth: Int) throws(JSONError) {
    try check(depth: depth)
    bytes.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      try write(element, depth: depth)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private mutating func write(object members: [String: JSON], depth: Int) throws(JSONError) {
    try check(depth: depth)
    let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
    bytes.append(UInt8(ascii: "{"))
    for (index, member) in sorted.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      write(string: member.key)
      bytes.append(UInt8(ascii: ":"))
      try write(member.value, depth: depth)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  /// What could be written but not read back would make a journal that can't be verified.
  private func check(depth: Int) throws(JSONError) {
    guard depth <= JSON.maximumDepth else {
      throw JSONError(
        code: .tooDeep, message: "nested deeper than \(JSON.maximumDepth) levels", offset: nil)
    }
  }

  private mutating func write(string: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 { write(stringByte: byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func write(stringByte byte: UInt8) {
    switch byte {
    case 0x08: bytes += "\\b".utf8
    case 0x09: bytes += "\\t".utf8
    case 0x0A: bytes += "\\n".utf8
    case 0x0C: bytes += "\\f".utf8
    case 0x0D: bytes += "\\r".utf8
    case UInt8(ascii: "\""): bytes += "\\\"".utf8
    case UInt8(ascii: "\\"): bytes += "\\\\".utf8
    case 0x00..<0x20:
      bytes += "\\u00".utf8
      bytes += Hex.digits(of: [byte]).utf8
    default: bytes.append(byte)
    }
  }
}
