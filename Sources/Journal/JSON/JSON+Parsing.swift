public import Foundation

extension JSON {
  /// Reads one JSON text (RFC 8259), strictly: nothing that two readers could understand differently.
  ///
  /// Refused are duplicate keys (also keys that differ only in Unicode normalisation), invalid
  /// UTF-8, lone surrogates, a byte order mark, numbers that a double can't hold (infinite,
  /// vanishing, integers that would change), nesting deeper than `maximumDepth`, anything after
  /// the value.
  public init(parsing text: Data) throws(JSONError) {
    var parser = JSONParser(text: [UInt8](text))
    self = try parser.parseText()
  }
}

struct JSONParser {
  let text: [UInt8]
  var position = 0

  init(text: [UInt8]) {
    self.text = text
  }

  mutating func parseText() throws(JSONError) -> JSON {
    let value = try parseValue(depth: 0)
    skipWhitespace()
    guard position == text.count else { throw malformed("there is something after the value") }
    return value
  }

  private mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
    skipWhitespace()
    guard let next else { throw malformed("the text ends where a value is expected") }
    switch next {
    case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
    case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    case UInt8(ascii: "t"): return try parse(word: "true", as: .boolean(true))
    case UInt8(ascii: "f"): return try parse(word: "false", as: .boolean(false))
    case UInt8(ascii: "n"): return try parse(word: "null", as: .null)
    default: throw malformed("no value starts like this")
    }
  }

  private mutating func parse(word: String, as value: JSON) throws(JSONError) -> JSON {
    guard text[position...].starts(with: word.utf8) else {
      throw malformed("no value starts like this")
    }
    position += word.utf8.count
    return value
  }

  private mutating func parseArray(depth: Int) throws(JSONError) -> JSON {
    try check(depth: depth)
    position += 1
    skipWhitespace()
    if skip("]") { return .array([]) }
    var elements: [JSON] = []
    while true {
      elements.append(try parseValue(depth: depth))
      skipWhitespace()
      if skip("]") { return .array(elements) }
      guard skip(",") else { throw malformed("\",\" or \"]\" is expected") }
    }
  }

  private mutating func parseObject(depth: Int) throws(JSONError) -> JSON {
    try check(depth: depth)
    position += 1
    skipWhitespace()
    if skip("}") { return .object([:]) }
    var members: [String: JSON] = [:]
    while true {
      try parseMember(into: &members, depth: depth)
      skipWhitespace()
      if skip("}") { return .object(members) }
      guard skip(",") else { throw malformed("\",\" or \"}\" is expected") }
    }
  }

  private mutating func parseMember(
    into members: inout [String: JSON], depth: Int
  ) throws(JSONError) {
    skipWhitespace()
    guard next == UInt8(ascii: "\"") else { throw malformed("a key in quotes is expected") }
    let start = position
    let key = try parseString()
    guard members[key] == nil else {
      position = start
      throw malformed("the key \"\(key)\" occurs twice")
    }
    skipWhitespace()
    guard skip(":") else { throw malformed("\":\" is expected after the key \"\(key)\"") }
    members[key] = try parseValue(depth: depth)
  }

  private func check(depth: Int) throws(JSONError) {
    guard depth <= JSON.maximumDepth else {
      throw JSONError(
        code: .tooDeep, message: "nested deeper than \(JSON.maximumDepth) levels", offset: position)
    }
  }
}

extension JSONParser {
  /// The byte at the position; nil at the end.
  var next: UInt8? { position < text.count ? text[position] : nil }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func skipWhitespace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  func malformed(_ message: String) -> JSONError {
    JSONError(code: .malformed, message: message, offset: position)
  }
}
