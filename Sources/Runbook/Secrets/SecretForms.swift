import Foundation

/// How a secret looks in a text: as it is, and as base64 and hexadecimal digits. The forms that undoing an encoding leads
/// back to (URL, JSON, HTML) are found by `DecodedText`.
public struct SecretForms: Sendable {
  /// A shorter one would be found everywhere, and blotting it out would hide the text and show the secret.
  public static let shortest = 4
  /// What is a part of a secret, as one line of a key, is only looked for from this length on.
  private static let shortestPart = 8

  public let reference: SecretReference
  /// The secret, and those of its parts that are secrets by themselves.
  let texts: [[UInt8]]
  var needles: [[UInt8]]

  /// Nil when the secret is too short to be looked for.
  public init?(_ secret: Secret, of reference: SecretReference) {
    let whole = secret.reveal()
    guard whole.utf8.count >= Self.shortest else { return nil }
    self.reference = reference
    var seen: Set<[UInt8]> = []
    texts = ([whole] + Self.parts(of: whole)).map { Array($0.utf8) }
      .filter { seen.insert($0).inserted }
    needles = texts.flatMap { [$0] + Self.base64($0) + Self.hexadecimal($0) }
      .filter { $0.count >= Self.shortest }
  }

  /// Lines of a secret of several; the token of `Bearer TOKEN`; the account and password of `Basic BASE64`.
  private static func parts(of secret: String) -> [String] {
    var parts: [String] = []
    let lines = secret.split(whereSeparator: \.isNewline).map(String.init)
    if lines.count > 1 { parts += lines }
    let trimmed = secret.trimmingCharacters(in: .whitespacesAndNewlines)
    if trimmed != secret { parts.append(trimmed) }
    let words = trimmed.split(separator: " ").map(String.init)
    if words.count == 2 {
      parts.append(words[1])
      if words[0].lowercased() == "basic", let data = Data(base64Encoded: words[1]) {
        let login = String(decoding: data, as: UTF8.self)
        parts += [login] + login.split(separator: ":", maxSplits: 1).dropFirst().map(String.init)
      }
    }
    return parts.filter { $0.utf8.count >= shortestPart }
  }

  /// In a longer text that was encoded as a whole the secret begins at any of three places of a group; what its neighbours
  /// have a share in is left out.
  private static func base64(_ secret: [UInt8]) -> [[UInt8]] {
    (0..<3).flatMap { offset -> [[UInt8]] in
      let padded = Data([UInt8](repeating: 0, count: offset) + secret)
      let whole = padded.count * 8 / 6
      let shared = (offset * 8 + 5) / 6
      let digits = Array(padded.base64EncodedString().utf8)[shared..<whole]
      let url = digits.map { digit -> UInt8 in
        switch digit {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: digit
        }
      }
      return url == Array(digits) ? [url] : [Array(digits), url]
    }
  }

  private static func hexadecimal(_ secret: [UInt8]) -> [[UInt8]] {
    let digits = secret.map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
    return [Array(digits.utf8), Array(digits.uppercased().utf8)]
  }

  /// Where it stands in a text, in any form.
  public func places(in text: [UInt8]) -> [Range<Int>] { places(in: DecodedText(text).readings) }

  func places(in readings: [DecodedText]) -> [Range<Int>] {
    readings.flatMap { reading in
      needles.flatMap { needle in
        reading.bytes.places(of: needle).map(reading.origin)
      }
    }
  }

  /// How much of the end of a text that was cut is the beginning of a form.
  func beginning(atEndOf readings: [DecodedText]) -> Range<Int>? {
    readings.compactMap { reading -> Range<Int>? in
      let longest = needles.compactMap { reading.bytes.overlap(withBeginningOf: $0) }.max()
      guard let longest else { return nil }
      let count = reading.bytes.count
      return reading.origin(of: (count - longest)..<count)
    }.max { $0.count < $1.count }
  }
}

extension [UInt8] {
  /// Where `needle` stands, each place that doesn't overlap the one before.
  func places(of needle: [UInt8]) -> [Range<Int>] {
    guard let first = needle.first, needle.count <= count else { return [] }
    return withUnsafeBytes { hay in
      needle.withUnsafeBytes { needle in
        guard let start = hay.baseAddress, let wanted = needle.baseAddress else { return [] }
        var places: [Range<Int>] = []
        var index = 0
        while index + needle.count <= hay.count,
          let found = memchr(start + index, Int32(first), hay.count - needle.count + 1 - index)
        {
          index = UnsafeRawPointer(found) - start
          if memcmp(start + index, wanted, needle.count) == 0 {
            places.append(index..<(index + needle.count))
            index += needle.count
          } else {
            index += 1
          }
        }
        return places
      }
    }
  }

  /// The first place of a byte, from `start` on.
  func place(of byte: UInt8, from start: Int) -> Int? {
    withUnsafeBytes { bytes in
      guard start < bytes.count, let base = bytes.baseAddress,
        let found = memchr(base + start, Int32(byte), bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  /// The longest end of this that is a beginning of `needle`, and not all of it; nil when none is.
  fileprivate func overlap(withBeginningOf needle: [UInt8]) -> Int? {
    (1..<needle.count).reversed().first { length in
      length <= count && self[(count - length)...].elementsEqual(needle[..<length])
    }
  }
}
