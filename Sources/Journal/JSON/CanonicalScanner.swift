/// Sees in one pass, without building anything, that bytes are canonical JSON of the plain kind that nearly all entries
/// are. What it accepts, `JSON(parsing:)` accepts too, and writes the same; what it doesn't accept may be canonical all
/// the same, and is to be read in full.
struct CanonicalScanner {
  private let text: UnsafeBufferPointer<UInt8>
  private(set) var position = 0

  init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

  var isAtEnd: Bool { position == text.count }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Skips exactly these characters.
  mutating func skip(literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard position + count <= text.count else { return false }
    for offset in 0..<count where text[position + offset] != literal.utf8Start[offset] {
      return false
    }
    position += count
    return true
  }

  /// `depth`: how many arrays and objects the value is in.
  mutating func skipValue(depth: Int) -> Bool {
    switch next {
    case UInt8(ascii: "{"): skipObject(depth: depth + 1)
    case UInt8(ascii: "["): skipArray(depth: depth + 1)
    case UInt8(ascii: "\""): skipString() != nil
    case UInt8(ascii: "t"): skip(literal: "true")
    case UInt8(ascii: "f"): skip(literal: "false")
    case UInt8(ascii: "n"): skip(literal: "null")
    default: skipInteger() != nil
    }
  }

  private mutating func skipArray(depth: Int) -> Bool {
    guard depth <= JSON.maximumDepth else { return false }
    position += 1
    if skip("]") { return true }
    repeat {
      guard skipValue(depth: depth) else { return false }
    } while skip(",")
    return skip("]")
  }

  private mutating func skipObject(depth: Int) -> Bool {
    guard depth <= JSON.maximumDepth else { return false }
    position += 1
    if skip("}") { return true }
    var last: Range<Int>?
    repeat {
      guard let key = skipString(), isPlain(key), isAfter(last, key), skip(":"),
        skipValue(depth: depth)
      else { return false }
      last = key
    } while skip(",")
    return skip("}")
  }

  /// An escaped key is sorted by what it stands for.
  private func isPlain(_ key: Range<Int>) -> Bool {
    !text[key].contains(UInt8(ascii: "\\"))
  }

  /// Keys rise strictly. ASCII rises in UTF-16 as it does in bytes, and no two texts of it are the same to Unicode.
  private func isAfter(_ last: Range<Int>?, _ key: Range<Int>) -> Bool {
    guard let last else { return true }
    return text[last].lexicographicallyPrecedes(text[key])
  }

  /// Where the characters of a string are, as they are written. Nil at whatever isn't ASCII, and at the rarer escapes.
  mutating func skipString() -> Range<Int>? {
    guard skip("\"") else { return nil }
    let start = position
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return start..<(position - 1)
      case UInt8(ascii: "\\"):
        guard skip("\"") || skip("\\") || skip("n") else { return nil }
      case 0x20..<0x80: continue
      default: return nil
      }
    }
    return nil
  }

  /// Whole numbers of up to 15 digits: every such number is written so.
  mutating func skipInteger() -> Int64? {
    let isNegative = skip("-")
    var value: Int64 = 0
    let start = position
    while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte, position - start < 16 {
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      position += 1
    }
    let count = position - start
    let hasLeadingZero = count > 0 && text[start] == UInt8(ascii: "0")
    guard (1...15).contains(count), !hasLeadingZero || (count == 1 && !isNegative) else {
      return nil
    }
    // A fraction or an exponent follows: that is written in more ways than one.
    if let byte = next, ".eE".utf8.contains(byte) { return nil }
    return isNegative ? -value : value
  }
}
