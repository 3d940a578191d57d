/// Bytes of a text, and what they say once an encoding is undone: `%41` and `\u0041` both say `A`. Each byte knows where it
/// comes from, so that what is found in a decoded text is found in the text as it stands.
struct DecodedText: Sendable {
  let bytes: [UInt8]
  /// What of the original each byte stands for; nil when nothing was decoded.
  private let origins: [Range<Int>]?

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    origins = nil
  }

  private init(_ bytes: [UInt8], origins: [Range<Int>]) {
    self.bytes = bytes
    self.origins = origins
  }

  /// Of a range that isn't empty.
  func origin(of range: Range<Int>) -> Range<Int> {
    guard let origins else { return range }
    return origins[range.lowerBound].lowerBound..<origins[range.upperBound - 1].upperBound
  }

  /// The text, and every text that is had by undoing one or two encodings, each also without line breaks: base64 is often
  /// wrapped.
  var readings: [DecodedText] {
    let once = [self] + Encoding.allCases.compactMap(undoing)
    let twice = once.dropFirst().flatMap { text in Encoding.allCases.compactMap(text.undoing) }
    let all = once + twice
    return all + all.compactMap { $0.unwrapped() }
  }

  private enum Encoding: CaseIterable {
    case percent, form, json, html

    /// What an escape begins with; without the first there is nothing to undo.
    var marks: [UInt8] {
      switch self {
      case .percent: Array("%".utf8)
      case .form: Array("+%".utf8)
      case .json: Array("\\".utf8)
      case .html: Array("&".utf8)
      }
    }
  }

  /// Nil when there is nothing to undo.
  private func undoing(_ encoding: Encoding) -> DecodedText? {
    guard bytes.place(of: encoding.marks[0], from: 0) != nil else { return nil }
    return decoding(encoding.marks) { rest in
      switch encoding {
      case .percent: Self.percent(rest)
      case .form: rest.first == UInt8(ascii: "+") ? ([0x20], 1) : Self.percent(rest)
      case .json: Self.json(rest)
      case .html: Self.html(rest)
      }
    }
  }

  private func unwrapped() -> DecodedText? {
    let breaks: [UInt8] = [0x0A, 0x0D]
    guard breaks.contains(where: { bytes.place(of: $0, from: 0) != nil }) else { return nil }
    return decoding(breaks) { _ in ([], 1) }
  }

  /// `decode` gives the bytes that the beginning of the rest, one of `marks`, stands for, and how much of it that is; nil:
  /// for itself.
  private func decoding(
    _ marks: [UInt8], _ decode: (ArraySlice<UInt8>) -> (bytes: [UInt8], length: Int)?
  ) -> DecodedText {
    var decoded: [UInt8] = []
    var places: [Range<Int>] = []
    decoded.reserveCapacity(bytes.count)
    places.reserveCapacity(bytes.count)
    var next = marks.map { bytes.place(of: $0, from: 0) ?? bytes.count }
    var index = 0
    while index < bytes.count {
      for place in next.indices where next[place] < index {
        next[place] = bytes.place(of: marks[place], from: index) ?? bytes.count
      }
      let mark = next.min() ?? bytes.count
      decoded += bytes[index..<mark]
      places += origins.map { Array($0[index..<mark]) } ?? (index..<mark).map { $0..<($0 + 1) }
      guard mark < bytes.count else { break }
      let (piece, length) = decode(bytes[mark...]) ?? ([bytes[mark]], 1)
      decoded += piece
      places += piece.map { _ in origin(of: mark..<(mark + length)) }
      index = mark + length
    }
    return DecodedText(decoded, origins: places)
  }

  // MARK: - Encodings

  private static func percent(_ rest: ArraySlice<UInt8>) -> ([UInt8], Int)? {
    guard rest.first == UInt8(ascii: "%"), let byte = number(rest.dropFirst().prefix(2), 2, 16)
    else { return nil }
    return ([UInt8(byte)], 3)
  }

  private static func json(_ rest: ArraySlice<UInt8>) -> ([UInt8], Int)? {
    guard rest.first == UInt8(ascii: "\\"), let letter = rest.dropFirst().first else { return nil }
    switch letter {
    case UInt8(ascii: "u"): return unicode(rest)
    case UInt8(ascii: "n"): return ([0x0A], 2)
    case UInt8(ascii: "r"): return ([0x0D], 2)
    case UInt8(ascii: "t"): return ([0x09], 2)
    case UInt8(ascii: "b"): return ([0x08], 2)
    case UInt8(ascii: "f"): return ([0x0C], 2)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return ([letter], 2)
    default: return nil
    }
  }

  /// `\u0041`, or two of them for one character beyond the first plane.
  private static func unicode(_ rest: ArraySlice<UInt8>) -> ([UInt8], Int)? {
    guard let first = number(rest.dropFirst(2).prefix(4), 4, 16) else { return nil }
    if let scalar = Unicode.Scalar(first) { return (Array(String(scalar).utf8), 6) }
    let second = rest.dropFirst(6)
    guard second.starts(with: Array("\\u".utf8)),
      let low = number(second.dropFirst(2).prefix(4), 4, 16), (0xD800...0xDBFF).contains(first),
      (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (low - 0xDC00))
    else { return nil }
    return (Array(String(scalar).utf8), 12)
  }

  /// Where an escape begins that the end of a text cuts in two; nil when none does.
  static func halfEscape(atEndOf bytes: [UInt8]) -> Int? {
    let from = max(0, bytes.count - longestEntity - 2)
    let marks = Set("%\\&".utf8)
    guard var start = bytes[from...].lastIndex(where: marks.contains) else { return nil }
    if let pair = highSurrogate(before: start, in: bytes), json(bytes[pair...]) == nil {
      start = pair
    }
    let rest = bytes[start...]
    let isWhole = [percent, json, html].contains { $0(rest) != nil }
    let isShort =
      switch rest[start] {
      case UInt8(ascii: "%"): rest.count < 3
      // Beyond the first plane it takes two escapes: one alone says nothing.
      case UInt8(ascii: "\\"): rest.count < 2 || rest.dropFirst().first == UInt8(ascii: "u")
      default: !rest.contains(UInt8(ascii: ";"))
      }
    return isShort && !isWhole ? start : nil
  }

  /// Where the first of two escapes begins whose second begins at `start`.
  private static func highSurrogate(before start: Int, in bytes: [UInt8]) -> Int? {
    guard start >= 6, bytes[start - 6] == UInt8(ascii: "\\"),
      bytes[start - 5] == UInt8(ascii: "u"),
      let unit = number(bytes[(start - 4)..<start], 4, 16), (0xD800...0xDBFF).contains(unit)
    else { return nil }
    return start - 6
  }

  private static let longestEntity = 10
  private static let entities: [String: String] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
  ]

  private static func html(_ rest: ArraySlice<UInt8>) -> ([UInt8], Int)? {
    guard rest.first == UInt8(ascii: "&") else { return nil }
    let name = rest.dropFirst().prefix(longestEntity).prefix { $0 != UInt8(ascii: ";") }
    guard rest.dropFirst(1 + name.count).first == UInt8(ascii: ";") else { return nil }
    let length = name.count + 2
    if let text = entities[String(decoding: name, as: UTF8.self)] {
      return (Array(text.utf8), length)
    }
    guard name.first == UInt8(ascii: "#") else { return nil }
    let digits = name.dropFirst()
    let isHex = digits.first == UInt8(ascii: "x") || digits.first == UInt8(ascii: "X")
    let code = isHex ? digits.dropFirst() : digits
    guard let value = number(code, code.count, isHex ? 16 : 10), let scalar = Unicode.Scalar(value)
    else { return nil }
    return (Array(String(scalar).utf8), length)
  }

  /// Exactly `count` digits.
  private static func number(_ digits: ArraySlice<UInt8>, _ count: Int, _ radix: Int) -> UInt32? {
    guard count > 0, digits.count == count, digits.first != UInt8(ascii: "+") else { return nil }
    return UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
  }
}
