/// Text as it may stand on a terminal. Much of it was written elsewhere (a host's file, a server's message), and nothing of that may
/// move the cursor, colour a line, turn its direction or set the window's title: a host could make the operator read what isn't so.
enum VisibleText {
  /// Signs that would act are written as JSON writes them, so that JSON stays the same JSON.
  static func of(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: acts) else { return text }
    var shown = ""
    // Windows ends its lines with two signs.
    for scalar in text.replacing("\r\n", with: "\n").unicodeScalars {
      if acts(scalar) {
        let digits = String(scalar.value, radix: 16)
        shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  private static func acts(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0x00...0x1F, 0x7F...0x9F: true
    // Embedding, overriding and isolating directions.
    case 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
