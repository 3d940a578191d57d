import Foundation

/// What PowerShell wrote on standard error, for people. It may say nothing is wrong at great length: as CLIXML, with
/// progress in it, so it never tells whether something failed.
enum PowerShellWords {
  private static let header = "#< CLIXML"

  static func read(_ text: String) -> String {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let start = trimmed.range(of: header) else { return trimmed }
    let before = trimmed[..<start.lowerBound]
    let errors = trimmed[start.upperBound...].matches(
      of: /<S S="Error">(.*?)<\/S>/.dotMatchesNewlines()
    )
    .map { decoded(String($0.1)) }.joined()
    return (before + errors).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// `_x000D_` is a UTF-16 unit by its number, after XML's own names for its signs.
  private static func decoded(_ text: String) -> String {
    let plain = text.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      .replacing("&quot;", with: "\"").replacing("&apos;", with: "'").replacing("&amp;", with: "&")
    var units: [UInt16] = []
    var rest = plain[...]
    while let match = rest.firstMatch(of: /_x([0-9A-Fa-f]{4})_/) {
      units += rest[..<match.range.lowerBound].utf16
      if let unit = UInt16(match.1, radix: 16) { units.append(unit) }
      rest = rest[match.range.upperBound...]
    }
    return String(decoding: units + rest.utf16, as: UTF16.self)
  }
}
