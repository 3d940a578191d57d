extension JSONParser {
  // MARK: Numbers

  /// RFC 8259 §6: `[ minus ] int [ frac ] [ exp ]`.
  mutating func parseNumber() throws(JSONError) -> JSON {
    let start = position
    _ = skip("-")
    try parseIntegerPart()
    let isWhole = try parseFractionAndExponent() == false
    let token = String(decoding: text[start..<position], as: UTF8.self)
    if isWhole, let value = Int64(token), JSON.exactIntegers.contains(value) {
      return .integer(value)
    }
    return .number(try double(token, isWhole: isWhole, start: start))
  }

  private mutating func parseIntegerPart() throws(JSONError) {
    if skip("0") {
      guard !isDigit(next) else { throw malformed("a number can't start with a zero") }
    } else {
      try parseDigits()
    }
  }

  /// Answers whether there was any fraction or exponent.
  private mutating func parseFractionAndExponent() throws(JSONError) -> Bool {
    let start = position
    if skip(".") { try parseDigits() }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      try parseDigits()
    }
    return position > start
  }

  private mutating func parseDigits() throws(JSONError) {
    guard isDigit(next) else { throw malformed("a digit is expected") }
    while isDigit(next) { position += 1 }
  }

  private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private func double(_ token: String, isWhole: Bool, start: Int) throws(JSONError) -> Double {
    let mantissa = token.prefix { $0 != "e" && $0 != "E" }
    let isZero = mantissa.allSatisfy { $0 == "0" || $0 == "." || $0 == "-" }
    guard let value = Double(token), value.isFinite, (value == 0) == isZero else {
      throw outOfRange("\(token.prefix(40)) is beyond what a double can hold", start)
    }
    // A large integer is welcome only in the form that it would be written in: anything else
    // would silently change in being read.
    guard !isWhole || isZero || ECMAScriptNumber.text(value) == token else {
      throw outOfRange("the integer \(token.prefix(40)) can't be held exactly", start)
    }
    return value
  }

  private func outOfRange(_ message: String, _ offset: Int) -> JSONError {
    JSONError(code: .numberOutOfRange, message: message, offset: offset)
  }

  // MARK: Strings

  mutating func parseString() throws(JSONError) -> String {
    let start = position
    position += 1
    var bytes: [UInt8] = []
    while true {
      guard let byte = next else { throw malformed("the text ends inside a string") }
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return try validated(bytes, start: start)
      case UInt8(ascii: "\\"):
        bytes.append(contentsOf: String(try parseEscape()).utf8)
      case 0x00..<0x20:
        throw malformed("a control character in a string must be escaped")
      default:
        bytes.append(byte)
        position += 1
      }
    }
  }

  private func validated(_ bytes: [UInt8], start: Int) throws(JSONError) -> String {
    guard let string = String(validating: bytes, as: UTF8.self) else {
      throw JSONError(
        code: .malformed, message: "the string that starts here is not UTF-8", offset: start)
    }
    return string
  }

  private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
    position += 1
    guard let byte = next else { throw malformed("the text ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "t"): return "\u{09}"
    case UInt8(ascii: "n"): return "\u{0A}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "r"): return "\u{0D}"
    case UInt8(ascii: "u"): return try parseUnicodeEscape()
    default:
      position -= 1
      throw malformed("there is no such escape")
    }
  }

  private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let first = try parseCodeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard UTF16.isLeadSurrogate(first), skip("\\"), skip("u") else {
      throw malformed("a lone surrogate stands for no character")
    }
    let second = try parseCodeUnit()
    guard UTF16.isTrailSurrogate(second) else {
      throw malformed("a lone surrogate stands for no character")
    }
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  private mutating func parseCodeUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Hex.value(ofDigit: byte) else {
        throw malformed("four hexadecimal digits are expected after \\u")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}
